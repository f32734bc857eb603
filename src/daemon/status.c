/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd tells of itself. */
#include "daemon/status.h"

#include <inttypes.h>

/* In what the loaded image differs from the machine, as far as that can be known; "" if it does
 * not. */
static void stale_reason(char *buf, size_t size, const Machine *m) {
        const ImageRecord *r = &m->record;
        bool must_reload;

        buf[0] = '\0';
        if (!machine_is_armed(m) || !m->have_record)
                return;
        must_reload = machine_load_runs(m) ? m->was_stale : r->must_reload;
        if (m->untold && must_reload)
                strscpy(buf, size,
                        "kdump-load ended without a word, and which image is loaded is not known");
        else if (m->batch.met_load || m->batch.kernel_log || must_reload)
                strscpy(buf, size,
                        "CPUs or memory changed, and the kernel missed it or the reload "
                        "for it failed");
        else if (m->batch.events > 0 && machine_needs_reload(m))
                strscpy(buf, size, "CPUs or memory changed, and the image is about to be reloaded");
        else if (r->removed_blocks > 0)
                strscpyf(buf, size,
                         "%" PRIu64 " memory block%s went away that a dump would still list",
                         r->removed_blocks, r->removed_blocks == 1 ? "" : "s");
        else if (r->lost_events)
                strscpy(buf, size,
                        "uevents were lost, and with them perhaps the removal of memory");
}

#define AWAITS_CHANGE ", and the load waits for a change: of files, settings, CPUs or memory"

static void state_reason(char *buf, size_t size, const Machine *m) {
        MachineState state = machine_state(m);

        switch (state) {
        case MACHINE_UNAVAILABLE:
        case MACHINE_FAILED:
                if (m->job_stuck)
                        strscpyf(buf, size, "%s%s", STUCK_LOAD_TEXT,
                                 machine_is_armed(m) ? "; an image is loaded" : "");
                else if (m->failure == FAILURE_NONE)
                        strscpy(buf, size, "the kernel says that no crash image is loaded");
                else
                        strscpyf(buf, size, "%s%s%s", m->failure_text,
                                 machine_is_armed(m) ? "; the image from before is still loaded"
                                                     : "",
                                 m->awaits_change ? AWAITS_CHANGE : "");
                return;
        case MACHINE_UNLOADED:
                strscpy(buf, size, "the image was unloaded on request");
                return;
        case MACHINE_LOADING:
                if (m->job == JOB_BUILD)
                        strscpy(buf, size, "building the capture initramfs");
                else
                        strscpy(buf, size,
                                m->decision_open ? m->decision.reason
                                                 : "looking at what is loaded");
                return;
        case MACHINE_ARMED:
        default:
                break;
        }
        if (m->batch.met_load || m->batch.kernel_log)
                strscpy(buf, size,
                        "loaded, but the kernel missed an update of it: reloading as soon as the "
                        "hotplug is over");
        else if (m->batch.events > 0)
                strscpyf(buf, size, "loaded; waiting for the end of a hotplug, %u events so far",
                         m->batch.events);
        else if (m->failure != FAILURE_NONE)
                strscpyf(buf, size, "loaded, but it cannot be loaded again: %s", m->failure_text);
        else if (m->note[0])
                strscpyf(buf, size, "loaded, but it cannot be loaded again: %s", m->note);
        else if (m->foreign)
                strscpy(buf, size, "an image that somebody else loaded is in place");
        else if (m->record.removed_blocks > 0 && m->have_record)
                strscpy(buf, size,
                        "loaded; it covers all memory and CPUs, and lists memory that is gone");
        else
                strscpy(buf, size, "loaded; it covers all memory and CPUs");
}

static const char *obstacle(const Machine *m) {
        if (m->job_stuck)
                return STUCK_LOAD_TEXT;
        return m->failure != FAILURE_NONE ? m->failure_text : m->note;
}

