/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When somebody is to be told that a panic would give no dump. */
#include "daemon/alert.h"

static const char *const protection_table[_PROTECTION_MAX] = {
        [PROTECTION_GOOD] = "protected",
        [PROTECTION_STALE] = "stale",
        [PROTECTION_UNPROTECTED] = "unprotected",
};
DEFINE_NAME_TABLE(protection, Protection, _PROTECTION_MAX);

Protection protection_of(const Status *status) {
        if (!status->armed)
                return PROTECTION_UNPROTECTED;
        return status->stale ? PROTECTION_STALE : PROTECTION_GOOD;
}

uint64_t alert_deadline(const Alert *alert, uint64_t after_usec) {
        if (after_usec == 0 || alert->now == PROTECTION_GOOD || alert->now == alert->told)
                return USEC_INFINITY;
        /* An alert that is out already is followed by another one only if it stays so: a stale
         * image may be away for the moment of a reload. */
        return (alert->told == PROTECTION_GOOD ? alert->lost_usec : alert->changed_usec) +
               after_usec;
}

bool alert_step(Alert *alert, Protection now, uint64_t after_usec, uint64_t now_usec) {
        if (now != alert->now) {
                alert->changed_usec = now_usec;
                if (alert->now == PROTECTION_GOOD)
                        alert->lost_usec = now_usec;
                alert->now = now;
        }
        if (after_usec == 0) {
                alert->told = PROTECTION_GOOD;
                return false;
        }
        if (now == alert->told ||
            (now != PROTECTION_GOOD && now_usec < alert_deadline(alert, after_usec)))
                return false;
        alert->told = now;
        return true;
}
