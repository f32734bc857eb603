/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: loads and unloads, from the decision to the verdict on how
 * they went. */
#include "daemon/guard-private.h"

/* Fills in a decision. A load, or the decision that none is needed, deals with the events that
 * the batch has counted, whatever comes of it; to leave an image as it is, or to unload it, does
 * not. */
static void compose(Step *s, Verdict verdict, Reason reason, const char *remark) {
        Guard *g = s->g;
        Decision *d = &g->decision;

        *d = (Decision){
                .realtime_usec = s->now->realtime_usec,
                .verdict = verdict,
                .cause = reason,
        };
        if (reason == REASON_NONE && remark)
                strscpy(d->reason, sizeof(d->reason), remark);
        else
                strscpyf(d->reason, sizeof(d->reason), "%s%s%s%s", reason_to_string(reason),
                         remark ? " (" : "", strempty(remark), remark ? ")" : "");
        if (verdict == VERDICT_KEEP || verdict == VERDICT_ADOPT || verdict == VERDICT_UNLOAD)
                return;
        d->subsystems = g->batch.subsystems;
        d->events = g->batch.events;
        if (g->batch.events > 0)
                g->batches++;
        g->batch = (Batch){ 0 };
}

static void close_decision(Step *s, const char *result, const char *details) {
        Guard *g = s->g;

        strscpy(g->decision.result, sizeof(g->decision.result), result);
        strscpy(g->decision.details, sizeof(g->decision.details), details);
        g->decision_open = false;
        step_emit(s, ACTION_DECIDED)->decision = history_add(&g->history, &g->decision);
}

void step_decided(Step *s, Verdict verdict, Reason reason, const char *remark, const char *result,
                  const char *details) {
        compose(s, verdict, reason, remark);
        close_decision(s, result, details);
}

void step_begin(Step *s, Verdict verdict, Reason reason, const char *remark) {
        Guard *g = s->g;

        g->for_hotplug = g->batch.met_load || g->batch.kernel_log || reason_is_hotplug(reason) ||
                         (g->batch.events > 0 && guard_needs_reload(g));
        compose(s, verdict, reason, remark);
        g->decision_open = true;
        g->retry_usec = USEC_INFINITY;
        if (g->facts_are_new && g->facts.has_fingerprint)
                step_launch(s);
        else
                step_look(s, LOOK_LAUNCH);
}

void step_begin_settled(Step *s, Reason reason, const char *remark) {
        Guard *g = s->g;

        if (g->batch.pending) {
                g->batch.requested = true;
                g->requested_for = reason;
        } else
                step_begin(s, g->have_record ? VERDICT_RELOAD : VERDICT_LOAD, reason, remark);
}

void step_set_retry(Step *s) {
        Guard *g = s->g;
        uint64_t wait = backoff_next(&g->backoff, s->now->random);

        g->retry_usec = add_saturated(s->now->monotonic_usec, wait);
        g->retry_realtime_usec = add_saturated(s->now->realtime_usec, wait);
}

void guard_forget_failure(Guard *g) {
        g->failure = FAILURE_NONE;
        g->failure_text[0] = '\0';
        g->awaits_change = false;
        load_report_done(&g->refused);
        g->retry_usec = USEC_INFINITY;
        backoff_reset(&g->backoff);
}

/* Whether it is worth another try when some time has passed and nothing has changed. With nothing
 * loaded it always is. With an image that is still there, or there again, a try can cost that one:
 * then only what goes away by itself, and has not touched the image. */
static bool time_may_mend(const Guard *g, Failure failure) {
        const LoadReport *r = &g->report;

        return g->facts.loaded != 1 ||
               (!r->was_restored && (failure == FAILURE_BUSY ||
                                     (failure == FAILURE_SYSTEM && r->call_start_usec == 0)));
}

/* Whether, when and what will be tried next. */
static void plan_retry(Step *s, Failure failure) {
        Guard *g = s->g;

        g->awaits_change = false;
        /* What is in the way is looked at, and what lockdown accepts cannot be seen. */
        if (failure == FAILURE_LOCKDOWN ||
            (failure_is_unavailable(failure) && g->facts.obstacle != FAILURE_NONE))
                return;
        if (!time_may_mend(g, failure)) {
                g->awaits_change = true;
                /* A kdump-load that was killed tells nothing; then this is what the last plan has
                 * found, if there was one: what was tried again once is not tried any more. */
                if (g->report.kernel.path && failure != FAILURE_BUSY) {
                        load_report_done(&g->refused);
                        g->refused = g->report;
                        g->report = (LoadReport){ 0 };
                }
        } else if (failure_is_unavailable(failure))
                return;
        step_set_retry(s);
}

