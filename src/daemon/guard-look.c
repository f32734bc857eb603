/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: what is made of the facts that a look at the kernel
 * brings. */
#include "daemon/guard-private.h"

static bool wait_for_second_look(Step *s, Look look) {
        Guard *g = s->g;

        if (g->second_look)
                return false;
        g->second_look_usec = add_saturated(s->now->monotonic_usec, SECOND_LOOK_USEC);
        g->look = look;
        return true;
}

/* What is loaded is not ours. */
static void decide_foreign(Step *s) {
        Guard *g = s->g;

        g->foreign = true;
        g->note[0] = '\0';
        /* Where ours was just found impossible to load, trying would only cost the image that is
         * there; it is replaced when that changes. */
        if (g->settings->foreign == FOREIGN_REPLACE && !failure_is_unavailable(g->failure)) {
                if (step_build_if_due(s, REASON_CONFIGURATION))
                        return;
                if (s->now->monotonic_usec < guard_batch_due(g) && g->batch.pending)
                        step_begin_settled(s, REASON_FOREIGN_IMAGE, NULL);
                else
                        step_begin(s, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, NULL);
                return;
        }
        if (g->settings->foreign == FOREIGN_ADOPT)
                guard_forget_failure(g);
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
static bool is_another_image(const Guard *g) {
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++) {
                HotplugAnswer then = g->record.answers[i], now = g->facts.answers[i];

                if (then != now && hotplug_answer_is_of_image(then) &&
                    hotplug_answer_is_of_image(now))
                        return true;
        }
        return false;
}

static void facts_start(Step *s) {
        Guard *g = s->g;

        if (g->facts.loaded != 1) {
                if (g->have_record && wait_for_second_look(s, LOOK_START))
                        return;
                /* Our load failed by the call that still goes on: what comes of it counts. */
                if (g->failure == FAILURE_BUSY && g->facts.kexec_is_busy) {
                        step_set_retry(s);
                        return;
                }
                step_forget(s);
                if (!step_build_if_due(s, REASON_CONFIGURATION))
                        step_begin_settled(s, REASON_START, NULL);
        } else if (!g->have_record)
                decide_foreign(s);
        else if (g->record.must_reload)
                step_begin_settled(s, REASON_RECORD_STALE, NULL);
        else if (is_another_image(g)) {
                /* The attribute reads 0, too, while anybody holds the kexec lock. */
                if (wait_for_second_look(s, LOOK_START))
                        return;
                step_forget(s);
                decide_foreign(s);
        } else {
                if (!g->log_is_whole && guard_moved(g, &g->record.fingerprint)) {
                        guard_touch_batch(g, s->now->monotonic_usec);
                        g->batch.look_again = g->batch.away = true;
                }
                step_plan(s);
        }
}

/* After a load that was refused: whether what would be loaded now is something else. Returns
 * whether that is all there is to say of the plan. */
static bool refusal_stands(Step *s) {
        Guard *g = s->g;
        const char *what = NULL;
        bool known = g->refused.kernel.path;

        if (g->report.failure != FAILURE_NONE ||
            (known && g->report.reservation_bytes == g->refused.reservation_bytes &&
             load_report_same_image(&g->report, &g->refused, &what))) {
                step_set_retry(s);
                return true;
        }
        if (g->have_record && !g->record.must_reload &&
            load_report_same_image(&g->report, &g->record.report, &(const char *){ NULL })) {
                guard_forget_failure(g);
                return false;
        }
        load_report_done(&g->refused);
        g->refused = g->report;
        g->report = (LoadReport){ 0 };
        step_begin_settled(s, REASON_RETRY, what);
        return true;
}

/* What is configured was compared with what is loaded. */
static void facts_planned(Step *s) {
        Guard *g = s->g;
        const char *what = "";

        if (g->facts.loaded != 1) {
                if (wait_for_second_look(s, LOOK_PLANNED))
                        return;
                step_forget(s);
                step_begin_settled(s, REASON_START, NULL);
                return;
        }
        if (g->awaits_change && refusal_stands(s))
                return;
        if (g->report.failure != FAILURE_NONE)
                strscpy(g->note, sizeof(g->note), step_failure_text(g));
        else if (!load_report_same_image(&g->report, &g->record.report, &what)) {
                step_begin_settled(s, REASON_CONFIGURATION, what);
                return;
        } else
                g->note[0] = '\0';
        g->failure = FAILURE_NONE;
        if (!g->ready) {
                g->covered = g->record.fingerprint;
                for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                        if (!hotplug_answer_is_of_image(g->record.answers[i]))
                                g->record.answers[i] = g->answers[i];
        }
        step_decided(s, g->ready ? VERDICT_KEEP : VERDICT_ADOPT,
                     g->report.failure != FAILURE_NONE ? REASON_UNPLANNABLE : REASON_CONFIGURED,
                     NULL, "ok", g->note);
        if (guard_moved(g, &g->covered)) {
                guard_touch_batch(g, s->now->monotonic_usec);
                g->batch.look_again = true;
        }
        step_ready(s);
}

