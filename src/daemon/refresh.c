/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the initramfs is looked at anew. */
#include "daemon/refresh.h"

void refresh_init(Refresh *r, uint64_t soon_usec, uint64_t now_usec) {
        *r = (Refresh){ .soon_usec = soon_usec, .last_usec = now_usec, .delay_usec = soon_usec };
}

bool refresh_is_due(const Refresh *r, bool failed, uint64_t now_usec) {
        return sub_saturated(now_usec, r->last_usec) >=
               (failed || r->awaits_tables ? r->delay_usec : REFRESH_RARELY_USEC);
}

unsigned refresh_next(Refresh *r, bool failed, bool note_is_old, uint64_t now_usec) {
        unsigned work = 0;

        r->last_usec = now_usec;
        r->delay_usec = failed ? MIN(2 * r->delay_usec, REFRESH_RARELY_USEC) : r->soon_usec;
        /* A note that is old would only make the build fail: that comes after a new one. After a
         * failure, volumes may have been late; those that go on failing do so for other reasons. */
        r->awaits_tables = !r->awaits_tables && note_is_old;
        if (r->awaits_tables || (failed && r->delay_usec < REFRESH_RARELY_USEC))
                work |= REFRESH_READ_TABLES;
        if (!r->awaits_tables)
                work |= REFRESH_LOOK;
        return work;
}
