/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the loader tells the purgatory, at a fixed place in it. */
#pragma once

#include <stdint.h>

#define PURGATORY_AT        16u  /* the parameters' offset in the purgatory */
#define PURGATORY_SIZE      512u /* their size */
#define PURGATORY_MAGIC     UINT64_C(0x7461677275706464)
#define PURGATORY_AREAS_MAX 16u         /* no image has more segments */
#define PURGATORY_STACK     (8u * 1024) /* bytes that it wants behind itself, zero or not */

/* Memory whose content counts. */
typedef struct PurgatoryArea {
        uint64_t address;
        uint64_t size;
} PurgatoryArea;

typedef struct PurgatoryParameters {
        uint64_t magic;     /* PURGATORY_MAGIC, in the blob as built */
        uint64_t entry;     /* where the kernel is entered ... */
        uint64_t argument;  /* ... with this in the register that it expects its argument in */
        uint64_t stay;      /* not 0: stop for good on damage, else reset after a while */
        uint64_t n_areas;   /* 0: check nothing */
        uint8_t digest[32]; /* SHA-256 of the areas, one after the other */
        PurgatoryArea areas[PURGATORY_AREAS_MAX];
} PurgatoryParameters;

_Static_assert(sizeof(PurgatoryParameters) <= PURGATORY_SIZE, "there is room for the parameters");