/* The batch came to nothing that could be done about it. */
static void decide_idle(Step *s) {
        Guard *g = s->g;

        if (g->batch.events == 0)
                g->batch = (Batch){ 0 };
        else if (g->wanted)
                step_decided(s, VERDICT_NONE, REASON_NONE, g->failure_text, "impossible", "");
        else
                step_decided(s, VERDICT_NONE, REASON_NONE, "the image was unloaded on request",
                             "ok", "");
}

/* Whether loading was found impossible, and nothing says that this has changed. What lockdown
 * accepts cannot be seen. */
static bool is_impossible(const Guard *g) {
        return failure_is_unavailable(g->failure) &&
               (g->facts.obstacle != FAILURE_NONE || g->failure == FAILURE_LOCKDOWN);
}

static void decide_without_image(Step *s) {
        Guard *g = s->g;

        if ((g->have_record || g->foreign) && wait_for_second_look(s, LOOK_DECIDE))
                return;
        step_forget(s);
        g->foreign = false;
        if (is_impossible(g))
                decide_idle(s);
        else
                step_begin(s, VERDICT_LOAD,
                           g->failure != FAILURE_NONE ? REASON_AVAILABLE : REASON_FOREIGN_UNLOAD,
                           NULL);
}

/* A line for which nothing speaks, or one too many, is told once and changes nothing. */
static void tell_log_line(Step *s) {
        Guard *g = s->g;

        if (!g->batch.log_line || g->batch.kernel_log || g->log_line_told)
                return;
        g->log_line_told = true;
        step_decided(s, VERDICT_KEEP, REASON_LOG_UNFOUNDED,
                     g->record.log_reloads >= LOG_RELOADS_MAX
                             ? "three reloads for such lines were enough"
                             : NULL,
                     "ok", "");
}

/* Memory went away, and no event told of it: it is as stale for that as if one had. */
static void note_unseen(Guard *g, unsigned unseen) {
        uint64_t missing = number_set_missing(&g->covered.blocks, &g->facts.fingerprint.blocks);

        if (!(unseen & SUBSYSTEM_BIT(SUBSYSTEM_MEMORY)) || !g->have_record || missing == 0 ||
            !guard_lists_removed(g))
                return;
        if (g->record.removed_blocks == 0)
                g->first_removed_seqnum = g->facts.uevent_seqnum;
        g->record.removed_blocks = add_saturated(g->record.removed_blocks, missing);
        g->removal_untried = true;
}

/* Returns whether there was something to do about the batch before anything is observed. */
static bool decide_beforehand(Step *s) {
        Guard *g = s->g;

        if (g->batch.requested)
                step_begin(s, g->have_record ? VERDICT_RELOAD : VERDICT_LOAD, g->requested_for,
                           NULL);
        else if (!g->wanted)
                decide_idle(s);
        else if (g->facts.loaded != 1)
                decide_without_image(s);
        else if (!g->have_record && !g->foreign)
                found_foreign(s);
        else
                return false;
        return true;
}

static Observation observe(Step *s) {
        Guard *g = s->g;
        Observation o = {
                .subsystems = g->batch.subsystems,
                .met_load = g->batch.met_load,
                .away = g->batch.away,
                .look_again = g->batch.look_again,
                .moved = guard_moved(g, &g->covered),
        };

        if (g->facts.has_fingerprint)
                o.idle = g->batch.subsystems & ~g->batch.changing;
        if ((g->batch.log_line || g->batch.log_lost) && !g->batch.met_load && o.moved)
                step_believe_log(s, true);
        o.kernel_log = g->batch.kernel_log;
        o.log_lost = !g->batch.log_line;
        memcpy(o.answers, g->facts.answers, sizeof(o.answers));
        o.stale = g->settings->reload_when_stale && g->removal_untried &&
                  (g->record.removed_blocks > 0 || g->record.lost_events);
        return o;
}

static void facts_decide(Step *s) {
        Guard *g = s->g;
        Observation o;
        Reason reason;
        Verdict verdict;

        /* A burst began while a second look was awaited. */
        if (s->now->monotonic_usec < guard_batch_due(g) || decide_beforehand(s))
                return;
        o = observe(s);
        /* A subsystem that no event named, but that moved: ask about that one too, now that we
         * know. */
        if (o.look_again && !o.met_load && !o.kernel_log && (o.moved & ~o.subsystems) != 0) {
                note_unseen(g, o.moved & ~o.subsystems);
                g->batch.subsystems |= o.moved;
                step_look(s, LOOK_DECIDE);
                return;
        }
        verdict = decide(&o, &reason);
        if (verdict == VERDICT_RELOAD && is_impossible(g)) {
                /* Then trying could only cost the image, which is stale from now on. */
                g->record.must_reload |= g->have_record && reason_is_hotplug(reason);
                step_decided(s, verdict, reason, NULL, "impossible", g->failure_text);
                if (g->have_record)
                        step_save(s);
                return;
        }
        tell_log_line(s);
        if (verdict == VERDICT_RELOAD) {
                g->record.log_reloads += o.kernel_log && !o.moved;
                step_begin(s, verdict, reason,
                           g->batch.events == 0 && !o.met_load && !o.kernel_log &&
                                           reason != REASON_CHANGED_AWAY
                                   ? reason_to_string(REASON_CHANGED_UNSEEN)
                                   : NULL);
                return;
        }
        /* Looking again and finding nothing is not worth a line; with events it is never "keep". */
        if (verdict == VERDICT_KEEP) {
                g->batch = (Batch){ 0 };
                return;
        }
        g->batches_skipped++;
        /* What has moved otherwise, the kernel has not followed. */
        if (reason == REASON_KERNEL_UPDATES)
                step_covered(s);
        step_decided(s, verdict, reason, reason == REASON_IDLE ? g->triggers->why_idle : NULL, "ok",
                     "");
        if (g->have_record)
                step_save(s);
}

