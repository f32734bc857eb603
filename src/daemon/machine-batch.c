/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of the crash image: what the kernel tells, counted into a batch until its time
 * has come. */
#include "daemon/machine-private.h"

bool machine_needs_reload(const Machine *m) {
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                if (m->batch.changing & SUBSYSTEM_BIT(i) && m->answers[i] != HOTPLUG_KERNEL_UPDATES)
                        return true;
        return false;
}

uint64_t machine_batch_due(const Machine *m) {
        return batch_deadline(&m->batch, m->settings->settle_usec, m->settings->max_delay_usec);
}

/* Opens the batch or prolongs it. One that is due already waits for a retry or for the end of a job
 * (machine_timer_is_first()), and is at the beginning of a new burst: the longest delay counts
 * anew. */
void machine_touch_batch(Machine *m, uint64_t now_usec) {
        if (now_usec >= machine_batch_due(m))
                m->batch.first_usec = now_usec;
        batch_touch(&m->batch, now_usec);
}

/* Something fell into a load. If this process dies before it can act on that, the next one must
 * know. */
static void met_load(Step *s) {
        Machine *m = s->m;

        if (m->batch.met_load)
                return;
        m->batch.met_load = true;
        if (!machine_load_runs(m) && m->have_record) {
                m->record.must_reload = true;
                step_emit(s, ACTION_SAVE_RECORD);
        }
}

static bool is_near(const Machine *m, uint64_t then_usec, uint64_t now_usec) {
        return then_usec != USEC_INFINITY &&
               sub_saturated(now_usec, then_usec) <=
                       MAX(m->settings->settle_usec, LOG_NEAR_MIN_USEC);
}

void step_believe_log(Step *s, bool moved) {
        Machine *m = s->m;

        if (m->batch.kernel_log || (!moved && m->record.log_reloads >= LOG_RELOADS_MAX))
                return;
        m->batch.kernel_log = true;
        if (!machine_load_runs(m) && m->have_record && !m->record.must_reload) {
                m->record.must_reload = true;
                step_emit(s, ACTION_SAVE_RECORD);
        }
}

bool machine_lists_removed(const Machine *m) {
        switch (m->triggers->removed) {
        case REMOVED_IS_UNLISTED:
                return false;
        case REMOVED_IS_TAKEN_OUT:
                return m->answers[SUBSYSTEM_MEMORY] != HOTPLUG_KERNEL_UPDATES;
        case REMOVED_STAYS:
        default:
                return true;
        }
}

/* Where what is removed stays listed: the kernel rebuilds the header when memory goes offline (or
 * comes), which is before it takes the range out of the list that the header is made from, and
 * nothing tells it when that is done. */
static void note_removal(Machine *m, const Input *in) {
        uint64_t seqnum = in->uevent.seqnum;

        if (!m->have_record || in->uevent.subsystem != SUBSYSTEM_MEMORY ||
            !machine_lists_removed(m))
                return;
        /* Handed on late: the load came after it. */
        if (seqnum != 0 && seqnum <= m->before_seqnum)
                return;
        if (in->uevent.action == HOTPLUG_REMOVE) {
                if (m->record.removed_blocks == 0 || seqnum < m->first_removed_seqnum)
                        m->first_removed_seqnum = seqnum;
                m->record.removed_blocks++;
                m->removal_untried = true;
        } else if (seqnum != 0 && seqnum < m->first_removed_seqnum)
                /* udevd hands events of different devices on in any order. The kernel rebuilt the
                 * header for this one before anything was removed. */
                return;
        else if (m->answers[SUBSYSTEM_MEMORY] == HOTPLUG_KERNEL_UPDATES &&
                 (in->uevent.action == HOTPLUG_ONLINE || in->uevent.action == HOTPLUG_OFFLINE))
                m->record.removed_blocks = 0;
}

void step_uevent(Step *s, const Input *in) {
        Machine *m = s->m;
        uint64_t seqnum = in->uevent.seqnum;

        m->events_received++;
        m->last_event_usec = s->now->realtime_usec;
        if (in->uevent.ignored)
                return;
        if (in->uevent.synthetic) {
                /* At boot there is one for each device ("udevadm trigger"). None of them plugs
                 * anything; one cheap look at the end is all they are worth. */
                machine_touch_batch(m, s->now->monotonic_usec);
                m->batch.look_again = true;
                return;
        }
        note_removal(m, in);
        if (!(m->actions[in->uevent.subsystem] & ACTION_BIT(in->uevent.action)))
                return;
        machine_touch_batch(m, s->now->monotonic_usec);
        batch_add_event(&m->batch, in->uevent.subsystem, s->now->monotonic_usec);
        /* Of an update for such an event nothing is lost if the kernel drops it. */
        if (m->idle[in->uevent.subsystem] & ACTION_BIT(in->uevent.action))
                return;
        m->batch.changing |= SUBSYSTEM_BIT(in->uevent.subsystem);
        m->hotplug_usec = s->now->monotonic_usec;
        /* udevd hands events on late; the kernel's numbers tell which ones fell into the load. */
        if (machine_load_runs(m) || (seqnum > m->before_seqnum && seqnum <= m->after_seqnum))
                met_load(s);
        if (!m->batch.met_load && is_near(m, m->log_line_usec, s->now->monotonic_usec))
                step_believe_log(s, false);
}

void step_look_again(Step *s) {
        Machine *m = s->m;

        machine_touch_batch(m, s->now->monotonic_usec);
        m->batch.look_again = true;
        if (machine_load_runs(m))
                met_load(s);
}

void step_overflow(Step *s) {
        Machine *m = s->m;

        m->overflows++;
        if (m->have_record && machine_lists_removed(m))
                m->record.lost_events = m->removal_untried = true;
        step_look_again(s);
        /* What was lost may have fallen into the last load, during which the kernel counted
         * events. */
        if (m->after_seqnum > m->before_seqnum)
                met_load(s);
}

void step_kernel_log(Step *s, bool was_lost) {
        Machine *m = s->m;

        machine_touch_batch(m, s->now->monotonic_usec);
        if (was_lost)
                m->batch.log_lost = true;
        else
                m->batch.log_line = true;
        m->log_line_usec = s->now->monotonic_usec;
        if (!m->batch.met_load && is_near(m, m->hotplug_usec, s->now->monotonic_usec))
                step_believe_log(s, false);
}
