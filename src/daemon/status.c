/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd tells of itself. */
#include "daemon/status.h"

#include <inttypes.h>

/* In what the loaded image differs from the machine, as far as that can be known; "" if it does
 * not. */
static void stale_reason(char *buf, size_t size, const Guard *g) {
        const ImageRecord *r = &g->record;
        bool must_reload;

        buf[0] = '\0';
        if (!guard_is_armed(g) || !g->have_record)
                return;
        must_reload = guard_load_runs(g) ? g->was_stale : r->must_reload;
        if (g->untold && must_reload)
                strscpy(buf, size,
                        "kdump-load ended without a word, and which image is loaded is not known");
        else if (g->batch.met_load || g->batch.kernel_log || must_reload)
                strscpy(buf, size,
                        "CPUs or memory changed, and the kernel missed it or the reload "
                        "for it failed");
        else if (g->batch.events > 0 && guard_needs_reload(g))
                strscpy(buf, size, "CPUs or memory changed, and the image is about to be reloaded");
        else if (r->removed_blocks > 0)
                strscpyf(buf, size,
                         "%" PRIu64 " memory block%s went away that a dump would still list",
                         r->removed_blocks, r->removed_blocks == 1 ? "" : "s");
        else if (r->lost_events)
                strscpy(buf, size,
                        "uevents were lost, and with them perhaps the removal of memory");
}

/* Why loads by others are not seen, and what is done about it; "" if they are. */
static void watch_reason(char *buf, size_t size, const Guard *g) {
        const char *why = guard_calls_unseen(g), *mark_why = g->calls.mark_why;

        if (*why == '\0' || !g->have_record)
                strscpy(buf, size, why);
        else if (!g->record.report.mark)
                strscpyf(buf, size, "%s; and the image has no mark by which it could be known",
                         why);
        else if (*mark_why)
                strscpyf(buf, size, "%s; and its mark does not tell which image is loaded: %s", why,
                         mark_why);
        else
                strscpyf(buf, size,
                         "%s; its mark tells which image is loaded, and is read every five "
                         "minutes, and whenever somebody asks",
                         why);
}

#define AWAITS_CHANGE ", and the load waits for a change: of files, settings, CPUs or memory"

static void state_reason(char *buf, size_t size, const Guard *g) {
        ImageState state = guard_state(g);

        switch (state) {
        case IMAGE_UNAVAILABLE:
        case IMAGE_FAILED:
                if (g->job_stuck)
                        strscpyf(buf, size, "%s%s", STUCK_LOAD_TEXT,
                                 guard_is_armed(g) ? "; an image is loaded" : "");
                else if (g->failure == FAILURE_NONE)
                        strscpy(buf, size, "the kernel says that no crash kernel image is loaded");
                else
                        strscpyf(buf, size, "%s%s%s", g->failure_text,
                                 guard_is_armed(g) ? "; the image from before is still loaded" : "",
                                 g->awaits_change ? AWAITS_CHANGE : "");
                return;
        case IMAGE_UNLOADED:
                strscpy(buf, size, "the image was unloaded on request");
                return;
        case IMAGE_LOADING:
                if (g->job == JOB_BUILD)
                        strscpy(buf, size, "building the capture initramfs");
                else
                        strscpy(buf, size,
                                g->decision_open ? g->decision.reason
                                                 : "looking at what is loaded");
                return;
        case IMAGE_ARMED:
        default:
                break;
        }
        if (g->batch.met_load || g->batch.kernel_log)
                strscpy(buf, size,
                        "loaded, but the kernel missed an update of it: reloading as soon as the "
                        "hotplug is over");
        else if (g->batch.events > 0)
                strscpyf(buf, size, "loaded; waiting for the end of a hotplug, %u events so far",
                         g->batch.events);
        else if (g->failure != FAILURE_NONE)
                strscpyf(buf, size, "loaded, but it cannot be loaded again: %s", g->failure_text);
        else if (g->note[0])
                strscpyf(buf, size, "loaded, but it cannot be loaded again: %s", g->note);
        else if (g->foreign)
                strscpy(buf, size, "an image that somebody else loaded is in place");
        else if (g->record.removed_blocks > 0 && g->have_record)
                strscpy(buf, size,
                        "loaded; it covers all memory and CPUs, and lists memory that is gone");
        else
                strscpy(buf, size, "loaded; it covers all memory and CPUs");
}

static void reservation_problem(char *buf, size_t size, const Guard *g, const Aftermath *a,
                                uint64_t reserved_bytes) {
        char text[ASKED_TEXT_MAX];

        buf[0] = '\0';
        /* Before that, nobody has looked. */
        if (!g->ready)
                return;
        if (asked_explain(&a->asked, &a->machine, reserved_bytes, text))
                strscpy(buf, size, text);
        else if (g->have_record)
                (void)load_report_explain_short(&g->record.report, buf, size);
}

static const char *obstacle(const Guard *g) {
        if (g->job_stuck)
                return STUCK_LOAD_TEXT;
        return g->failure != FAILURE_NONE ? g->failure_text : g->note;
}

static const char *initrd_state(const Guard *g) {
        if (streq_ptr(g->settings->initrd, "none"))
                return "none";
        if (!guard_builds(g))
                return "foreign";
        return g->job == JOB_BUILD ? "building" : build_state_to_string(g->build_state);
}

/* Why the last build failed; where it is the kernel that is no good, and a load has said why, that
 * is the one reason for both. */
