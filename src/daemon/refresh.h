/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the initramfs is looked at anew: files change without an event, volumes grow and move, and
 * what is mounted late is missing early in a boot. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time-util.h"

/* Looks at what the initramfs is made of; sooner after a build that failed. */
#define REFRESH_RARELY_USEC (10 * USEC_PER_MINUTE)
#define REFRESH_SOON_USEC   (20 * USEC_PER_SEC)

typedef struct Refresh {
        uint64_t soon_usec;
        uint64_t last_usec;  /* monotonic */
        uint64_t delay_usec; /* how soon "sooner" is */
} Refresh;

/* The first look comes REFRESH_RARELY_USEC after now. soon_usec is REFRESH_SOON_USEC but for tests
 * that cannot wait for it. */
void refresh_init(Refresh *r, uint64_t soon_usec, uint64_t now_usec);

/* Whether it is time for a look. failed: the last build did. */
bool refresh_is_due(const Refresh *r, bool failed, uint64_t now_usec) _pure_;

/* Goes on to the next wait. */
void refresh_next(Refresh *r, bool failed, uint64_t now_usec);
