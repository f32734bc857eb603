/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of the crash image: helpers that have to be killed, and those that cannot be,
 * as they hang in the kernel on a file system that does. */
#include "daemon/machine-private.h"

void step_kill(Step *s) {
        Machine *m = s->m;

        if (m->job_killed)
                return;
        m->job_killed = true;
        m->job_deadline_usec = add_saturated(s->now->monotonic_usec, KILL_PATIENCE_USEC);
        step_emit(s, ACTION_KILL);
}

/* What is loaded does not need it: everything goes on with the initrd that there is, but for
 * builds, as two must never write the same file. */
static void give_up_build(Step *s) {
        Machine *m = s->m;
        BuildReport report = {
                .failed = true,
                .message =
                        (char *)"kdump-mkinitramfs hangs in the kernel and cannot be killed (does "
                                "a file system or a disk hang?); nothing is built before it has "
                                "ended",
        };

        m->build_stuck = true;
        m->job_killed = m->build_overtaken = false;
        step_built(s, &report);
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
        bool builds = s->m->job == JOB_BUILD;

        step_emit(s, ACTION_STUCK)->stuck.builds = builds;
        if (builds)
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
