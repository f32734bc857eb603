/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions and crashes as journal entries. */
#include "daemon/journal.h"

#include <time.h>

#include "base/time-util.h"
#include "core/status.h"
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
        case REASON_LOG_LOST:
                return MESSAGE_KERNEL_MISSED;
        default:
                return by_verdict[d->verdict];
        }
}

static int level(const Decision *d) {
        if (d->is_repeat)
                return LOG_DEBUG;
        /* A machine without a reservation is no error of anybody's. */
        if (streq(d->result, "failed"))
                return failure_is_unavailable(d->failure) ? LOG_NOTICE : LOG_ERR;
        if (streq(d->result, "impossible"))
                return LOG_WARNING;
        switch (d->cause) {
        case REASON_FOREIGN_IMAGE:
        case REASON_FOREIGN_UNLOAD:
        case REASON_KERNEL_LOG:
        case REASON_LOG_LOST:
        case REASON_UNPLANNABLE:
        case REASON_LOG_UNFOUNDED:
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

#define WHEN_MAX 64u

static const char *format_when(char buf[static WHEN_MAX], uint64_t usec) {
        time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm tm = { 0 };

        if (!localtime_r(&seconds, &tm) ||
            strftime(buf, WHEN_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                strscpy(buf, WHEN_MAX, "an unknown date");
        return buf;
}

static const char *what_was_left(DumpState state) {
        static const char *const texts[_DUMP_STATE_MAX] = {
                [DUMP_COMPLETE] = "a complete dump",
                [DUMP_COPIED] = "a complete dump, a plain copy,",
                [DUMP_INCOMPLETE] = "an incomplete dump",
                [DUMP_LOG_ONLY] = "the kernel's log, but no dump,",
                [DUMP_FAILED] = "neither a dump nor the kernel's log",
                [DUMP_MISSING] = "a dump that was removed since",
                [DUMP_RAW] = "a dump on a device",
        };

        return texts[state];
}

void journal_build(bool failed, const char *text) {
        if (failed)
                log_struct(LOG_WARNING, MESSAGE_BUILD_FAILED, NULL, 0,
                           "Cannot build the capture initramfs: %s", text);
        else
                log_struct(LOG_INFO, MESSAGE_BUILT, NULL, 0, "Built the capture initramfs%s%s",
                           *text ? ": " : "", text);
}

void journal_too_little(const LoadReport *report) {
        char text[STATUS_TEXT_MAX];

        if (load_report_explain_short(report, text, sizeof(text)))
                log_struct(LOG_WARNING, MESSAGE_TOO_LITTLE, NULL, 0,
                           "The reservation may be too small: %s", text);
}

void journal_dump(const Dump *dump) {
        const DumpInfo *info = &dump->info;
        const LogField fields[] = {
                { "KDUMPD_DIRECTORY", info->directory, 0 },
                { "KDUMPD_STATE", dump_state_to_string(dump->state), 0 },
                { "KDUMPD_PANIC", strempty(info->panic_message), 0 },
                { "KDUMPD_KERNEL_RELEASE", strempty(info->kernel_release), 0 },
                { "KDUMPD_CRASH_USEC", NULL, dump->when_usec },
        };
        bool whole = dump->state == DUMP_COMPLETE || dump->state == DUMP_COPIED;
        char when[WHEN_MAX];

        log_struct(whole ? LOG_NOTICE : LOG_WARNING, MESSAGE_CRASH, fields, ELEMENTSOF(fields),
                   "The kernel crash of %s left %s in %s: %s%s%s",
                   format_when(when, dump->when_usec), what_was_left(dump->state), info->directory,
                   info->panic_message ?: "the panic's message is not known",
                   info->message ? "; " : "", strempty(info->message));
}

void journal_crash_test(const CrashTest *test) {
        const LogField fields[] = {
                { "KDUMPD_TEST_ID", test->id, 0 },
                { "KDUMPD_TEST_RESULT", crash_test_result_to_string(test->result), 0 },
                { "KDUMPD_DIRECTORY", strempty(test->directory), 0 },
        };
        char when[WHEN_MAX];

        format_when(when, test->started_usec);
        if (test->result == CRASH_TEST_NOTHING)
                log_struct(LOG_ERR, MESSAGE_CRASH_TEST, fields, ELEMENTSOF(fields),
                           "The crash test of %s left no dump and no log", when);
        else
                log_struct(test->result == CRASH_TEST_COMPLETE ? LOG_NOTICE : LOG_ERR,
                           MESSAGE_CRASH_TEST, fields, ELEMENTSOF(fields),
                           "The crash test of %s gave %s in %s", when,
                           test->result == CRASH_TEST_COMPLETE ? "a complete dump"
                                                               : "no complete dump, but traces",
                           strempty(test->directory));
}

void journal_unclean_end(const LastBoot *boot, bool in_all, const char *pstore) {
        const LogField fields[] = {
                { "KDUMPD_BOOT_ID", boot->boot_id, 0 },
                { "KDUMPD_STARTED_USEC", NULL, boot->started_usec },
                { "KDUMPD_PSTORE", strempty(pstore), 0 },
        };
        char when[WHEN_MAX];

        log_struct(
                LOG_WARNING, MESSAGE_UNCLEAN_END, fields, ELEMENTSOF(fields),
                "The boot of %s ended without a shutdown and left no dump%s: a panic, a reset or "
                "a power failure%s%s",
                format_when(when, boot->started_usec),
                in_all ? "" : " that is found, though not all places can be looked at",
                pstore ? "; the firmware has kept something, see " : "", strempty(pstore));
}

void journal_job_killed(Job job) {
        log_warning("Killing %s, which takes too long or is not needed now", job_program(job));
}

void journal_job_stuck(Job job) {
        log_warning("%s was killed and does not end: it hangs in the kernel; 'cat /proc/PID/stack' "
                    "says where",
                    job_program(job));
}

void journal_conffile_warning(const char *file, unsigned line, const char *text) {
        const LogField fields[] = { { "CONFIG_FILE", file, 0 }, { "CONFIG_LINE", NULL, line } };
        size_t n = line > 0 ? 2 : 1;

        if (line > 0)
                log_struct(LOG_WARNING, MESSAGE_CONFIGURATION, fields, n, "%s:%u: %s", file, line,
                           text);
        else
                log_struct(LOG_WARNING, MESSAGE_CONFIGURATION, fields, n, "%s: %s", file, text);
}