static const char *initrd_state(const Machine *m) {
        if (streq_ptr(m->settings->initrd, "none"))
                return "none";
        if (!machine_builds(m))
                return "foreign";
        return m->job == JOB_BUILD ? "building" : build_state_to_string(m->build_state);
}

/* Why the last build failed; where it is the kernel that is no good, and a load has said why, that
 * is the one reason for both. */
static const char *initrd_message(const Machine *m) {
        if (!machine_builds(m))
                return "";
        if (m->build_state == BUILD_FAILED && !streq_ptr(m->settings->kernel, "auto") &&
            (m->failure == FAILURE_NO_KERNEL || m->failure == FAILURE_BAD_KERNEL))
                return m->failure_text;
        return m->build_text;
}

void status_fill(Status *st, const Machine *m, const Aftermath *aftermath) {
        static const Aftermath none = { 0 };
        const LoadReport *r = &m->record.report;
        const Aftermath *a = aftermath ?: &none;
        bool ours = m->have_record, tested = a->test.id[0] != '\0';

        *st = (Status){
                .version = PACKAGE_VERSION,
                .state = machine_state_to_string(machine_state(m)),
                .armed = machine_is_armed(m),
                .foreign = m->foreign && machine_is_armed(m),
                .obstacle = obstacle(m),
                .loader = ours ? strempty(r->loader) : "",
                .loader_reason = ours ? strempty(r->loader_reason) : "",
                .kernel_file = ours ? strempty(r->kernel.path) : "",
                .kernel_release = ours ? strempty(r->kernel_release) : "",
                .initrd_file = ours ? strempty(r->initrd.path) : "",
                .initrd_kind = ours ? strempty(r->initrd_kind) : "",
                .initrd_state = initrd_state(m),
                .initrd_message = initrd_message(m),
                .initrd_unpacked_bytes = machine_builds(m) ? m->unpacked_bytes : 0,
                .command_line = ours ? strempty(r->command_line) : "",
                .reservation_bytes = m->facts.reservation_bytes,
                .reservation_cma_bytes = m->facts.reservation_cma_bytes,
                .elfcorehdr_bytes = m->facts.elfcorehdr_bytes,
                .cpu_hotplug = hotplug_mode(m->answers[SUBSYSTEM_CPU], m->actions[SUBSYSTEM_CPU]),
                .memory_hotplug =
                        hotplug_mode(m->answers[SUBSYSTEM_MEMORY], m->actions[SUBSYSTEM_MEMORY]),
                .events_received = m->events_received,
                .batches = m->batches,
                .batches_skipped = m->batches_skipped,
                .reloads = m->reloads,
                .load_failures = m->load_failures,
                .overflows = m->overflows,
                .last_event_usec = m->last_event_usec,
                .last_load_usec = m->last_load_usec,
                .last_load_duration_usec = m->last_load_duration_usec,
                .last_unprotected_usec = m->last_unprotected_usec,
                .total_unprotected_usec = m->total_unprotected_usec,
                .next_retry_usec = m->retry_usec == USEC_INFINITY || m->awaits_change
                                           ? 0
                                           : m->retry_realtime_usec,
                .settle_usec = m->settings->settle_usec,
                .max_delay_usec = m->settings->max_delay_usec,
                .last_crash_usec = a->crash.usec,
                .last_crash_directory = a->crash.directory,
                .last_crash_message = a->crash.message,
                .last_crash_state = strempty(a->crash.state),
                .last_crash_complete = a->crash.complete,
                .last_test_usec = tested ? a->test.started_usec : 0,
                .last_test_result = tested ? crash_test_result_to_string(a->test.result) : "",
                .last_test_same_image = tested && ours && crash_test_same_image(&a->test, r),
        };
        state_reason(st->reason_buffer, sizeof(st->reason_buffer), m);
        st->state_reason = st->reason_buffer;
        stale_reason(st->stale_buffer, sizeof(st->stale_buffer), m);
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
