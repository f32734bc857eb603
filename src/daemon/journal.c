/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions as journal entries. */
#include "daemon/journal.h"

#include "sys/log.h"
#include "sys/message-ids.h"

static const char *message_id(const Decision *d) {
        static const char *const by_verdict[_VERDICT_MAX] = {
                [VERDICT_SKIP] = MESSAGE_SKIPPED,    [VERDICT_ADOPT] = MESSAGE_ADOPTED,
                [VERDICT_LOAD] = MESSAGE_ARMED,      [VERDICT_RELOAD] = MESSAGE_RELOADED,
                [VERDICT_UNLOAD] = MESSAGE_UNLOADED,
        };

        if (streq(d->result, "impossible"))
                return MESSAGE_UNAVAILABLE;
        if (streq(d->result, "failed"))
                return failure_is_unavailable(d->failure) ? MESSAGE_UNAVAILABLE
                                                          : MESSAGE_LOAD_FAILED;
        switch (d->cause) {
        case REASON_FOREIGN_IMAGE:
        case REASON_FOREIGN_UNLOAD:
                return MESSAGE_FOREIGN;
        case REASON_KERNEL_LOG:
                return MESSAGE_KERNEL_MISSED;
        default:
                return by_verdict[d->verdict];
        }
}

static int level(const Decision *d) {
        /* A machine without a reservation is no error of anybody's. */
        if (streq(d->result, "failed"))
                return failure_is_unavailable(d->failure) ? LOG_NOTICE : LOG_ERR;
        if (streq(d->result, "impossible"))
                return LOG_WARNING;
        switch (d->cause) {
        case REASON_FOREIGN_IMAGE:
        case REASON_FOREIGN_UNLOAD:
        case REASON_KERNEL_LOG:
        case REASON_UNPLANNABLE:
                return LOG_WARNING;
        default:
                return d->verdict == VERDICT_KEEP || d->verdict == VERDICT_NONE ? LOG_DEBUG
                                                                                : LOG_INFO;
        }
}

void journal_decision(const Decision *d) {
        char subsystems[SUBSYSTEMS_NAME_MAX], events[64] = "";
        const LogField fields[] = {
                { "KDUMPD_DECISION", verdict_to_string(d->verdict), 0 },
                { "KDUMPD_REASON", d->reason, 0 },
                { "KDUMPD_RESULT", d->result, 0 },
                { "KDUMPD_DETAILS", d->details, 0 },
                { "KDUMPD_SUBSYSTEMS", subsystems_to_string(subsystems, d->subsystems), 0 },
                { "KDUMPD_EVENTS", NULL, d->events },
        };

        if (d->events > 0)
                strscpyf(events, sizeof(events), "%u %s event%s: ", d->events, subsystems,
                         d->events == 1 ? "" : "s");
        log_struct(level(d), message_id(d), fields, ELEMENTSOF(fields), "%s%s, %s: %s%s%s", events,
                   verdict_to_string(d->verdict), d->result, d->reason, d->details[0] ? "; " : "",
                   d->details);
}
