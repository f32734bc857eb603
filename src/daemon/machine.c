/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state machine of the crash image: what each input means. */
#include "daemon/machine.h"

#include <errno.h>

#include "daemon/machine-private.h"

static const char *const machine_state_table[_MACHINE_STATE_MAX] = {
        [MACHINE_UNAVAILABLE] = "unavailable", [MACHINE_UNLOADED] = "unloaded",
        [MACHINE_LOADING] = "loading",         [MACHINE_ARMED] = "armed",
        [MACHINE_FAILED] = "failed",
};
static const char *const build_state_table[_BUILD_STATE_MAX] = {
        [BUILD_NONE] = "",
        [BUILD_FRESH] = "fresh",
        [BUILD_BUILT] = "built",
        [BUILD_FAILED] = "failed",
};
DEFINE_NAME_TABLE(build_state, BuildState, _BUILD_STATE_MAX);
DEFINE_NAME_TABLE(machine_state, MachineState, _MACHINE_STATE_MAX);

void machine_init(Machine *m, const Settings *settings, const char *architecture) {
        *m = (Machine){
                .facts.loaded = -ENODATA,
                .second_look_usec = USEC_INFINITY,
                .retry_usec = USEC_INFINITY,
                .hotplug_usec = USEC_INFINITY,
                .log_line_usec = USEC_INFINITY,
                .unprotected_since_usec = USEC_INFINITY,
                .build_for = REASON_CONFIGURATION,
        };
        machine_set_settings(m, settings, architecture);
}

void machine_done(Machine *m) {
        image_record_done(&m->record);
        load_report_done(&m->report);
        load_report_done(&m->refused);
}

void machine_set_settings(Machine *m, const Settings *settings, const char *architecture) {
        m->settings = settings;
        m->triggers = architecture_triggers(architecture);
        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++) {
                m->actions[s] = settings_actions(settings, s, architecture);
                /* What somebody has named is to count. */
                m->idle[s] = settings->triggers[s].automatic ? m->triggers->idle[s] : 0;
        }
}

MachineState machine_state(const Machine *m) {
        if (m->job_stuck)
                return MACHINE_FAILED;
        if (machine_load_runs(m) || !m->ready)
                return MACHINE_LOADING;
        if (m->failure != FAILURE_NONE && m->wanted) {
                if (!failure_is_unavailable(m->failure))
                        return MACHINE_FAILED;
                /* An image that was loaded before loading became impossible still protects. */
                return machine_is_armed(m) ? MACHINE_ARMED : MACHINE_UNAVAILABLE;
        }
        if (machine_is_armed(m))
                return MACHINE_ARMED;
        return m->wanted ? MACHINE_FAILED : MACHINE_UNLOADED;
}

/* While a retry is pending, it is what the batch waits for; and a retry waits for a burst to be
 * over. */
static uint64_t work_due(const Machine *m) {
        uint64_t batch = machine_batch_due(m);

        if (m->retry_usec == USEC_INFINITY || m->batch.requested ||
            (m->awaits_change && m->batch.pending))
                return batch;
        return batch == USEC_INFINITY ? m->retry_usec : MAX(batch, m->retry_usec);
}

uint64_t machine_deadline(const Machine *m) {
        if (m->job_stuck)
                return USEC_INFINITY;
        if (m->job_killed)
                return m->job_deadline_usec;
        /* A build steps aside for a hotplug that the image has to follow. */
        if (m->job == JOB_BUILD && m->ready && machine_is_armed(m) &&
            (m->batch.events > 0 || m->batch.met_load || m->batch.kernel_log))
                return MIN(m->job_deadline_usec, machine_batch_due(m));
        if (m->job != JOB_NONE)
                return m->job_deadline_usec;
        if (m->second_look_usec != USEC_INFINITY)
                return m->second_look_usec;
        if (!m->started || m->stopping)
                return USEC_INFINITY;
        return work_due(m);
}

bool machine_timer_is_first(const Machine *m, const Input *in, const Moment *now) {
        switch (in->type) {
        case INPUT_UEVENT:
        case INPUT_OVERFLOW:
        case INPUT_LOOK_AGAIN:
        case INPUT_KERNEL_LOG:
                return machine_deadline(m) <= now->monotonic_usec;
        default:
                return false;
        }
}

