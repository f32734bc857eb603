/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard of the crash kernel image: what each input means. */
#include "daemon/guard.h"

#include <errno.h>

#include "daemon/guard-private.h"

static const char *const image_state_table[_IMAGE_STATE_MAX] = {
        [IMAGE_UNAVAILABLE] = "unavailable", [IMAGE_UNLOADED] = "unloaded",
        [IMAGE_LOADING] = "loading",         [IMAGE_ARMED] = "armed",
        [IMAGE_FAILED] = "failed",
};
static const char *const build_state_table[_BUILD_STATE_MAX] = {
        [BUILD_NONE] = "",
        [BUILD_FRESH] = "fresh",
        [BUILD_BUILT] = "built",
        [BUILD_FAILED] = "failed",
};
DEFINE_NAME_TABLE(build_state, BuildState, _BUILD_STATE_MAX);
DEFINE_NAME_TABLE(image_state, ImageState, _IMAGE_STATE_MAX);

void guard_init(Guard *g, const Settings *settings, const char *architecture) {
        *g = (Guard){
                .facts.loaded = -ENODATA,
                .second_look_usec = USEC_INFINITY,
                .retry_usec = USEC_INFINITY,
                .hotplug_usec = USEC_INFINITY,
                .log_line_usec = USEC_INFINITY,
                .unprotected_since_usec = USEC_INFINITY,
                .build_for = REASON_CONFIGURATION,
                .dump_level = UINT64_MAX,
        };
        guard_set_settings(g, settings, architecture);
}

void guard_done(Guard *g) {
        image_record_done(&g->record);
        load_report_done(&g->report);
        load_report_done(&g->refused);
}

void guard_set_settings(Guard *g, const Settings *settings, const char *architecture) {
        g->settings = settings;
        g->triggers = architecture_triggers(architecture);
        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++) {
                g->actions[s] = settings_actions(settings, s, architecture);
                /* What somebody has named is to count. */
                g->idle[s] = settings->triggers[s].automatic ? g->triggers->idle[s] : 0;
        }
}

ImageState guard_state(const Guard *g) {
        if (g->job_stuck)
                return IMAGE_FAILED;
        if (guard_load_runs(g) || !g->ready)
                return IMAGE_LOADING;
        if (g->failure != FAILURE_NONE && g->wanted) {
                if (!failure_is_unavailable(g->failure))
                        return IMAGE_FAILED;
                /* An image that was loaded before loading became impossible still protects. */
                return guard_is_armed(g) ? IMAGE_ARMED : IMAGE_UNAVAILABLE;
        }
        if (guard_is_armed(g))
                return IMAGE_ARMED;
        return g->wanted ? IMAGE_FAILED : IMAGE_UNLOADED;
}

/* While a retry is pending, it is what the batch waits for; and a retry waits for a burst to be
 * over. */
static uint64_t work_due(const Guard *g) {
        uint64_t batch = guard_batch_due(g);

        if (g->retry_usec == USEC_INFINITY || g->batch.requested ||
            (g->awaits_change && g->batch.pending))
                return batch;
        return batch == USEC_INFINITY ? g->retry_usec : MAX(batch, g->retry_usec);
}

uint64_t guard_deadline(const Guard *g) {
        if (g->job_stuck)
                return USEC_INFINITY;
        if (g->job_killed)
                return g->job_deadline_usec;
        /* A build steps aside for a hotplug that the image has to follow. */
        if (g->job == JOB_BUILD && g->ready && guard_is_armed(g) &&
            (g->batch.events > 0 || g->batch.met_load || g->batch.kernel_log))
                return MIN(g->job_deadline_usec, guard_batch_due(g));
        if (g->job != JOB_NONE)
                return g->job_deadline_usec;
        if (g->second_look_usec != USEC_INFINITY)
                return g->second_look_usec;
        if (!g->started || g->stopping)
                return USEC_INFINITY;
        /* What somebody else does with the image is found out before more is made of it. */
        return g->calls.is_pending ? guard_calls_due(g) : work_due(g);
}

