/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of the crash image: what is made of the facts that a look at the kernel
 * brings. */
#include "daemon/machine-private.h"

static bool wait_for_second_look(Step *s, Look look) {
        Machine *m = s->m;

        if (m->second_look)
                return false;
        m->second_look_usec = add_saturated(s->now->monotonic_usec, SECOND_LOOK_USEC);
        m->look = look;
        return true;
}

/* What is loaded is not ours. */
static void decide_foreign(Step *s) {
        Machine *m = s->m;

        m->foreign = true;
        m->note[0] = '\0';
        /* Where ours was just found impossible to load, trying would only cost the image that is
         * there; it is replaced when that changes. */
        if (m->settings->foreign == FOREIGN_REPLACE && !failure_is_unavailable(m->failure)) {
                if (step_build_if_due(s, REASON_CONFIGURATION))
                        return;
                if (s->now->monotonic_usec < machine_batch_due(m) && m->batch.pending)
                        step_begin_settled(s, REASON_FOREIGN_IMAGE, NULL);
                else
                        step_begin(s, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, NULL);
                return;
        }
        if (m->settings->foreign == FOREIGN_ADOPT)
                machine_forget_failure(m);
        step_covered(s);
        step_decided(s, VERDICT_ADOPT, REASON_FOREIGN_IMAGE, NULL, "ok", "");
        step_ready(s);
}

/* We came upon an image that is not ours: look at all of it, then go on as at the start. What is
 * in the batch is decided after that. */
static void found_foreign(Step *s) {
        step_forget(s);
        step_look(s, LOOK_START);
}

/* Whether the kernel says another thing of the image than it did after our load of it, which
 * depends on how an image was loaded: then it is another one. What was not read says nothing. */
static bool is_another_image(const Machine *m) {
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++) {
                HotplugAnswer then = m->record.answers[i], now = m->facts.answers[i];

                if (then != now && hotplug_answer_is_of_image(then) &&
                    hotplug_answer_is_of_image(now))
                        return true;
        }
        return false;
}

static void facts_start(Step *s) {
        Machine *m = s->m;

        if (m->facts.loaded != 1) {
                if (m->have_record && wait_for_second_look(s, LOOK_START))
                        return;
                step_forget(s);
                if (!step_build_if_due(s, REASON_CONFIGURATION))
                        step_begin_settled(s, REASON_START, NULL);
        } else if (!m->have_record)
                decide_foreign(s);
        else if (m->record.must_reload)
                step_begin_settled(s, REASON_RECORD_STALE, NULL);
        else if (is_another_image(m)) {
                /* The attribute reads 0, too, while anybody holds the kexec lock. */
                if (wait_for_second_look(s, LOOK_START))
                        return;
                step_forget(s);
                decide_foreign(s);
        } else {
                if (!m->log_is_whole && machine_moved(m, &m->record.fingerprint)) {
                        machine_touch_batch(m, s->now->monotonic_usec);
                        m->batch.look_again = m->batch.away = true;
                }
                step_plan(s);
        }
}

/* After a load that was refused: whether what would be loaded now is something else. Returns
 * whether that is all there is to say of the plan. */
static bool refusal_stands(Step *s) {
        Machine *m = s->m;
        const char *what = NULL;
        bool known = m->refused.kernel.path;

        if (m->report.failure != FAILURE_NONE ||
            (known && m->report.reservation_bytes == m->refused.reservation_bytes &&
             load_report_same_image(&m->report, &m->refused, &what))) {
                step_set_retry(s);
                return true;
        }
        if (m->have_record && !m->record.must_reload &&
            load_report_same_image(&m->report, &m->record.report, &(const char *){ NULL })) {
                machine_forget_failure(m);
                return false;
        }
        load_report_done(&m->refused);
        m->refused = m->report;
        m->report = (LoadReport){ 0 };
        step_begin_settled(s, REASON_RETRY, what);
        return true;
}

/* What is configured was compared with what is loaded. */
static void facts_planned(Step *s) {
        Machine *m = s->m;
        const char *what = "";

        if (m->facts.loaded != 1) {
                if (wait_for_second_look(s, LOOK_PLANNED))
                        return;
                step_forget(s);
                step_begin_settled(s, REASON_START, NULL);
                return;
        }
        if (m->awaits_change && refusal_stands(s))
                return;
        if (m->report.failure != FAILURE_NONE)
                strscpy(m->note, sizeof(m->note), step_failure_text(m));
        else if (!load_report_same_image(&m->report, &m->record.report, &what)) {
                step_begin_settled(s, REASON_CONFIGURATION, what);
                return;
        } else
                m->note[0] = '\0';
        m->failure = FAILURE_NONE;
        if (!m->ready) {
                m->covered = m->record.fingerprint;
                for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                        if (!hotplug_answer_is_of_image(m->record.answers[i]))
                                m->record.answers[i] = m->answers[i];
        }
        step_decided(s, m->ready ? VERDICT_KEEP : VERDICT_ADOPT,
                     m->report.failure != FAILURE_NONE ? REASON_UNPLANNABLE : REASON_CONFIGURED,
                     NULL, "ok", m->note);
        if (machine_moved(m, &m->covered)) {
                machine_touch_batch(m, s->now->monotonic_usec);
                m->batch.look_again = true;
        }
        step_ready(s);
}