/* What an image of ours covers that was loaded right now. */
static void cover_anew(Step *s) {
        Guard *g = s->g;

        g->record.fingerprint = g->covered = g->before;
        g->record.must_reload = g->record.lost_events = g->untold = false;
        g->record.removed_blocks = 0;
        memcpy(g->record.answers, g->facts.answers, sizeof(g->record.answers));
        if (guard_moved(g, &g->before)) {
                guard_touch_batch(g, s->now->monotonic_usec);
                g->batch.look_again = true;
                g->batch.met_load = true;
        }
        step_save(s);
}

/* After a load that failed. */
static void keep_or_forget(Step *s, bool was_restored) {
        Guard *g = s->g;

        if (g->facts.loaded != 1 || !g->have_record) {
                step_forget(s);
                g->foreign = g->facts.loaded == 1;
        } else if (was_restored)
                cover_anew(s);
        else {
                g->untold = g->failure == FAILURE_CRASHED || g->failure == FAILURE_TIMEOUT;
                g->record.must_reload = g->was_stale || g->for_hotplug || g->untold;
                step_save(s);
        }
}

/* The attempt failed, before or in kdump-load. What is loaded now is in the facts. */
static void load_failed(Step *s, Failure failure, const char *text) {
        Guard *g = s->g;
        bool was_restored = g->report.was_restored;
        unsigned waiting = g->waiting;

        g->load_failures++;
        g->failure = failure;
        strscpy(g->failure_text, sizeof(g->failure_text), text);
        plan_retry(s, failure);
        keep_or_forget(s, was_restored);
        g->decision.failure = failure;
        close_decision(s, "failed", g->failure_text);
        g->waiting = 0;
        step_answer(s, waiting, failure, g->failure_text);
        step_ready(s);
}

void step_launch(Step *s) {
        Guard *g = s->g;

        g->was_stale = g->record.must_reload;
        if (g->facts.obstacle != FAILURE_NONE) {
                /* None has run that could have; an answer may still point into its report. */
                g->report.was_restored = false;
                load_failed(s, g->facts.obstacle, g->facts.obstacle_text);
                return;
        }
        g->before = g->facts.fingerprint;
        g->before_seqnum = g->after_seqnum = g->facts.uevent_seqnum;
        g->removal_untried = false;
        /* Should this process die meanwhile, the next one finds an image of which nobody knows
         * whether it is the old or the new one, and what fell into the load. */
        g->record.must_reload = true;
        g->record.begun_usec = s->now->monotonic_usec;
        g->record.begun_was_stale = g->was_stale;
        g->record.begun = g->before;
        step_emit(s, ACTION_SAVE_RECORD);
        step_start(s, &(JobOrder){ .job = JOB_LOAD });
}

void step_plan(Step *s) {
        step_start(s, &(JobOrder){ .job = JOB_PLAN });
}

void step_unload(Step *s, Reason reason) {
        compose(s, VERDICT_UNLOAD, reason, NULL);
        s->g->decision_open = true;
        step_start(s, &(JobOrder){ .job = JOB_UNLOAD });
}

/* How long our own loads have left the machine without an image. The gap opens at the system
 * call that takes the old image away and closes with the one that brings the next. */
static void account_gap(Guard *g) {
        const LoadReport *r = &g->report;

        if (r->call_start_usec != 0 && r->had_image && g->unprotected_since_usec == USEC_INFINITY)
                g->unprotected_since_usec = r->call_start_usec;
        if (r->failure == FAILURE_NONE || r->was_restored) {
                g->last_unprotected_usec =
                        g->unprotected_since_usec == USEC_INFINITY
                                ? 0
                                : sub_saturated(r->call_end_usec, g->unprotected_since_usec);
                g->total_unprotected_usec += g->last_unprotected_usec;
                g->unprotected_since_usec = USEC_INFINITY;
        } else if (g->facts.loaded == 1)
                /* It failed before it did any harm. */
                g->unprotected_since_usec = USEC_INFINITY;
}

