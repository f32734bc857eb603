/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much memory a capture needs, worked out beforehand. An estimate: what drivers take differs
 * from machine to machine. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

typedef struct EstimateInput {
        uint64_t kernel_bytes;          /* that the kernel needs to start, its init_size */
        bool kernel_unpacks_itself;     /* and needs a part of them only for that */
        uint64_t initrd_bytes;          /* of the file */
        uint64_t initrd_unpacked_bytes; /* and of what it becomes */
        uint64_t elfcorehdr_bytes;
        uint64_t memory_bytes;  /* of the machine that is dumped */
        uint64_t control_bytes; /* what the kernel that loads takes itself */
        bool is_encrypted;      /* all memory is, so that devices get at a part of it only */
        bool starts_system;     /* the initrd does, with all of its services */
} EstimateInput;

/* All in bytes. */
typedef struct Estimate {
        uint64_t kernel;    /* that stays the kernel's */
        uint64_t initrd;    /* packed and unpacked: both are there while it is unpacked */
        uint64_t header;    /* the list of what is dumped */
        uint64_t system;    /* what the kernel and its drivers take for themselves */
        uint64_t collector; /* what the program that writes the dump takes */
        uint64_t bounce;    /* through which devices get at memory that is encrypted */
        uint64_t services;  /* what a whole system takes, if that is started */
        uint64_t loaded;    /* what loading takes, in one piece, in whole pages */
        uint64_t needed;    /* the sum, or what loading takes if that is more */
        uint64_t advice;    /* that with a reserve, rounded up: for crashkernel= */
} Estimate;

/* The only place where such a number comes from. */
void estimate_needs(const EstimateInput *input, Estimate *ret);

/* Whether that fits into a reservation where images can have image_bytes in one piece, and the
 * capture kernel has all_bytes to run in. */
bool estimate_fits(const Estimate *estimate, uint64_t image_bytes, uint64_t all_bytes) _pure_;
