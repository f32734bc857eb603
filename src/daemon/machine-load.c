/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of the crash image: loads and unloads, from the decision to the verdict on how
 * they went. */
#include "daemon/machine-private.h"

/* Fills in a decision. A load, or the decision that none is needed, deals with the events that
 * the batch has counted, whatever comes of it; to leave an image as it is, or to unload it, does
 * not. */
static void compose(Step *s, Verdict verdict, Reason reason, const char *remark) {
        Machine *m = s->m;
        Decision *d = &m->decision;

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
        d->subsystems = m->batch.subsystems;
        d->events = m->batch.events;
        if (m->batch.events > 0)
                m->batches++;
        m->batch = (Batch){ 0 };
}

static void close_decision(Step *s, const char *result, const char *details) {
        Machine *m = s->m;

        strscpy(m->decision.result, sizeof(m->decision.result), result);
        strscpy(m->decision.details, sizeof(m->decision.details), details);
        m->decision_open = false;
        step_emit(s, ACTION_DECIDED)->decision = history_add(&m->history, &m->decision);
}

void step_decided(Step *s, Verdict verdict, Reason reason, const char *remark, const char *result,
                  const char *details) {
        compose(s, verdict, reason, remark);
        close_decision(s, result, details);
}

void step_begin(Step *s, Verdict verdict, Reason reason, const char *remark) {
        Machine *m = s->m;

        m->for_hotplug = m->batch.met_load || m->batch.kernel_log || reason_is_hotplug(reason) ||
                         (m->batch.events > 0 && machine_needs_reload(m));
        compose(s, verdict, reason, remark);
        m->decision_open = true;
        m->retry_usec = USEC_INFINITY;
        if (m->facts_are_new && m->facts.has_fingerprint)
                step_launch(s);
        else
                step_look(s, LOOK_LAUNCH);
}

void step_begin_settled(Step *s, Reason reason, const char *remark) {
        Machine *m = s->m;

        if (m->batch.pending) {
                m->batch.requested = true;
                m->requested_for = reason;
        } else
                step_begin(s, m->have_record ? VERDICT_RELOAD : VERDICT_LOAD, reason, remark);
}

void step_set_retry(Step *s) {
        Machine *m = s->m;
        uint64_t wait = backoff_next(&m->backoff, s->now->random);

        m->retry_usec = add_saturated(s->now->monotonic_usec, wait);
        m->retry_realtime_usec = add_saturated(s->now->realtime_usec, wait);
}

void machine_forget_failure(Machine *m) {
        m->failure = FAILURE_NONE;
        m->failure_text[0] = '\0';
        m->awaits_change = false;
        load_report_done(&m->refused);
        m->retry_usec = USEC_INFINITY;
        backoff_reset(&m->backoff);
}

/* Whether it is worth another try when some time has passed and nothing has changed. With nothing
 * loaded it always is. With an image that is still there, or there again, a try can cost that one:
 * then only what goes away by itself, and has not touched the image. */
static bool time_may_mend(const Machine *m, Failure failure) {
        const LoadReport *r = &m->report;

        return m->facts.loaded != 1 ||
               (!r->was_restored && (failure == FAILURE_BUSY ||
                                     (failure == FAILURE_SYSTEM && r->call_start_usec == 0)));
}

/* Whether, when and what will be tried next. */
static void plan_retry(Step *s, Failure failure) {
        Machine *m = s->m;

        m->awaits_change = false;
        /* What is in the way is looked at, and what lockdown accepts cannot be seen. */
        if (failure == FAILURE_LOCKDOWN ||
            (failure_is_unavailable(failure) && m->facts.obstacle != FAILURE_NONE))
                return;
        if (!time_may_mend(m, failure)) {
                m->awaits_change = true;
                /* A kdump-load that was killed tells nothing; then this is what the last plan has
                 * found, if there was one: what was tried again once is not tried any more. */
                if (m->report.kernel.path && failure != FAILURE_BUSY) {
                        load_report_done(&m->refused);
                        m->refused = m->report;
                        m->report = (LoadReport){ 0 };
                }
        } else if (failure_is_unavailable(failure))
                return;
        step_set_retry(s);
}

/* What an image of ours covers that was loaded right now. */
static void cover_anew(Step *s) {
        Machine *m = s->m;

        m->record.fingerprint = m->covered = m->before;
        m->record.must_reload = m->record.lost_events = m->untold = false;
        m->record.removed_blocks = 0;
        memcpy(m->record.answers, m->facts.answers, sizeof(m->record.answers));
        if (machine_moved(m, &m->before)) {
                machine_touch_batch(m, s->now->monotonic_usec);
                m->batch.look_again = true;
                m->batch.met_load = true;
        }
        step_save(s);
}

/* After a load that failed. */
static void keep_or_forget(Step *s, bool was_restored) {
        Machine *m = s->m;

        if (m->facts.loaded != 1 || !m->have_record) {
                step_forget(s);
                m->foreign = m->facts.loaded == 1;
        } else if (was_restored)
                cover_anew(s);
        else {
                m->untold = m->failure == FAILURE_CRASHED || m->failure == FAILURE_TIMEOUT;
                m->record.must_reload = m->was_stale || m->for_hotplug || m->untold;
                step_save(s);
        }
}

/* The attempt failed, before or in kdump-load. What is loaded now is in the facts. */
static void load_failed(Step *s, Failure failure, const char *text) {
        Machine *m = s->m;
        bool was_restored = m->report.was_restored;
        unsigned waiting = m->waiting;

        m->load_failures++;
        m->failure = failure;
        strscpy(m->failure_text, sizeof(m->failure_text), text);
        plan_retry(s, failure);
        keep_or_forget(s, was_restored);
        m->decision.failure = failure;
        close_decision(s, "failed", m->failure_text);
        m->waiting = 0;
        step_answer(s, waiting, failure, m->failure_text);
        step_ready(s);
}