static void on_start(Step *s, ImageRecord *record, bool log_is_whole) {
        Machine *m = s->m;

        if (m->started || m->stopping)
                return;
        m->started = true;
        m->wanted = true;
        m->log_is_whole = log_is_whole;
        m->build_due = true;
        if (record) {
                m->record = *record;
                *record = (ImageRecord){ 0 };
                m->have_record = true;
                m->removal_untried = true;
        }
        step_look(s, LOOK_START);
}

/* Loads, or compares what is loaded with what would be. */
static void replan(Step *s) {
        Machine *m = s->m;
        Reason reason = m->build_for;

        m->build_for = REASON_CONFIGURATION;
        /* A hotplug that has waited for one job does not wait for another. */
        if (m->job != JOB_NONE || m->look != LOOK_NOTHING || !m->started ||
            (m->batch.waited && m->wanted && machine_is_armed(m))) {
                m->replan = m->started;
                return;
        }
        if (!m->wanted)
                return;
        if (!machine_is_armed(m) || (m->failure != FAILURE_NONE && !m->awaits_change))
                step_begin_settled(s, reason, NULL);
        else if (m->have_record || m->awaits_change)
                step_plan(s);
        else if (m->settings->foreign == FOREIGN_REPLACE)
                step_begin_settled(s, REASON_FOREIGN_IMAGE, NULL);
}

static void on_reconfigured(Step *s, Reason reason) {
        Machine *m = s->m;

        m->build_due = true;
        /* Somebody has seen to it. */
        m->awaits_change = false;
        m->build_for = reason;
        if (!step_build_if_due(s, reason))
                replan(s);
}

/* Whoever is busy or not there yet comes to a build anyway. */
static void on_refresh(Step *s) {
        Machine *m = s->m;

        if (!m->ready || m->job != JOB_NONE || m->look != LOOK_NOTHING || !machine_builds(m))
                return;
        m->build_due = true;
        m->build_refreshes = step_build_if_due(s, REASON_CONFIGURATION);
}

static void on_timer(Step *s) {
        Machine *m = s->m;

        if (s->now->monotonic_usec < machine_deadline(m))
                return;
        if (m->job == JOB_BUILD && s->now->monotonic_usec < m->job_deadline_usec) {
                step_overtake_build(s);
                return;
        }
        if (m->job_killed) {
                step_give_up(s);
                return;
        }
        if (m->job != JOB_NONE) {
                step_kill(s);
                return;
        }
        if (m->second_look_usec != USEC_INFINITY) {
                m->second_look_usec = USEC_INFINITY;
                m->second_look = true;
                step_look(s, m->look);
                return;
        }
        if (m->retry_usec != USEC_INFINITY && !m->batch.requested &&
            !(m->awaits_change && m->batch.pending)) {
                /* Whatever kept it from being built may be gone. */
                m->build_due |= m->failure == FAILURE_NO_INITRD;
                if (step_build_if_due(s, REASON_RETRY))
                        return;
                if (m->awaits_change)
                        step_plan(s);
                else
                        step_begin(s, m->have_record ? VERDICT_RELOAD : VERDICT_LOAD, REASON_RETRY,
                                   NULL);
        } else
                step_look(s, LOOK_DECIDE);
}

static void on_watch(Step *s) {
        Machine *m = s->m;

        /* During a job the verdict on it will look anyway, and the attribute must not be read. */
        if (m->job == JOB_NONE && m->look == LOOK_NOTHING && m->started)
                step_look(s, LOOK_WATCH);
}

static void on_glance(Step *s, int loaded) {
        Machine *m = s->m;

        /* The verdict on the job goes by facts of its own; this is for whoever asks meanwhile. */
        if (m->job != JOB_NONE)
                m->facts.loaded = loaded;
        else if (m->facts.loaded != loaded)
                on_watch(s);
}

static void request_load(Step *s, Request request) {
        Machine *m = s->m;

        m->wanted = true;
        if (request == REQUEST_LOAD && m->have_record && machine_is_armed(m) &&
            m->failure == FAILURE_NONE) {
                step_answer(s, REQUEST_BIT(request), FAILURE_NONE, NULL);
                return;
        }
        m->waiting |= REQUEST_BIT(request);
        step_begin_settled(s, REASON_REQUEST, NULL);
}

