/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: whose calls loaded and unloaded images, by what the kernel
 * notes of them (core/kexec-calls.h). Ours are those of the process and the time that its report
 * names. All others are looked into, and what cannot be told from a foreign load is taken for
 * one. */
#include "daemon/guard-private.h"

/* The clock that notes are made by is CLOCK_MONOTONIC, read without waiting for whoever adjusts it
 * at the moment (ktime_get_mono_fast_ns() in kernel/time/timekeeping.c). */
#define CLOCK_SLACK_USEC (1 * USEC_PER_MSEC)

static bool is_connected(const Calls *c) {
        return c->watch == CALL_WATCH_SEES || c->watch == CALL_WATCH_DEAF;
}

const char *guard_calls_unseen(const Guard *g) {
        switch (g->calls.watch) {
        case CALL_WATCH_NONE:
                return "kdump-watch has not answered yet";
        case CALL_WATCH_BLIND:
                return g->calls.why;
        case CALL_WATCH_DEAF:
                return "it has not noted kdumpd's own last load";
        case CALL_WATCH_SEES:
        default:
                return g->facts.ftrace_is_off ? "kernel.ftrace_enabled=0" : "";
        }
}

static bool is_of(const LoadReport *report, const KexecCall *call) {
        uint64_t usec = call->nsec / 1000;

        return report->pid != 0 && report->call_start_usec != 0 && call->tgid == report->pid &&
               report->call_start_usec <= usec + CLOCK_SLACK_USEC &&
               usec <= report->call_end_usec + CLOCK_SLACK_USEC;
}

/* All up to here is known. */
static void settle(Calls *c, uint64_t count) {
        c->judged = count;
        c->seen = MAX(c->seen, count);
        if (c->n_held > 0)
                c->before = c->held[c->n_held - 1];
        c->n_held = 0;
        c->is_pending = c->are_lost = false;
        c->look_usec = c->look_wait_usec = 0;
}

static void hold(Calls *c, const KexecCall *call) {
        c->is_pending = true;
        c->look_usec = c->look_wait_usec = 0;
        if (c->n_held < CALLS_HELD_MAX)
                c->held[c->n_held++] = *call;
        else
                c->are_lost = true;
}

void step_calls_watched(Step *s, const CallsWatched *watched) {
        Guard *g = s->g;
        Calls *c = &g->calls;
        bool known = g->have_record && g->record.calls_are_known && !guard_load_runs(g);
        bool has_image = g->have_record || guard_load_runs(g);

        *c = (Calls){ .watch = watched->why ? CALL_WATCH_BLIND : CALL_WATCH_SEES,
                      .since_usec = s->now->monotonic_usec };
        strscpy(c->why, sizeof(c->why), strempty(watched->why));
        if (watched->why)
                return;
        settle(c, known ? g->record.calls : watched->count);
        /* Who has called before that was not seen. */
        c->mark_is_due = has_image && !known;
        /* Somebody has called since; or the notes have begun anew, and then nobody knows. */
        c->is_pending = watched->count != c->judged;
        if (watched->count < c->judged) {
                c->are_lost = true;
                c->seen = watched->count;
        }
        if (g->have_record && !c->is_pending && !guard_load_runs(g))
                step_save(s);
}

void step_called(Step *s, const KexecCall *call) {
        Guard *g = s->g;
        Calls *c = &g->calls;

        if (!is_connected(c) || call->count <= c->seen)
                return;
        if (call->count != c->seen + 1)
                c->are_lost = true;
        c->seen = call->count;
        /* A load can outlive the kdumpd that had it made. */
        if (g->have_record && is_of(&g->record.report, call))
                settle(c, call->count);
        else
                hold(c, call);
}

/* A load of ours that was not noted says that others' are not, either. */
static void test_watch(Guard *g, const LoadReport *report, Job job, size_t n_ours) {
        Calls *c = &g->calls;
        size_t least = job == JOB_LOAD ? KEXEC_CALL_NOTES_LOAD : KEXEC_CALL_NOTES_UNLOAD;

        if (report->failure != FAILURE_NONE || report->call_start_usec <= c->since_usec ||
            g->facts.ftrace_is_off)
                return;
        c->watch = n_ours >= least ? CALL_WATCH_SEES : CALL_WATCH_DEAF;
}

void guard_judge_calls(Guard *g, const LoadReport *report, Job job) {
        Calls *c = &g->calls;
        size_t n_ours = 0, first = 0, last = 0;

        c->window_usec = 0;
        /* Whatever the mark said before is over. */
        if (!is_connected(c)) {
                settle(c, c->seen);
                return;
        }
        /* It told nothing: which image is loaded is not known, and not by this either. */
        if (report->failure == FAILURE_CRASHED || report->failure == FAILURE_TIMEOUT) {
                settle(c, c->seen);
                return;
        }
        for (size_t i = 0; i < c->n_held; i++) {
                if (!is_of(report, &c->held[i]))
                        continue;
                if (n_ours++ == 0)
                        first = i;
                last = i;
        }
        test_watch(g, report, job, n_ours);
        if (c->watch == CALL_WATCH_DEAF) {
                settle(c, c->seen);
                return;
        }
        if (n_ours == 0)
                return;
        if (job == JOB_LOAD && report->had_image)
                c->window_usec = (c->held[last].nsec - c->held[first].nsec) / 1000;
        /* What others did before that is over, as ours took it away. */
        c->judged = c->held[last].count;
        c->before = c->held[last];
        c->n_held -= last + 1;
        memmove(c->held, c->held + last + 1, c->n_held * sizeof(c->held[0]));
        if (c->n_held == 0)
                settle(c, c->seen);
}