bool guard_timer_is_first(const Guard *g, const Input *in, const Moment *now) {
        switch (in->type) {
        case INPUT_UEVENT:
        case INPUT_OVERFLOW:
        case INPUT_LOOK_AGAIN:
        case INPUT_KERNEL_LOG:
                return guard_deadline(g) <= now->monotonic_usec;
        default:
                return false;
        }
}

static void on_start(Step *s, ImageRecord *record, bool log_is_whole) {
        Guard *g = s->g;

        if (g->started || g->stopping)
                return;
        g->started = true;
        g->wanted = true;
        g->log_is_whole = log_is_whole;
        g->build_due = true;
        if (record) {
                g->record = *record;
                *record = (ImageRecord){ 0 };
                g->have_record = true;
                if (g->record.report.advice)
                        g->short_told_bytes = g->record.report.wanted_bytes;
                g->removal_untried = true;
        }
        step_look(s, LOOK_START);
}

/* Loads, or compares what is loaded with what would be. */
static void replan(Step *s) {
        Guard *g = s->g;
        Reason reason = g->build_for;

        g->build_for = REASON_CONFIGURATION;
        /* A hotplug that has waited for one job does not wait for another. */
        if (g->job != JOB_NONE || g->look != LOOK_NOTHING || !g->started ||
            (g->batch.waited && g->wanted && guard_is_armed(g))) {
                g->replan = g->started;
                return;
        }
        if (!g->wanted)
                return;
        if (!guard_is_armed(g) || (g->failure != FAILURE_NONE && !g->awaits_change))
                step_begin_settled(s, reason, NULL);
        else if (g->have_record || g->awaits_change)
                step_plan(s);
        else if (g->settings->foreign == FOREIGN_REPLACE)
                step_begin_settled(s, REASON_FOREIGN_IMAGE, NULL);
}

static void on_reconfigured(Step *s, Reason reason) {
        Guard *g = s->g;

        g->build_due = true;
        /* Somebody has seen to it. */
        g->awaits_change = false;
        g->build_for = reason;
        if (!step_build_if_due(s, reason))
                replan(s);
}

/* Whoever is busy or not there yet comes to a build anyway. */
static void on_refresh(Step *s) {
        Guard *g = s->g;

        if (!g->ready || g->job != JOB_NONE || g->look != LOOK_NOTHING || !guard_builds(g))
                return;
        g->build_due = true;
        g->build_refreshes = step_build_if_due(s, REASON_CONFIGURATION);
}

static bool look_if_called(Step *s) {
        Guard *g = s->g;

        if (g->job != JOB_NONE || g->look != LOOK_NOTHING || !g->started || g->stopping ||
            s->now->monotonic_usec < guard_calls_due(g))
                return false;
        step_look(s, LOOK_CALLED);
        return true;
}

static void on_called(Step *s) {
        Guard *g = s->g;

        if (guard_calls_due(g) == USEC_INFINITY || look_if_called(s))
                return;
        if (g->ready && g->job == JOB_BUILD)
                step_overtake_build(s);
}

static void on_timer(Step *s) {
        Guard *g = s->g;

        if (s->now->monotonic_usec < guard_deadline(g))
                return;
        if (g->job == JOB_BUILD && s->now->monotonic_usec < g->job_deadline_usec) {
                step_overtake_build(s);
                return;
        }
        if (g->job_killed) {
                step_give_up(s);
                return;
        }
        if (g->job != JOB_NONE) {
                step_kill(s);
                return;
        }
        if (g->second_look_usec != USEC_INFINITY) {
                g->second_look_usec = USEC_INFINITY;
                g->second_look = true;
                step_look(s, g->look);
                return;
        }
        if (look_if_called(s))
                return;
        if (g->retry_usec != USEC_INFINITY && !g->batch.requested &&
            !(g->awaits_change && g->batch.pending)) {
                /* Whatever kept it from being built may be gone. */
                g->build_due |= g->failure == FAILURE_NO_INITRD;
                if (step_build_if_due(s, REASON_RETRY))
                        return;
                if (g->awaits_change)
                        step_plan(s);
                else if (!g->have_record && g->failure == FAILURE_BUSY) {
                        /* Somebody else's call was under way, and may have loaded an image. */
                        g->retry_usec = USEC_INFINITY;
                        step_look(s, LOOK_START);
                } else
                        step_begin(s, g->have_record ? VERDICT_RELOAD : VERDICT_LOAD, REASON_RETRY,
                                   NULL);
        } else
                step_look(s, LOOK_DECIDE);
}