static void request_rebuild(Step *s) {
        Machine *m = s->m;

        if (!machine_builds(m)) {
                step_answer(s, REQUEST_BIT(REQUEST_REBUILD), FAILURE_CONFIGURATION,
                            "Initrd= in kdumpd.conf says that no initramfs is to be built");
                return;
        }
        if (m->build_stuck) {
                step_answer(s, REQUEST_BIT(REQUEST_REBUILD), FAILURE_BUSY, m->build_text);
                return;
        }
        m->waiting |= REQUEST_BIT(REQUEST_REBUILD);
        step_build(s, true);
}

/* Whatever is asked for last is what remains: an unload takes the place of the loads that
 * waited, and loads that come after it run after it. */
static void enqueue(Step *s, Request request) {
        Machine *m = s->m;
        unsigned loads = m->queued & (REQUEST_BIT(REQUEST_LOAD) | REQUEST_BIT(REQUEST_RELOAD));

        if (request == REQUEST_UNLOAD) {
                m->queued &= ~loads;
                m->waiting &= ~loads;
                step_answer(s, loads, FAILURE_BUSY, UNLOAD_OVERTOOK);
                step_overtake_build(s);
        }
        /* A load that is under way is the one that Load() asks for; the others come after it. */
        if (request == REQUEST_LOAD && m->job == JOB_LOAD && m->queued == 0)
                m->waiting |= REQUEST_BIT(request);
        else
                m->queued |= REQUEST_BIT(request);
}

static void on_request(Step *s, Request request) {
        Machine *m = s->m;

        if (m->job_stuck) {
                step_answer(s, REQUEST_BIT(request), FAILURE_TIMEOUT, STUCK_LOAD_TEXT);
                return;
        }
        if (m->job != JOB_NONE || m->look != LOOK_NOTHING || !m->started) {
                enqueue(s, request);
                return;
        }
        if (request == REQUEST_UNLOAD) {
                m->waiting |= REQUEST_BIT(request);
                step_unload(s, REASON_REQUEST);
        } else if (request == REQUEST_REBUILD)
                request_rebuild(s);
        else
                request_load(s, request);
}

static void stop_now(Step *s) {
        Machine *m = s->m;
        unsigned requests = m->waiting | m->queued;

        m->waiting = m->queued = 0;
        step_answer(s, requests, FAILURE_BUSY, "kdumpd is stopping");
        if (m->settings->unload_on_stop && !m->going_down && m->wanted && m->have_record)
                step_unload(s, REASON_STOP);
        else
                step_emit(s, ACTION_EXIT);
}

static void on_stop(Step *s, bool going_down) {
        Machine *m = s->m;

        if (m->stopping)
                return;
        m->stopping = true;
        m->going_down = going_down;
        /* There is only ever one job, and a load or an unload that was begun is waited for
         * until it is judged. */
        if (m->job_stuck) {
                step_emit(s, ACTION_EXIT);
                return;
        }
        if (m->job == JOB_PLAN || m->job == JOB_BUILD)
                step_kill(s);
        if (m->job != JOB_NONE || m->decision_open)
                return;
        m->look = LOOK_NOTHING;
        m->second_look_usec = USEC_INFINITY;
        s->is_over = true;
}

/* What waited for a job or a look to be over, at the end of the step in which it is. */
static void go_on(Step *s) {
        Machine *m = s->m;

        if (m->job != JOB_NONE || m->look != LOOK_NOTHING)
                return;
        if (m->stopping) {
                stop_now(s);
                return;
        }
        if (m->queued) {
                unsigned queued = m->queued;

                m->queued = 0;
                for (Request r = 0; r < _REQUEST_MAX; r++)
                        if (queued & REQUEST_BIT(r))
                                on_request(s, r);
        }
        /* A build leads to a comparison, too. */
        if (step_build_if_due(s, m->build_for))
                return;
        if (m->replan && m->job == JOB_NONE && m->look == LOOK_NOTHING) {
                m->replan = false;
                replan(s);
        }
}

void machine_step(Machine *m, const Input *in, const Moment *now, Actions *ret) {
        Step s = { .m = m, .now = now, .out = ret };

        ret->n = 0;
        m->facts_are_new = false;
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
