/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the initramfs is looked at anew. */
#include "daemon/refresh.h"

void refresh_init(Refresh *r, uint64_t soon_usec, uint64_t now_usec) {
        *r = (Refresh){ .soon_usec = soon_usec, .last_usec = now_usec, .delay_usec = soon_usec };
}

bool refresh_is_due(const Refresh *r, bool failed, uint64_t now_usec) {
        return sub_saturated(now_usec, r->last_usec) >=
               (failed ? r->delay_usec : REFRESH_RARELY_USEC);
}

void refresh_next(Refresh *r, bool failed, uint64_t now_usec) {
        r->last_usec = now_usec;
        r->delay_usec = failed ? MIN(2 * r->delay_usec, REFRESH_RARELY_USEC) : r->soon_usec;
}
