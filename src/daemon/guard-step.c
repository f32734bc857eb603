/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: the ground that its other files stand on, which knows the
 * step under way, the record of the image, and no policy. */
#include "daemon/guard-private.h"

Action *step_emit(Step *s, ActionType type) {
        Action *a;

        /* The last slot is the one to lose, not memory behind the list: what comes after it starts
         * something, or ends the step. */
        if (s->out->n == ACTIONS_MAX) {
                s->out->n--;
                s->g->actions_lost++;
        }
        a = &s->out->items[s->out->n++];
        *a = (Action){ .type = type };
        return a;
}

void step_answer(Step *s, unsigned requests, Failure failure, const char *text) {
        Action *a;

        /* An answer goes to all callers of a request. Some came when the job ran already, and
         * what they asked for is still to be done: the others wait with them. */
        requests &= ~s->g->queued;
        if (requests == 0)
                return;
        a = step_emit(s, ACTION_ANSWER);
        a->answer.requests = requests;
        a->answer.failure = failure;
        a->answer.text = text;
}

void step_ready(Step *s) {
        if (s->g->ready)
                return;
        s->g->ready = true;
        step_emit(s, ACTION_READY);
}

bool guard_is_armed(const Guard *g) {
        /* One look that finds nothing proves nothing. */
        return g->facts.loaded == 1 || g->second_look_usec != USEC_INFINITY;
}

bool guard_load_runs(const Guard *g) {
        return g->job == JOB_LOAD || g->look == LOOK_VERIFY;
}

unsigned guard_moved(const Guard *g, const Fingerprint *since) {
        unsigned moved;

        if (!g->facts.has_fingerprint)
                return 0;
        moved = fingerprint_difference(since, &g->facts.fingerprint);
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                if (g->actions[i] == 0)
                        moved &= ~SUBSYSTEM_BIT(i);
        return moved;
}

/* Whose crash_hotplug a look of this kind reads. Each read takes the kexec lock, so only what
 * matters. */
static unsigned look_attributes(const Guard *g, Look look) {
        switch (look) {
        case LOOK_START:
        case LOOK_VERIFY:
                return SUBSYSTEMS_ALL;
        case LOOK_DECIDE:
                /* What the kernel answers does not matter to a batch that reloads anyway. */
                return g->batch.met_load || g->batch.kernel_log || g->batch.requested
                               ? 0
                               : g->batch.subsystems;
        case LOOK_WATCH:
                /* A foreign load over ours shows only in the kernel's answer, and only if it is
                 * another one. The two attributes always agree: ask one. In a burst that would
                 * meet the kernel's own updates, and the batch will ask. In a call of somebody
                 * else's it would meet that. */
                if (!g->have_record || g->batch.events > 0 || g->calls.is_pending)
                        return 0;
                for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                        if (hotplug_answer_is_of_image(g->record.answers[i]))
                                return SUBSYSTEM_BIT(i);
                return 0;
        default:
                return 0;
        }
}

/* To read the fingerprint takes a while: not for what goes by the image alone. */
static bool look_fingerprint(Look look) {
        return look != LOOK_WATCH && look != LOOK_UNLOADED && look != LOOK_CALLED;
}

void step_look(Step *s, Look look) {
        Action *a;

        s->g->look = look;
        a = step_emit(s, ACTION_LOOK);
        a->look.attributes = look_attributes(s->g, look);
        a->look.fingerprint = look_fingerprint(look);
}

void step_covered(Step *s) {
        Guard *g = s->g;

        if (!g->facts.has_fingerprint)
                return;
        g->covered = g->facts.fingerprint;
        g->record.fingerprint = g->covered;
}

void step_save(Step *s) {
        Guard *g = s->g;

        /* Only a load makes a stale image good; take_record() clears this. */
        g->record.must_reload |= g->batch.met_load || g->batch.kernel_log;
        g->record.calls = g->calls.judged;
        g->record.calls_are_known = g->calls.watch == CALL_WATCH_SEES;
        step_emit(s, ACTION_SAVE_RECORD);
}

void guard_reset_record(Guard *g) {
        uint64_t log_reloads = g->record.log_reloads;

        image_record_done(&g->record);
        g->record.log_reloads = log_reloads;
}

void step_forget(Step *s) {
        Guard *g = s->g;

        guard_reset_record(g);
        g->have_record = false;
        step_emit(s, ACTION_DROP_RECORD);
}
