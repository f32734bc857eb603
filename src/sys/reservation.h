/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory that is reserved for crash kernel images. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

/* With crashkernel=SIZE,high there are two ranges: images go into the highest only, and the capture
 * kernel has both for its RAM. So it has what crashkernel=SIZE,cma adds, where programs are until
 * then. */
typedef struct Reservation {
        uint64_t bytes;         /* of the highest range; 0: nothing is reserved */
        uint64_t total_bytes;   /* of all reserved ranges */
        uint64_t cma_bytes;     /* of those that programs are lent, besides */
        bool cma_is_hidden;     /* there is such memory, and the kernel does not tell how much */
        bool is_sum;            /* there are several ranges, and only the sum can be seen: bytes is
                                   that, too */
        uint64_t control_bytes; /* of the highest that the running kernel takes for an image itself
                                   (x86_control_bytes()), as far as can be seen */
} Reservation;

/* Reads it from /proc/iomem, as iomem_read() does. Where no addresses are shown, or no such range,
 * it is what kernel_reservation_bytes() says: high and low since Linux 6.5 (kernel/kexec_core.c,
 * crash_get_memory_size()), which takes the kexec lock. Returns 0 or negative errno of that;
 * *ret is untouched then. */
int reservation_read(int root_fd, Reservation *ret) _must_check_;
