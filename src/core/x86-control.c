/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The running kernel's share of the reservation. */
#include "core/x86-control.h"

#define PAGE UINT64_C(4096)
/* Control code and vmcoreinfo; tables over memory of devices and of the firmware that is on no
 * list. They are some ten pages as a rule. */
#define OTHERS (UINT64_C(1) << 20)

/* What one page of page tables covers, as a power of two: with pages of 2 MiB, and the levels above
 * that. */
enum {
        SHIFT_GIB = 30,
        SHIFT_512_GIB = 39,
        SHIFT_256_TIB = 48,
};

/* In how many such pieces there is any memory. */
static uint64_t touched(const MemoryMap *memory, unsigned shift) {
        uint64_t n = 0, next = 0; /* the first piece that is not counted yet */

        for (size_t i = 0; i < memory->n; i++) {
                uint64_t first = MAX(memory->ranges[i].start >> shift, next);
                uint64_t last = (memory->ranges[i].end - 1) >> shift;

                if (last < first)
                        continue;
                n += last - first + 1;
                next = last + 1;
        }
        return n;
}

uint64_t x86_control_bytes(const MemoryMap *memory, bool has_1g_pages) {
        uint64_t tables = touched(memory, SHIFT_GIB);

        /* Pages of 1 GiB leave only what is not a whole one at the ends of ranges (since 6.10;
         * before, not even that). */
        if (has_1g_pages)
                tables = MIN(tables, 2 * (uint64_t)memory->n);
        tables += touched(memory, SHIFT_512_GIB) + touched(memory, SHIFT_256_TIB) + 1;
        return tables * PAGE + OTHERS;
}
