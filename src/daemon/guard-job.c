/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: what runs for it as a process of its own, one at a time,
 * from its start to its end; and those that have to be killed, or cannot be, as they hang in the
 * kernel on a file system that does.
 *
 * The capture initramfs is built before something is loaded or compared, if what goes into it has
 * changed. A build that fails is told, and then the guard goes on with the initrd that there
 * is. */
#include "daemon/guard-private.h"

const char *job_program(Job job) {
        return job == JOB_BUILD ? "kdump-mkinitramfs" : "kdump-load";
}

void step_start(Step *s, const JobOrder *order) {
        Guard *g = s->g;
        uint64_t limit =
                order->job == JOB_BUILD ? BUILD_TIMEOUT_USEC : g->settings->load_timeout_usec;

        g->job = order->job;
        g->job_deadline_usec = add_saturated(s->now->monotonic_usec, limit);
        step_emit(s, ACTION_START)->start = *order;
}

void step_kill(Step *s) {
        Guard *g = s->g;

        if (g->job_killed)
                return;
        g->job_killed = true;
        g->job_deadline_usec = add_saturated(s->now->monotonic_usec, KILL_PATIENCE_USEC);
        step_emit(s, ACTION_KILL);
}

bool guard_builds(const Guard *g) {
        return streq_ptr(g->settings->initrd, "auto");
}

/* What is loaded is more urgent: a build waits until a hotplug has been dealt with. Without a
 * reservation, and for an image that is not wanted, it would be for nothing. */
static bool may_build(const Guard *g) {
        if (!g->started || g->stopping || !g->wanted || g->build_stuck || g->job != JOB_NONE ||
            g->look != LOOK_NOTHING || g->facts.obstacle != FAILURE_NONE)
                return false;
        if (g->foreign && guard_is_armed(g) && g->settings->foreign == FOREIGN_ADOPT)
                return false;
        return !g->batch.pending || !guard_is_armed(g);
}

void step_build(Step *s, bool force) {
        s->g->build_due = false;
        step_start(s, &(JobOrder){
                              .job = JOB_BUILD,
                              .force = force,
                              .urgent = !force && !guard_is_armed(s->g),
                      });
}

bool step_build_if_due(Step *s, Reason reason) {
        Guard *g = s->g;

        if (!g->build_due || !guard_builds(g) || !may_build(g))
                return false;
        g->build_for = reason;
        step_build(s, false);
        return true;
}

void step_overtake_build(Step *s) {
        Guard *g = s->g;

        if (g->job != JOB_BUILD || g->job_killed)
                return;
        g->build_overtaken = true;
        g->build_due = true;
        step_kill(s);
}

/* What is new of the outcome is told once: a failure as long as it stays the same one. */
static void note_outcome(Step *s, const BuildReport *report) {
        Guard *g = s->g;
        const char *text = strempty(report->message);
        BuildState before = g->build_state;

        if (g->job_killed)
                text = "kdump-mkinitramfs did not end in time and was killed";
        else if (report->failed && isempty(text))
                text = "kdump-mkinitramfs failed and did not say why";
        g->build_state = report->failed ? BUILD_FAILED : report->built ? BUILD_BUILT : BUILD_FRESH;
        if (report->failed ? before != BUILD_FAILED || !streq(g->build_text, text) : report->built)
                step_emit(s, ACTION_BUILT);
        strscpy(g->build_text, sizeof(g->build_text), text);
        if (report->failed)
                return;
        g->unpacked_bytes = report->unpacked_bytes;
        g->dump_level = report->dump_level;
        strscpy(g->level_reason, sizeof(g->level_reason), strempty(report->level_reason));
}

static void build_ended(Step *s, const BuildReport *report) {
        Guard *g = s->g;
        unsigned rebuild = g->waiting & REQUEST_BIT(REQUEST_REBUILD);
        bool overtaken = g->build_overtaken && report->failed, refreshes = g->build_refreshes;
        bool again;

        g->build_refreshes = false;
        /* Asked for while this one ran, which may have read too early. */
        again = g->build_due && !g->build_overtaken;
        g->build_overtaken = false;
        if (!g->stopping) {
                g->waiting &= ~rebuild;
                g->build_due = overtaken || again;
                if (!overtaken)
                        note_outcome(s, report);
                step_answer(s, rebuild,
                            overtaken        ? FAILURE_BUSY
                            : report->failed ? FAILURE_SYSTEM
                                             : FAILURE_NONE,
                            overtaken ? "something more urgent came; it is built again after that"
                                      : g->build_text);
        }
        if (!g->ready && !g->stopping && !overtaken)
                step_look(s, LOOK_START);
        else
                /* Whether the image that is loaded has it is found out by comparing. */
                g->replan |= !overtaken && !(refreshes && !report->built);
}

/* The report is kept until the facts to judge it by are there. */
static void load_ended(Step *s, Job job, LoadReport *report) {
        Guard *g = s->g;

        load_report_done(&g->report);
        g->report = *report;
        *report = (LoadReport){ 0 };
        if (g->job_killed && g->report.failure != FAILURE_NONE)
                g->report.failure = FAILURE_TIMEOUT;
        if (job != JOB_PLAN)
                guard_judge_calls(g, &g->report, job);
        if (g->stopping && job == JOB_PLAN)
                return;
        step_look(s, job == JOB_PLAN   ? LOOK_PLANNED
                     : job == JOB_LOAD ? LOOK_VERIFY
                                       : LOOK_UNLOADED);
}

void step_ended(Step *s, JobReport *report) {
        Guard *g = s->g;

        if (report->job == JOB_NONE || report->job != g->job)
                return;
        /* Nobody waits for it any more. */
        if (g->stopping && g->job_stuck)
                return;
        g->job = JOB_NONE;
        g->batch.waited = g->batch.events > 0;
        if (report->job == JOB_BUILD)
                build_ended(s, &report->build);
        else
                load_ended(s, report->job, &report->load);
        g->job_killed = g->job_stuck = false;
        s->is_over = true;
}

/* What is loaded does not need it: everything goes on with the initrd that there is, but for
 * builds, as two must never write the same file. */
static void give_up_build(Step *s) {
        Guard *g = s->g;
        JobReport report = {
                .job = JOB_BUILD,
                .build.failed = true,
                .build.message =
                        (char *)"kdump-mkinitramfs hangs in the kernel and cannot be killed (does "
                                "a file system or a disk hang?); nothing is built before it has "
                                "ended",
        };

        g->build_stuck = true;
        g->job_killed = g->build_overtaken = false;
        step_ended(s, &report);
}

/* It may hold the kernel's kexec lock, so that there is no other load before it has ended; but
 * nobody has to wait for that. */
static void give_up_load(Step *s) {
        Guard *g = s->g;
        unsigned requests = g->waiting | g->queued;

        g->job_stuck = true;
        g->waiting = g->queued = 0;
        step_answer(s, requests, FAILURE_TIMEOUT, STUCK_LOAD_TEXT);
        step_ready(s);
        if (g->stopping)
                step_emit(s, ACTION_EXIT);
}

void step_give_up(Step *s) {
        step_emit(s, ACTION_STUCK)->stuck = s->g->job;
        if (s->g->job == JOB_BUILD)
                give_up_build(s);
        else
                give_up_load(s);
}

void step_build_unstuck(Step *s) {
        Guard *g = s->g;

        if (!g->build_stuck)
                return;
        g->build_stuck = false;
        g->build_due = true;
        if (!g->stopping)
                (void)step_build_if_due(s, REASON_CONFIGURATION);
}