/* The batch came to nothing that could be done about it. */
static void decide_idle(Step *s) {
        Machine *m = s->m;

        if (m->batch.events == 0)
                m->batch = (Batch){ 0 };
        else if (m->wanted)
                step_decided(s, VERDICT_NONE, REASON_NONE, m->failure_text, "impossible", "");
        else
                step_decided(s, VERDICT_NONE, REASON_NONE, "the image was unloaded on request",
                             "ok", "");
}

/* Whether loading was found impossible, and nothing says that this has changed. What lockdown
 * accepts cannot be seen. */
static bool is_impossible(const Machine *m) {
        return failure_is_unavailable(m->failure) &&
               (m->facts.obstacle != FAILURE_NONE || m->failure == FAILURE_LOCKDOWN);
}

static void decide_without_image(Step *s) {
        Machine *m = s->m;

        if ((m->have_record || m->foreign) && wait_for_second_look(s, LOOK_DECIDE))
                return;
        step_forget(s);
        m->foreign = false;
        if (is_impossible(m))
                decide_idle(s);
        else
                step_begin(s, VERDICT_LOAD,
                           m->failure != FAILURE_NONE ? REASON_AVAILABLE : REASON_FOREIGN_UNLOAD,
                           NULL);
}

/* A line for which nothing speaks, or one too many, is told once and changes nothing. */
static void tell_log_line(Step *s) {
        Machine *m = s->m;

        if (!m->batch.log_line || m->batch.kernel_log || m->log_line_told)
                return;
        m->log_line_told = true;
        step_decided(s, VERDICT_KEEP, REASON_LOG_UNFOUNDED,
                     m->record.log_reloads >= LOG_RELOADS_MAX
                             ? "three reloads for such lines were enough"
                             : NULL,
                     "ok", "");
}

/* Memory went away, and no event told of it: it is as stale for that as if one had. */
static void note_unseen(Machine *m, unsigned unseen) {
        uint64_t missing = number_set_missing(&m->covered.blocks, &m->facts.fingerprint.blocks);

        if (!(unseen & SUBSYSTEM_BIT(SUBSYSTEM_MEMORY)) || !m->have_record || missing == 0 ||
            !machine_lists_removed(m))
                return;
        if (m->record.removed_blocks == 0)
                m->first_removed_seqnum = m->facts.uevent_seqnum;
        m->record.removed_blocks = add_saturated(m->record.removed_blocks, missing);
        m->removal_untried = true;
}

/* Returns whether there was something to do about the batch before anything is observed. */
static bool decide_beforehand(Step *s) {
        Machine *m = s->m;

        if (m->batch.requested)
                step_begin(s, m->have_record ? VERDICT_RELOAD : VERDICT_LOAD, m->requested_for,
                           NULL);
        else if (!m->wanted)
                decide_idle(s);
        else if (m->facts.loaded != 1)
                decide_without_image(s);
        else if (!m->have_record && !m->foreign)
                found_foreign(s);
        else
                return false;
        return true;
}

static Observation observe(Step *s) {
        Machine *m = s->m;
        Observation o = {
                .subsystems = m->batch.subsystems,
                .met_load = m->batch.met_load,
                .away = m->batch.away,
                .look_again = m->batch.look_again,
                .moved = machine_moved(m, &m->covered),
        };

        if (m->facts.has_fingerprint)
                o.idle = m->batch.subsystems & ~m->batch.changing;
        if ((m->batch.log_line || m->batch.log_lost) && !m->batch.met_load && o.moved)
                step_believe_log(s, true);
        o.kernel_log = m->batch.kernel_log;
        o.log_lost = !m->batch.log_line;
        memcpy(o.answers, m->facts.answers, sizeof(o.answers));
        o.stale = m->settings->reload_when_stale && m->removal_untried &&
                  (m->record.removed_blocks > 0 || m->record.lost_events);
        return o;
}

