/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long to wait before the next try. */
#include "core/backoff.h"

#include "base/time-util.h"

#define LONGEST_USEC (60 * USEC_PER_SEC)

uint64_t backoff_next(Backoff *b, uint32_t random) {
        uint64_t wait = LONGEST_USEC;

        if (b->failures < 6)
                wait = MIN(LONGEST_USEC, USEC_PER_SEC << b->failures);
        if (b->failures < UINT32_MAX)
                b->failures++;
        return wait - (wait / 10 * random >> 32);
}

uint64_t busy_wait(uint32_t random) {
        return 50 * USEC_PER_MSEC + (50 * USEC_PER_MSEC * random >> 32);
}