static void on_watch(Step *s) {
        Guard *g = s->g;

        /* During a job the verdict on it will look anyway, and the attribute must not be read. */
        if (g->job == JOB_NONE && g->look == LOOK_NOTHING && g->started)
                step_look(s, LOOK_WATCH);
}

static void on_glance(Step *s, int loaded) {
        Guard *g = s->g;

        /* The verdict on the job goes by facts of its own; this is for whoever asks meanwhile. */
        if (g->job != JOB_NONE)
                g->facts.loaded = loaded;
        else if (g->facts.loaded != loaded)
                on_watch(s);
}

static void request_load(Step *s, Request request) {
        Guard *g = s->g;

        g->wanted = true;
        if (request == REQUEST_LOAD && g->have_record && guard_is_armed(g) &&
            g->failure == FAILURE_NONE) {
                step_answer(s, REQUEST_BIT(request), FAILURE_NONE, NULL);
                return;
        }
        g->waiting |= REQUEST_BIT(request);
        step_begin_settled(s, REASON_REQUEST, NULL);
}

static void request_rebuild(Step *s) {
        Guard *g = s->g;

        if (!guard_builds(g)) {
                step_answer(s, REQUEST_BIT(REQUEST_REBUILD), FAILURE_CONFIGURATION,
                            "Initrd= in kdumpd.conf says that no initramfs is to be built");
                return;
        }
        if (g->build_stuck) {
                step_answer(s, REQUEST_BIT(REQUEST_REBUILD), FAILURE_BUSY, g->build_text);
                return;
        }
        g->waiting |= REQUEST_BIT(REQUEST_REBUILD);
        step_build(s, true);
}

/* Whatever is asked for last is what remains: an unload takes the place of the loads that
 * waited, and loads that come after it run after it. */
static void enqueue(Step *s, Request request) {
        Guard *g = s->g;
        unsigned loads = g->queued & (REQUEST_BIT(REQUEST_LOAD) | REQUEST_BIT(REQUEST_RELOAD));

        if (request == REQUEST_UNLOAD) {
                g->queued &= ~loads;
                g->waiting &= ~loads;
                step_answer(s, loads, FAILURE_BUSY, UNLOAD_OVERTOOK);
                step_overtake_build(s);
        }
        /* A load that is under way is the one that Load() asks for; the others come after it. */
        if (request == REQUEST_LOAD && g->job == JOB_LOAD && g->queued == 0)
                g->waiting |= REQUEST_BIT(request);
        else
                g->queued |= REQUEST_BIT(request);
}

static void on_request(Step *s, Request request) {
        Guard *g = s->g;

        if (g->job_stuck) {
                step_answer(s, REQUEST_BIT(request), FAILURE_TIMEOUT, STUCK_LOAD_TEXT);
                return;
        }
        if (g->job != JOB_NONE || g->look != LOOK_NOTHING || !g->started) {
                enqueue(s, request);
                return;
        }
        if (request == REQUEST_UNLOAD) {
                g->waiting |= REQUEST_BIT(request);
                step_unload(s, REASON_REQUEST);
        } else if (request == REQUEST_REBUILD)
                request_rebuild(s);
        else
                request_load(s, request);
}