void step_launch(Step *s) {
        Machine *m = s->m;

        m->was_stale = m->record.must_reload;
        if (m->facts.obstacle != FAILURE_NONE) {
                /* None has run that could have; an answer may still point into its report. */
                m->report.was_restored = false;
                load_failed(s, m->facts.obstacle, m->facts.obstacle_text);
                return;
        }
        m->before = m->facts.fingerprint;
        m->before_seqnum = m->after_seqnum = m->facts.uevent_seqnum;
        m->removal_untried = false;
        /* Should this process die meanwhile, the next one finds an image of which nobody knows
         * whether it is the old or the new one, and what fell into the load. */
        m->record.must_reload = true;
        step_emit(s, ACTION_SAVE_RECORD);
        step_start(s, &(JobOrder){ .job = JOB_LOAD });
}

void step_plan(Step *s) {
        step_start(s, &(JobOrder){ .job = JOB_PLAN });
}

void step_unload(Step *s, Reason reason) {
        compose(s, VERDICT_UNLOAD, reason, NULL);
        s->m->decision_open = true;
        step_start(s, &(JobOrder){ .job = JOB_UNLOAD });
}

/* How long our own loads have left the machine without an image. The gap opens at the system
 * call that takes the old image away and closes with the one that brings the next. */
static void account_gap(Machine *m) {
        const LoadReport *r = &m->report;

        if (r->call_start_usec != 0 && r->had_image && m->unprotected_since_usec == USEC_INFINITY)
                m->unprotected_since_usec = r->call_start_usec;
        if (r->failure == FAILURE_NONE || r->was_restored) {
                m->last_unprotected_usec =
                        m->unprotected_since_usec == USEC_INFINITY
                                ? 0
                                : sub_saturated(r->call_end_usec, m->unprotected_since_usec);
                m->total_unprotected_usec += m->last_unprotected_usec;
                m->unprotected_since_usec = USEC_INFINITY;
        } else if (m->facts.loaded == 1)
                /* It failed before it did any harm. */
                m->unprotected_since_usec = USEC_INFINITY;
}

static void take_record(Step *s) {
        Machine *m = s->m;

        machine_reset_record(m);
        m->record.report = m->report;
        m->report = (LoadReport){ 0 };
        m->record.loaded_realtime_usec = s->now->realtime_usec;
        m->have_record = true;
        m->foreign = false;
}

static void load_succeeded(Step *s) {
        Machine *m = s->m;
        char whole[TIMESPAN_MAX], gap[TIMESPAN_MAX], details[DECISION_DETAILS_MAX];
        uint64_t call = sub_saturated(m->report.call_end_usec, m->report.call_start_usec);
        unsigned waiting = m->waiting;

        machine_forget_failure(m);
        m->note[0] = '\0';
        m->last_load_usec = s->now->realtime_usec;
        m->last_load_duration_usec = add_saturated(m->report.prepare_usec, call);
        if (m->decision.verdict == VERDICT_RELOAD)
                m->reloads++;
        format_timespan(whole, m->last_load_duration_usec);
        format_timespan(gap, m->last_unprotected_usec);
        if (m->last_unprotected_usec > 0)
                strscpyf(details, sizeof(details), "loaded in %s, unprotected for %s", whole, gap);
        else
                strscpyf(details, sizeof(details), "loaded in %s", whole);
        take_record(s);
        cover_anew(s);
        close_decision(s, "ok", details);
        m->waiting = 0;
        step_answer(s, waiting, FAILURE_NONE, NULL);
        step_ready(s);
}

const char *step_failure_text(const Machine *m) {
        switch (m->report.failure) {
        case FAILURE_TIMEOUT:
                return "kdump-load did not end within LoadTimeout= and was killed";
        case FAILURE_VANISHED:
                return "the kernel accepted the image, and then said that none is loaded";
        default:
                return m->report.message ?: "kdump-load failed and did not say why";
        }
}

void step_judge_load(Step *s) {
        Machine *m = s->m;

        m->after_seqnum = m->facts.uevent_seqnum;
        if (m->report.failure == FAILURE_NONE && m->facts.loaded != 1)
                m->report.failure = FAILURE_VANISHED;
        account_gap(m);
        if (m->report.failure == FAILURE_NONE) {
                load_succeeded(s);
                return;
        }
        load_failed(s, m->report.failure, step_failure_text(m));
}

void step_judge_unload(Step *s) {
        Machine *m = s->m;
        const char *text = step_failure_text(m);
        unsigned waiting = m->waiting;

        m->waiting = 0;
        /* Who waited for a load that the unload overtook. */
        step_answer(s, waiting & ~REQUEST_BIT(REQUEST_UNLOAD), FAILURE_BUSY, UNLOAD_OVERTOOK);
        waiting &= REQUEST_BIT(REQUEST_UNLOAD);
        /* However the job ended: what was asked for is that nothing is loaded. */
        if (m->report.failure == FAILURE_NONE || m->facts.loaded == 0) {
                step_forget(s);
                m->wanted = false;
                m->batch.requested = false;
                m->foreign = m->facts.loaded == 1;
                machine_forget_failure(m);
                m->note[0] = '\0';
                m->unprotected_since_usec = USEC_INFINITY;
                close_decision(s, "ok", "");
                step_answer(s, waiting, FAILURE_NONE, NULL);
                step_ready(s);
                return;
        }
        if (m->stopping)
                m->wanted = false; /* it is tried once */
        close_decision(s, "failed", text);
        step_answer(s, waiting, m->report.failure, text);
}