static const char *initrd_message(const Guard *g) {
        if (!guard_builds(g))
                return "";
        if (g->build_state == BUILD_FAILED && !streq_ptr(g->settings->kernel, "auto") &&
            (g->failure == FAILURE_NO_KERNEL || g->failure == FAILURE_BAD_KERNEL))
                return g->failure_text;
        return g->build_text;
}

void status_fill(Status *st, const Guard *g, const Aftermath *aftermath) {
        static const Aftermath none = { 0 };
        const LoadReport *r = &g->record.report;
        const Aftermath *a = aftermath ?: &none;
        bool ours = g->have_record, tested = a->test.id[0] != '\0';
        /* Of several ranges kdumpd sees the sum, as /proc/iomem is for root; the loader is not so
         * blind. */
        bool sees_more = ours && r->reservation_bytes > 0 && !r->reservation_is_sum;

        *st = (Status){
                .version = PACKAGE_VERSION,
                .state = image_state_to_string(guard_state(g)),
                .armed = guard_is_armed(g),
                .foreign = g->foreign && guard_is_armed(g),
                .loads_watched = isempty(guard_calls_unseen(g)),
                .obstacle = obstacle(g),
                .loader = ours ? strempty(r->loader) : "",
                .loader_reason = ours ? strempty(r->loader_reason) : "",
                .kernel_file = ours ? strempty(r->kernel.path) : "",
                .kernel_release = ours ? strempty(r->kernel_release) : "",
                .initrd_file = ours ? strempty(r->initrd.path) : "",
                .initrd_kind = ours ? strempty(r->initrd_kind) : "",
                .initrd_state = initrd_state(g),
                .initrd_message = initrd_message(g),
                .initrd_unpacked_bytes = guard_builds(g) ? g->unpacked_bytes : 0,
                .dump_level = guard_builds(g) ? g->dump_level : UINT64_MAX,
                .dump_level_reason = guard_builds(g) ? g->level_reason : "",
                .command_line = ours ? strempty(r->command_line) : "",
                .reservation_bytes = sees_more ? r->reservation_bytes : g->facts.reservation_bytes,
                .reservation_cma_bytes =
                        sees_more ? r->reservation_cma_bytes : g->facts.reservation_cma_bytes,
                .elfcorehdr_bytes = g->facts.elfcorehdr_bytes,
                .cpu_hotplug = hotplug_mode(g->answers[SUBSYSTEM_CPU], g->actions[SUBSYSTEM_CPU]),
                .memory_hotplug =
                        hotplug_mode(g->answers[SUBSYSTEM_MEMORY], g->actions[SUBSYSTEM_MEMORY]),
                .events_received = g->events_received,
                .batches = g->batches,
                .batches_skipped = g->batches_skipped,
                .reloads = g->reloads,
                .load_failures = g->load_failures,
                .overflows = g->overflows,
                .last_event_usec = g->last_event_usec,
                .last_load_usec = g->last_load_usec,
                .last_load_duration_usec = g->last_load_duration_usec,
                .last_unprotected_usec = g->last_unprotected_usec,
                .total_unprotected_usec = g->total_unprotected_usec,
                .next_retry_usec = g->retry_usec == USEC_INFINITY || g->awaits_change
                                           ? 0
                                           : g->retry_realtime_usec,
                .settle_usec = g->settings->settle_usec,
                .max_delay_usec = g->settings->max_delay_usec,
                .last_crash_usec = a->crash.usec,
                .last_crash_directory = a->crash.directory,
                .last_crash_message = a->crash.message,
                .last_crash_state = strempty(a->crash.state),
                .last_crash_complete = a->crash.complete,
                .last_test_usec = tested ? a->test.started_usec : 0,
                .last_test_result = tested ? crash_test_result_to_string(a->test.result) : "",
                .last_test_same_image = tested && ours && crash_test_same_image(&a->test, r),
        };
        reservation_problem(st->reservation_buffer, sizeof(st->reservation_buffer), g, a,
                            st->reservation_bytes);
        st->reservation_problem = st->reservation_buffer;
        watch_reason(st->watch_buffer, sizeof(st->watch_buffer), g);
        st->loads_watched_reason = st->watch_buffer;
        state_reason(st->reason_buffer, sizeof(st->reason_buffer), g);
        st->state_reason = st->reason_buffer;
        stale_reason(st->stale_buffer, sizeof(st->stale_buffer), g);
        st->stale_reason = st->stale_buffer;
        st->stale = st->stale_buffer[0] != '\0';
}

static const char *who_updates(const Status *st) {
        if (streq(st->cpu_hotplug, "kernel") || streq(st->memory_hotplug, "kernel"))
                return ", kernel updates it";
        if (streq(st->cpu_hotplug, "userspace") || streq(st->memory_hotplug, "userspace"))
                return ", reloaded after hotplug";
        return "";
}

const char *status_line(const Status *st, char buf[static STATUS_TEXT_MAX]) {
        if (streq(st->state, "armed") && st->kernel_release[0])
                strscpyf(buf, STATUS_TEXT_MAX,
                         "armed: %s, %" PRIu64 " MiB reserved%s; %" PRIu64 " events, %" PRIu64
                         " reloads",
                         st->kernel_release, st->reservation_bytes >> 20, who_updates(st),
                         st->events_received, st->reloads);
        else
                strscpyf(buf, STATUS_TEXT_MAX, "%s: %s", st->state, st->state_reason);
        return buf;
}
