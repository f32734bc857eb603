/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: what the kernel tells, counted into a batch until its time
 * has come. */
#include "daemon/guard-private.h"

bool guard_needs_reload(const Guard *g) {
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                if (g->batch.changing & SUBSYSTEM_BIT(i) && g->answers[i] != HOTPLUG_KERNEL_UPDATES)
                        return true;
        return false;
}

uint64_t guard_batch_due(const Guard *g) {
        return batch_deadline(&g->batch, g->settings->settle_usec, g->settings->max_delay_usec);
}

/* Opens the batch or prolongs it. One that is due already waits for a retry or for the end of a job
 * (guard_timer_is_first()), and is at the beginning of a new burst: the longest delay counts
 * anew. */
void guard_touch_batch(Guard *g, uint64_t now_usec) {
        if (now_usec >= guard_batch_due(g))
                g->batch.first_usec = now_usec;
        batch_touch(&g->batch, now_usec);
}

/* Something fell into a load. If this process dies before it can act on that, the next one must
 * know. */
static void met_load(Step *s) {
        Guard *g = s->g;

        if (g->batch.met_load)
                return;
        g->batch.met_load = true;
        if (!guard_load_runs(g) && g->have_record) {
                g->record.must_reload = true;
                step_emit(s, ACTION_SAVE_RECORD);
        }
}

static bool is_near(const Guard *g, uint64_t then_usec, uint64_t now_usec) {
        return then_usec != USEC_INFINITY &&
               sub_saturated(now_usec, then_usec) <=
                       MAX(g->settings->settle_usec, LOG_NEAR_MIN_USEC);
}

void step_believe_log(Step *s, bool moved) {
        Guard *g = s->g;

        if (g->batch.kernel_log || (!moved && g->record.log_reloads >= LOG_RELOADS_MAX))
                return;
        g->batch.kernel_log = true;
        if (!guard_load_runs(g) && g->have_record && !g->record.must_reload) {
                g->record.must_reload = true;
                step_emit(s, ACTION_SAVE_RECORD);
        }
}

bool guard_lists_removed(const Guard *g) {
        switch (g->triggers->removed) {
        case REMOVED_IS_UNLISTED:
                return false;
        case REMOVED_IS_TAKEN_OUT:
                return g->answers[SUBSYSTEM_MEMORY] != HOTPLUG_KERNEL_UPDATES;
        case REMOVED_STAYS:
        default:
                return true;
        }
}

/* Where what is removed stays listed: the kernel rebuilds the header when memory goes offline (or
 * comes), which is before it takes the range out of the list that the header is made from, and
 * nothing tells it when that is done. */
static void note_removal(Guard *g, const Input *in) {
        uint64_t seqnum = in->uevent.seqnum;

        if (!g->have_record || in->uevent.subsystem != SUBSYSTEM_MEMORY || !guard_lists_removed(g))
                return;
        /* Handed on late: the load came after it. */
        if (seqnum != 0 && seqnum <= g->before_seqnum)
                return;
        if (in->uevent.action == HOTPLUG_REMOVE) {
                if (g->record.removed_blocks == 0 || seqnum < g->first_removed_seqnum)
                        g->first_removed_seqnum = seqnum;
                g->record.removed_blocks++;
                g->removal_untried = true;
        } else if (seqnum != 0 && seqnum < g->first_removed_seqnum)
                /* udevd hands events of different devices on in any order. The kernel rebuilt the
                 * header for this one before anything was removed. */
                return;
        else if (g->answers[SUBSYSTEM_MEMORY] == HOTPLUG_KERNEL_UPDATES &&
                 (in->uevent.action == HOTPLUG_ONLINE || in->uevent.action == HOTPLUG_OFFLINE))
                g->record.removed_blocks = 0;
}

void step_uevent(Step *s, const Input *in) {
        Guard *g = s->g;
        uint64_t seqnum = in->uevent.seqnum;

        g->events_received++;
        g->last_event_usec = s->now->realtime_usec;
        if (in->uevent.ignored)
                return;
        if (in->uevent.synthetic) {
                /* At boot there is one for each device ("udevadm trigger"). None of them plugs
                 * anything; one cheap look at the end is all they are worth. */
                guard_touch_batch(g, s->now->monotonic_usec);
                g->batch.look_again = true;
                return;
        }
        note_removal(g, in);
        if (!(g->actions[in->uevent.subsystem] & ACTION_BIT(in->uevent.action)))
                return;
        guard_touch_batch(g, s->now->monotonic_usec);
        batch_add_event(&g->batch, in->uevent.subsystem, s->now->monotonic_usec);
        /* Of an update for such an event nothing is lost if the kernel drops it. */
        if (g->idle[in->uevent.subsystem] & ACTION_BIT(in->uevent.action))
                return;
        g->batch.changing |= SUBSYSTEM_BIT(in->uevent.subsystem);
        g->hotplug_usec = s->now->monotonic_usec;
        /* udevd hands events on late; the kernel's numbers tell which ones fell into the load. */
        if (guard_load_runs(g) || (seqnum > g->before_seqnum && seqnum <= g->after_seqnum))
                met_load(s);
        if (!g->batch.met_load && is_near(g, g->log_line_usec, s->now->monotonic_usec))
                step_believe_log(s, false);
}

void step_look_again(Step *s) {
        Guard *g = s->g;

        guard_touch_batch(g, s->now->monotonic_usec);
        g->batch.look_again = true;
        if (guard_load_runs(g))
                met_load(s);
}

void step_overflow(Step *s) {
        Guard *g = s->g;

        g->overflows++;
        if (g->have_record && guard_lists_removed(g))
                g->record.lost_events = g->removal_untried = true;
        step_look_again(s);
        /* What was lost may have fallen into the last load, during which the kernel counted
         * events. */
        if (g->after_seqnum > g->before_seqnum)
                met_load(s);
}

void step_kernel_log(Step *s, bool was_lost) {
        Guard *g = s->g;

        guard_touch_batch(g, s->now->monotonic_usec);
        if (was_lost)
                g->batch.log_lost = true;
        else
                g->batch.log_line = true;
        g->log_line_usec = s->now->monotonic_usec;
        if (!g->batch.met_load && is_near(g, g->hotplug_usec, s->now->monotonic_usec))
                step_believe_log(s, false);
}