/* A load leaves two notes with nobody's between, as it holds the kexec lock. What leaves one takes
 * the image away, or is about a kernel for "kexec -e". The image is in before the second note is
 * made (on x86 milliseconds, for which it is made read-only), so that the first may have been taken
 * for one of the latter. */
static bool may_have_loaded(const Calls *c) {
        const KexecCall *before = &c->before;

        for (size_t i = 0; i < c->n_held; before = &c->held[i++])
                if (c->held[i].tgid == before->tgid && c->held[i].count == before->count + 1)
                        return true;
        return c->are_lost;
}

/* In the middle of a call there is no image, and not all is noted. Returns false if there is
 * nothing to wait for. */
static bool wait_for_call(Step *s) {
        Guard *g = s->g;
        Calls *c = &g->calls;
        bool is_over = g->facts.loaded == 1 || !g->facts.kexec_is_busy;

        if (is_over && (g->facts.calls <= c->seen || c->watch != CALL_WATCH_SEES))
                return false;
        /* What is not told after a wait, never will be. */
        if (is_over && c->look_wait_usec > 0) {
                c->are_lost = true;
                c->seen = g->facts.calls;
                return false;
        }
        c->look_wait_usec = c->look_wait_usec == 0
                                    ? SECOND_LOOK_USEC
                                    : MIN(2 * c->look_wait_usec, CALLS_WAIT_MAX_USEC);
        c->look_usec = add_saturated(s->now->monotonic_usec, c->look_wait_usec);
        return true;
}

CallsMeaning step_judge_called(Step *s) {
        Guard *g = s->g;
        Calls *c = &g->calls;
        bool loaded;

        if (!c->is_pending)
                return CALLS_MEAN_NOTHING;
        if (wait_for_call(s))
                return CALLS_MEAN_WAIT;
        loaded = g->facts.loaded == 1 && may_have_loaded(c);
        settle(c, c->seen);
        if (loaded)
                return CALLS_MEAN_LOAD;
        if (g->have_record && g->facts.loaded == 1)
                step_save(s);
        return CALLS_MEAN_NOTHING;
}

void guard_compare_calls(Guard *g) {
        Calls *c = &g->calls;

        if (c->watch == CALL_WATCH_SEES && g->facts.calls > c->seen)
                c->is_pending = true;
}

uint64_t guard_calls_due(const Guard *g) {
        return g->calls.is_pending ? g->calls.look_usec : USEC_INFINITY;
}

/* --- the mark */

/* In the middle of a load or an unload of ours it is not known which one is to be there. */
static bool is_changing(const Guard *g) {
        return g->job == JOB_LOAD || g->job == JOB_UNLOAD || g->look == LOOK_VERIFY ||
               g->look == LOOK_UNLOADED;
}

const char *guard_mark_wanted(const Guard *g) {
        const Calls *c = &g->calls;

        if (!g->started || !g->have_record || g->facts.loaded != 1 || c->is_pending ||
            is_changing(g) || (!c->mark_is_due && *guard_calls_unseen(g) == '\0'))
                return NULL;
        return g->record.report.mark;
}

void guard_mark_anew(Guard *g) {
        Calls *c = &g->calls;

        c->mark_is_proven = false;
        /* Our own load is the test of the mark, too. */
        c->mark_is_due = *guard_calls_unseen(g) != '\0';
}

void step_marked(Step *s, const MarkRead *read) {
        const MarkAnswer *answer = read->answer;
        Guard *g = s->g;
        Calls *c = &g->calls;

        /* It is about an image before. */
        if (!g->have_record || is_changing(g) || !streq_ptr(read->expected, g->record.report.mark))
                return;
        c->mark_is_due = false;
        if (answer->kind == MARK_NOTHING)
                return;
        strscpy(c->mark_why, sizeof(c->mark_why), answer->why);
        if (answer->kind == MARK_UNKNOWN)
                return;
        if (answer->kind == MARK_FOUND && streq(answer->mark, read->expected)) {
                c->mark_is_proven = true;
                c->marks_missed = 0;
                return;
        }
        if (!c->mark_is_proven && c->marks_missed++ >= MARKS_MISSED_MAX) {
                strscpy(c->mark_why, sizeof(c->mark_why),
                        "it is not found in images that were loaded with it");
                return;
        }
        c->is_pending = c->are_lost = true;
        c->look_usec = c->look_wait_usec = 0;
}