static void stop_now(Step *s) {
        Guard *g = s->g;
        unsigned requests = g->waiting | g->queued;

        g->waiting = g->queued = 0;
        step_answer(s, requests, FAILURE_BUSY, "kdumpd is stopping");
        if (g->settings->unload_on_stop && !g->going_down && g->wanted && g->have_record)
                step_unload(s, REASON_STOP);
        else
                step_emit(s, ACTION_EXIT);
}

static void on_stop(Step *s, bool going_down) {
        Guard *g = s->g;

        if (g->stopping)
                return;
        g->stopping = true;
        g->going_down = going_down;
        /* There is only ever one job, and a load or an unload that was begun is waited for
         * until it is judged. */
        if (g->job_stuck) {
                step_emit(s, ACTION_EXIT);
                return;
        }
        if (g->job == JOB_PLAN || g->job == JOB_BUILD)
                step_kill(s);
        if (g->job != JOB_NONE || g->decision_open)
                return;
        g->look = LOOK_NOTHING;
        g->second_look_usec = USEC_INFINITY;
        s->is_over = true;
}

/* What waited for a job or a look to be over, at the end of the step in which it is. */
static void go_on(Step *s) {
        Guard *g = s->g;

        if (g->job != JOB_NONE || g->look != LOOK_NOTHING)
                return;
        if (g->stopping) {
                stop_now(s);
                return;
        }
        if (look_if_called(s))
                return;
        if (g->queued) {
                unsigned queued = g->queued;

                g->queued = 0;
                for (Request r = 0; r < _REQUEST_MAX; r++)
                        if (queued & REQUEST_BIT(r))
                                on_request(s, r);
        }
        /* A build leads to a comparison, too. */
        if (step_build_if_due(s, g->build_for))
                return;
        if (g->replan && g->job == JOB_NONE && g->look == LOOK_NOTHING) {
                g->replan = false;
                replan(s);
        }
}

void guard_step(Guard *g, const Input *in, const Moment *now, Actions *ret) {
        Step s = { .g = g, .now = now, .out = ret };

        ret->n = 0;
        g->facts_are_new = false;
        switch (in->type) {
        case INPUT_START:
                on_start(&s, in->record, in->log_is_whole);
                break;
        case INPUT_UEVENT:
                step_uevent(&s, in);
                break;
        case INPUT_OVERFLOW:
                step_overflow(&s);
                break;
        case INPUT_LOOK_AGAIN:
                step_look_again(&s);
                break;
        case INPUT_RECONFIGURED:
                on_reconfigured(&s, REASON_CONFIGURATION);
                break;
        case INPUT_MOUNTED:
                on_reconfigured(&s, REASON_MOUNTED);
                break;
        case INPUT_REFRESH:
                on_refresh(&s);
                break;
        case INPUT_KERNEL_LOG:
                step_kernel_log(&s, in->log_was_lost);
                break;
        case INPUT_TIMER:
                on_timer(&s);
                break;
        case INPUT_WATCH:
                on_watch(&s);
                break;
        case INPUT_GLANCE:
                on_glance(&s, in->loaded);
                break;
        case INPUT_CALLS_WATCHED:
                step_calls_watched(&s, &in->watched);
                on_called(&s);
                break;
        case INPUT_CALLED:
                step_called(&s, &in->called);
                on_called(&s);
                break;
        case INPUT_MARK:
                step_marked(&s, &in->mark);
                on_called(&s);
                break;
        case INPUT_FACTS:
                step_facts(&s, in->facts);
                break;
        case INPUT_ENDED:
                step_ended(&s, in->ended);
                break;
        case INPUT_UNSTUCK:
                step_build_unstuck(&s);
                break;
        case INPUT_REQUEST:
                on_request(&s, in->request);
                break;
        case INPUT_STOP:
                on_stop(&s, in->going_down);
                break;
        }
        if (s.is_over)
                go_on(&s);
}
