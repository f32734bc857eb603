/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of the crash image: what runs for it as a process of its own, one at a time,
 * from its start to its end; and those that have to be killed, or cannot be, as they hang in the
 * kernel on a file system that does.
 *
 * The capture initramfs is built before something is loaded or compared, if what goes into it has
 * changed. A build that fails is told, and then the machine goes on with the initrd that there
 * is. */
#include "daemon/machine-private.h"

const char *job_program(Job job) {
        return job == JOB_BUILD ? "kdump-mkinitramfs" : "kdump-load";
}

void step_start(Step *s, const JobOrder *order) {
        Machine *m = s->m;
        uint64_t limit =
                order->job == JOB_BUILD ? BUILD_TIMEOUT_USEC : m->settings->load_timeout_usec;

        m->job = order->job;
        m->job_deadline_usec = add_saturated(s->now->monotonic_usec, limit);
        step_emit(s, ACTION_START)->start = *order;
}

void step_kill(Step *s) {
        Machine *m = s->m;

        if (m->job_killed)
                return;
        m->job_killed = true;
        m->job_deadline_usec = add_saturated(s->now->monotonic_usec, KILL_PATIENCE_USEC);
        step_emit(s, ACTION_KILL);
}

bool machine_builds(const Machine *m) {
        return streq_ptr(m->settings->initrd, "auto");
}

/* What is loaded is more urgent: a build waits until a hotplug has been dealt with. Without a
 * reservation, and for an image that is not wanted, it would be for nothing. */
static bool may_build(const Machine *m) {
        if (!m->started || m->stopping || !m->wanted || m->build_stuck || m->job != JOB_NONE ||
            m->look != LOOK_NOTHING || m->facts.obstacle != FAILURE_NONE)
                return false;
        if (m->foreign && machine_is_armed(m) && m->settings->foreign == FOREIGN_ADOPT)
                return false;
        return !m->batch.pending || !machine_is_armed(m);
}

void step_build(Step *s, bool force) {
        s->m->build_due = false;
        step_start(s, &(JobOrder){
                              .job = JOB_BUILD,
                              .force = force,
                              .urgent = !force && !machine_is_armed(s->m),
                      });
}

bool step_build_if_due(Step *s, Reason reason) {
        Machine *m = s->m;

        if (!m->build_due || !machine_builds(m) || !may_build(m))
                return false;
        m->build_for = reason;
        step_build(s, false);
        return true;
}

void step_overtake_build(Step *s) {
        Machine *m = s->m;

        if (m->job != JOB_BUILD || m->job_killed)
                return;
        m->build_overtaken = true;
        m->build_due = true;
        step_kill(s);
}

/* What is new of the outcome is told once: a failure as long as it stays the same one. */
static void note_outcome(Step *s, const BuildReport *report) {
        Machine *m = s->m;
        const char *text = strempty(report->message);
        BuildState before = m->build_state;

        if (m->job_killed)
                text = "kdump-mkinitramfs did not end in time and was killed";
        else if (report->failed && isempty(text))
                text = "kdump-mkinitramfs failed and did not say why";
        m->build_state = report->failed ? BUILD_FAILED : report->built ? BUILD_BUILT : BUILD_FRESH;
        if (report->failed ? before != BUILD_FAILED || !streq(m->build_text, text) : report->built)
                step_emit(s, ACTION_BUILT);
        strscpy(m->build_text, sizeof(m->build_text), text);
        if (report->failed)
                return;
        m->unpacked_bytes = report->unpacked_bytes;
}

static void build_ended(Step *s, const BuildReport *report) {
        Machine *m = s->m;
        unsigned rebuild = m->waiting & REQUEST_BIT(REQUEST_REBUILD);
        bool overtaken = m->build_overtaken && report->failed, refreshes = m->build_refreshes;
        bool again;

        m->build_refreshes = false;
        /* Asked for while this one ran, which may have read too early. */
        again = m->build_due && !m->build_overtaken;
        m->build_overtaken = false;
        if (!m->stopping) {
                m->waiting &= ~rebuild;
                m->build_due = overtaken || again;
                if (!overtaken)
                        note_outcome(s, report);
                step_answer(s, rebuild,
                            overtaken        ? FAILURE_BUSY
                            : report->failed ? FAILURE_SYSTEM
                                             : FAILURE_NONE,
                            overtaken ? "something more urgent came; it is built again after that"
                                      : m->build_text);
        }
        if (!m->ready && !m->stopping && !overtaken)
                step_look(s, LOOK_START);
        else
                /* Whether the image that is loaded has it is found out by comparing. */
                m->replan |= !overtaken && !(refreshes && !report->built);
}

/* The report is kept until the facts to judge it by are there. */
static void load_ended(Step *s, Job job, LoadReport *report) {
        Machine *m = s->m;

        load_report_done(&m->report);
        m->report = *report;
        *report = (LoadReport){ 0 };
        if (m->job_killed && m->report.failure != FAILURE_NONE)
                m->report.failure = FAILURE_TIMEOUT;
        if (m->stopping && job == JOB_PLAN)
                return;
        step_look(s, job == JOB_PLAN   ? LOOK_PLANNED
                     : job == JOB_LOAD ? LOOK_VERIFY
                                       : LOOK_UNLOADED);
}

void step_ended(Step *s, JobReport *report) {
        Machine *m = s->m;

        if (report->job == JOB_NONE || report->job != m->job)
                return;
        /* Nobody waits for it any more. */
        if (m->stopping && m->job_stuck)
                return;
        m->job = JOB_NONE;
        m->batch.waited = m->batch.events > 0;
        if (report->job == JOB_BUILD)
                build_ended(s, &report->build);
        else
                load_ended(s, report->job, &report->load);
        m->job_killed = m->job_stuck = false;
        s->is_over = true;
}

/* What is loaded does not need it: everything goes on with the initrd that there is, but for
 * builds, as two must never write the same file. */
static void give_up_build(Step *s) {
        Machine *m = s->m;
        JobReport report = {
                .job = JOB_BUILD,
                .build.failed = true,
                .build.message =
                        (char *)"kdump-mkinitramfs hangs in the kernel and cannot be killed (does "
                                "a file system or a disk hang?); nothing is built before it has "
                                "ended",
        };

        m->build_stuck = true;
        m->job_killed = m->build_overtaken = false;
        step_ended(s, &report);
}

/* It may hold the kernel's kexec lock, so that there is no other load before it has ended; but
 * nobody has to wait for that. */
static void give_up_load(Step *s) {
        Machine *m = s->m;
        unsigned requests = m->waiting | m->queued;

        m->job_stuck = true;
        m->waiting = m->queued = 0;
        step_answer(s, requests, FAILURE_TIMEOUT, STUCK_LOAD_TEXT);
        step_ready(s);
        if (m->stopping)
                step_emit(s, ACTION_EXIT);
}

void step_give_up(Step *s) {
        step_emit(s, ACTION_STUCK)->stuck = s->m->job;
        if (s->m->job == JOB_BUILD)
                give_up_build(s);
        else
                give_up_load(s);
}

void step_build_unstuck(Step *s) {
        Machine *m = s->m;

        if (!m->build_stuck)
                return;
        m->build_stuck = false;
        m->build_due = true;
        if (!m->stopping)
                (void)step_build_if_due(s, REASON_CONFIGURATION);
}