/* The kernel says of an image that was loaded right now that it does not update it, and could. */
static bool is_doubtful(const Guard *g) {
        return g->report.failure == FAILURE_NONE && load_report_is_updatable(&g->report) &&
               (g->facts.answers[SUBSYSTEM_CPU] == HOTPLUG_NOT_UPDATED ||
                g->facts.answers[SUBSYSTEM_MEMORY] == HOTPLUG_NOT_UPDATED);
}

static void facts_verify(Step *s) {
        Guard *g = s->g;

        /* The answer goes into the record, and reads 0, too, while anybody holds the kexec lock. */
        if ((g->facts.loaded != 1 || is_doubtful(g)) && wait_for_second_look(s, LOOK_VERIFY))
                return;
        step_judge_load(s);
}

static void facts_watch(Step *s, bool closely) {
        Guard *g = s->g;
        bool lost, replaced;

        /* Whoever has called may not be through; what has come of it is looked at then. */
        if (g->calls.is_pending)
                return;
        if (!g->wanted) {
                g->foreign = g->facts.loaded == 1;
                return;
        }
        /* A burst is decided when it is over, with a look at everything. */
        if ((g->retry_usec != USEC_INFINITY && !g->awaits_change) || g->batch.events > 0)
                return;
        if (failure_is_unavailable(g->failure) && !is_impossible(g) && !g->awaits_change) {
                if (step_build_if_due(s, REASON_AVAILABLE))
                        return;
                step_begin(s, g->have_record ? VERDICT_RELOAD : VERDICT_LOAD, REASON_AVAILABLE,
                           NULL);
                return;
        }
        if (!g->have_record && !g->foreign) {
                if (g->facts.loaded == 1)
                        found_foreign(s);
                return;
        }
        lost = g->facts.loaded == 0;
        replaced = g->have_record && is_another_image(g);
        if (lost || replaced) {
                /* The attribute reads 0, too, while anybody holds the kexec lock. */
                if (wait_for_second_look(s, LOOK_WATCH))
                        return;
                if (lost) {
                        step_forget(s);
                        g->foreign = false;
                        step_begin(s, VERDICT_LOAD, REASON_FOREIGN_UNLOAD, NULL);
                } else
                        found_foreign(s);
                return;
        }
        /* Events get lost without an overflow, too: udevd may be stopped. */
        if (closely) {
                /* For what has moved a load was tried already, if that waits for a change. */
                if (guard_moved(g, &g->covered) &&
                    !(g->awaits_change && guard_moved(g, &g->before) == 0)) {
                        guard_touch_batch(g, s->now->monotonic_usec);
                        g->batch.look_again = true;
                }
        } else if (!g->batch.pending && (g->failure == FAILURE_NONE || g->awaits_change) &&
                   g->facts.uevent_seqnum != g->watched_seqnum) {
                g->watched_seqnum = g->facts.uevent_seqnum;
                step_look(s, LOOK_WATCH_CLOSELY);
        }
}

/* Somebody else has called kexec_load(2) or kexec_file_load(2). */
static void facts_called(Step *s) {
        Guard *g = s->g;

        switch (step_judge_called(s)) {
        case CALLS_MEAN_WAIT:
                return;
        case CALLS_MEAN_LOAD:
                if (!g->wanted)
                        g->foreign = true;
                else
                        found_foreign(s);
                return;
        case CALLS_MEAN_NOTHING:
                facts_watch(s, false);
                return;
        }
}

void step_facts(Step *s, const Facts *facts) {
        Guard *g = s->g;
        Look look = g->look;

        g->look = LOOK_NOTHING;
        g->facts = *facts;
        g->facts_are_new = true;
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                if (facts->answers[i] != HOTPLUG_NOT_ASKED)
                        g->answers[i] = facts->answers[i];
        guard_compare_calls(g);
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
                if (g->report.failure == FAILURE_NONE || g->facts.loaded == 1 ||
                    !wait_for_second_look(s, LOOK_UNLOADED))
                        step_judge_unload(s);
                break;
        case LOOK_WATCH:
                facts_watch(s, false);
                break;
        case LOOK_WATCH_CLOSELY:
                facts_watch(s, true);
                break;
        case LOOK_CALLED:
                facts_called(s);
                break;
        }
        g->second_look = false;
        s->is_over = true;
}
