/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of the crash image: the capture initramfs, which is built before something is
 * loaded or compared, if what goes into it has changed. A build that fails is told, and then the
 * machine goes on with the initrd that there is. */
#include "daemon/machine-private.h"

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
        Machine *m = s->m;
        Action *a;

        m->build_due = false;
        m->job = JOB_BUILD;
        m->job_deadline_usec = add_saturated(s->now->monotonic_usec, BUILD_TIMEOUT_USEC);
        a = step_emit(s, ACTION_BUILD);
        a->build.force = force;
        a->build.urgent = !machine_is_armed(m);
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

void step_built(Step *s, BuildReport *report) {
        Machine *m = s->m;
        unsigned rebuild = m->waiting & REQUEST_BIT(REQUEST_REBUILD);
        bool overtaken = m->build_overtaken && report->failed, refreshes = m->build_refreshes;
        bool again;

        if (m->job != JOB_BUILD)
                return;
        m->job = JOB_NONE;
        m->batch.waited = m->batch.events > 0;
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
        m->job_killed = false;
        if (!m->ready && !m->stopping && !overtaken) {
                step_look_at_start(s);
                return;
        }
        /* Whether the image that is loaded has it is found out by comparing. */
        m->replan |= !overtaken && !(refreshes && !report->built);
        step_job_ended(s);
}