/* A restart of kdumpd, and each reload, find the same. */
static void note_short(Step *s) {
        Guard *g = s->g;
        const LoadReport *r = &g->record.report;

        if (!r->advice || r->wanted_bytes < add_saturated(g->short_told_bytes, SHORT_STEP_BYTES))
                return;
        g->short_told_bytes = r->wanted_bytes;
        step_emit(s, ACTION_SHORT);
}

static void take_record(Step *s) {
        Guard *g = s->g;

        guard_reset_record(g);
        g->record.report = g->report;
        g->report = (LoadReport){ 0 };
        g->record.loaded_realtime_usec = s->now->realtime_usec;
        g->have_record = true;
        g->foreign = false;
        note_short(s);
        guard_mark_anew(g);
}

static void load_succeeded(Step *s) {
        Guard *g = s->g;
        char whole[TIMESPAN_MAX], gap[TIMESPAN_MAX], seen[TIMESPAN_MAX];
        char details[DECISION_DETAILS_MAX];
        uint64_t call = sub_saturated(g->report.call_end_usec, g->report.call_start_usec);
        unsigned waiting = g->waiting;

        guard_forget_failure(g);
        g->note[0] = '\0';
        g->last_load_usec = s->now->realtime_usec;
        g->last_load_duration_usec = add_saturated(g->report.prepare_usec, call);
        if (g->decision.verdict == VERDICT_RELOAD)
                g->reloads++;
        format_timespan(whole, g->last_load_duration_usec);
        format_timespan(gap, g->last_unprotected_usec);
        if (g->last_unprotected_usec == 0)
                strscpyf(details, sizeof(details), "loaded in %s", whole);
        else if (g->calls.window_usec == 0)
                strscpyf(details, sizeof(details), "loaded in %s, unprotected for %s", whole, gap);
        else
                strscpyf(details, sizeof(details),
                         "loaded in %s, unprotected for %s (the kernel notes %s)", whole, gap,
                         format_timespan(seen, g->calls.window_usec));
        take_record(s);
        cover_anew(s);
        close_decision(s, "ok", details);
        g->waiting = 0;
        step_answer(s, waiting, FAILURE_NONE, NULL);
        step_ready(s);
}

const char *step_failure_text(const Guard *g) {
        switch (g->report.failure) {
        case FAILURE_TIMEOUT:
                return "kdump-load did not end within LoadTimeout= and was killed";
        case FAILURE_VANISHED:
                return "the kernel accepted the image, and then said that none is loaded";
        default:
                return g->report.message ?: "kdump-load failed and did not say why";
        }
}

void step_judge_load(Step *s) {
        Guard *g = s->g;

        g->after_seqnum = g->facts.uevent_seqnum;
        g->record.begun_usec = 0;
        if (g->report.failure == FAILURE_NONE && g->facts.loaded != 1)
                g->report.failure = FAILURE_VANISHED;
        account_gap(g);
        if (g->report.failure == FAILURE_NONE) {
                load_succeeded(s);
                return;
        }
        load_failed(s, g->report.failure, step_failure_text(g));
}

void step_judge_unload(Step *s) {
        Guard *g = s->g;
        const char *text = step_failure_text(g);
        unsigned waiting = g->waiting;

        g->waiting = 0;
        /* Who waited for a load that the unload overtook. */
        step_answer(s, waiting & ~REQUEST_BIT(REQUEST_UNLOAD), FAILURE_BUSY, UNLOAD_OVERTOOK);
        waiting &= REQUEST_BIT(REQUEST_UNLOAD);
        /* However the job ended: what was asked for is that nothing is loaded. */
        if (g->report.failure == FAILURE_NONE || g->facts.loaded == 0) {
                step_forget(s);
                g->wanted = false;
                g->batch.requested = false;
                g->foreign = g->facts.loaded == 1;
                guard_forget_failure(g);
                g->note[0] = '\0';
                g->unprotected_since_usec = USEC_INFINITY;
                close_decision(s, "ok", "");
                step_answer(s, waiting, FAILURE_NONE, NULL);
                step_ready(s);
                return;
        }
        if (g->stopping)
                g->wanted = false; /* it is tried once */
        close_decision(s, "failed", text);
        step_answer(s, waiting, g->report.failure, text);
}