static void facts_decide(Step *s) {
        Machine *m = s->m;
        Observation o;
        Reason reason;
        Verdict verdict;

        /* A burst began while a second look was awaited. */
        if (s->now->monotonic_usec < machine_batch_due(m) || decide_beforehand(s))
                return;
        o = observe(s);
        /* A subsystem that no event named, but that moved: ask about that one too, now that we
         * know. */
        if (o.look_again && !o.met_load && !o.kernel_log && (o.moved & ~o.subsystems) != 0) {
                note_unseen(m, o.moved & ~o.subsystems);
                m->batch.subsystems |= o.moved;
                step_look(s, LOOK_DECIDE);
                return;
        }
        verdict = decide(&o, &reason);
        if (verdict == VERDICT_RELOAD && is_impossible(m)) {
                /* Then trying could only cost the image, which is stale from now on. */
                m->record.must_reload |= m->have_record && reason_is_hotplug(reason);
                step_decided(s, verdict, reason, NULL, "impossible", m->failure_text);
                if (m->have_record)
                        step_save(s);
                return;
        }
        tell_log_line(s);
        if (verdict == VERDICT_RELOAD) {
                m->record.log_reloads += o.kernel_log && !o.moved;
                step_begin(s, verdict, reason,
                           m->batch.events == 0 && !o.met_load && !o.kernel_log &&
                                           reason != REASON_CHANGED_AWAY
                                   ? reason_to_string(REASON_CHANGED_UNSEEN)
                                   : NULL);
                return;
        }
        /* Looking again and finding nothing is not worth a line; with events it is never "keep". */
        if (verdict == VERDICT_KEEP) {
                m->batch = (Batch){ 0 };
                return;
        }
        m->batches_skipped++;
        /* What has moved otherwise, the kernel has not followed. */
        if (reason == REASON_KERNEL_UPDATES)
                step_covered(s);
        step_decided(s, verdict, reason, reason == REASON_IDLE ? m->triggers->why_idle : NULL, "ok",
                     "");
        if (m->have_record)
                step_save(s);
}

/* The kernel says of an image that was loaded right now that it does not update it, and could. */
static bool is_doubtful(const Machine *m) {
        return m->report.failure == FAILURE_NONE && load_report_is_updatable(&m->report) &&
               (m->facts.answers[SUBSYSTEM_CPU] == HOTPLUG_NOT_UPDATED ||
                m->facts.answers[SUBSYSTEM_MEMORY] == HOTPLUG_NOT_UPDATED);
}

static void facts_verify(Step *s) {
        Machine *m = s->m;

        /* The answer goes into the record, and reads 0, too, while anybody holds the kexec lock. */
        if ((m->facts.loaded != 1 || is_doubtful(m)) && wait_for_second_look(s, LOOK_VERIFY))
                return;
        step_judge_load(s);
}

static void facts_watch(Step *s, bool closely) {
        Machine *m = s->m;
        bool lost, replaced;

        if (!m->wanted) {
                m->foreign = m->facts.loaded == 1;
                return;
        }
        /* A burst is decided when it is over, with a look at everything. */
        if ((m->retry_usec != USEC_INFINITY && !m->awaits_change) || m->batch.events > 0)
                return;
        if (failure_is_unavailable(m->failure) && !is_impossible(m) && !m->awaits_change) {
                if (step_build_if_due(s, REASON_AVAILABLE))
                        return;
                step_begin(s, m->have_record ? VERDICT_RELOAD : VERDICT_LOAD, REASON_AVAILABLE,
                           NULL);
                return;
        }
        if (!m->have_record && !m->foreign) {
                if (m->facts.loaded == 1)
                        found_foreign(s);
                return;
        }
        lost = m->facts.loaded == 0;
        replaced = m->have_record && is_another_image(m);
        if (lost || replaced) {
                /* The attribute reads 0, too, while anybody holds the kexec lock. */
                if (wait_for_second_look(s, LOOK_WATCH))
                        return;
                if (lost) {
                        step_forget(s);
                        m->foreign = false;
                        step_begin(s, VERDICT_LOAD, REASON_FOREIGN_UNLOAD, NULL);
                } else
                        found_foreign(s);
                return;
        }
        /* Events get lost without an overflow, too: udevd may be stopped. */
        if (closely) {
                /* For what has moved a load was tried already, if that waits for a change. */
                if (machine_moved(m, &m->covered) &&
                    !(m->awaits_change && machine_moved(m, &m->before) == 0)) {
                        machine_touch_batch(m, s->now->monotonic_usec);
                        m->batch.look_again = true;
                }
        } else if (!m->batch.pending && (m->failure == FAILURE_NONE || m->awaits_change) &&
                   m->facts.uevent_seqnum != m->watched_seqnum) {
                m->watched_seqnum = m->facts.uevent_seqnum;
                step_look(s, LOOK_WATCH_CLOSELY);
        }
}

void step_facts(Step *s, const Facts *facts) {
        Machine *m = s->m;
        Look look = m->look;

        m->look = LOOK_NOTHING;
        m->facts = *facts;
        m->facts_are_new = true;
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                if (facts->answers[i] != HOTPLUG_NOT_ASKED)
                        m->answers[i] = facts->answers[i];
        switch (look) {
        case LOOK_NOTHING:
                break;
        case LOOK_START:
                facts_start(s);
                break;
        case LOOK_PLANNED:
                facts_planned(s);
                break;
        case LOOK_DECIDE:
                facts_decide(s);
                break;
        case LOOK_LAUNCH:
                step_launch(s);
                break;
        case LOOK_VERIFY:
                facts_verify(s);
                break;
        case LOOK_UNLOADED:
                if (m->report.failure == FAILURE_NONE || m->facts.loaded == 1 ||
                    !wait_for_second_look(s, LOOK_UNLOADED))
                        step_judge_unload(s);
                break;
        case LOOK_WATCH:
                facts_watch(s, false);
                break;
        case LOOK_WATCH_CLOSELY:
                facts_watch(s, true);
                break;
        }
        m->second_look = false;
        s->is_over = true;
}
