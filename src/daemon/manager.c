/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager: hands inputs to the guard and carries out what it answers. */
#include "daemon/manager.h"

#include <errno.h>
#include <stdio.h>

#include "sys/log.h"

void manager_init(Manager *m, const Ops *ops, void *userdata, const Settings *settings,
                  const char *architecture) {
        *m = (Manager){ .ops = ops, .userdata = userdata, .timer_usec = USEC_INFINITY };
        guard_init(&m->guard, settings, architecture);
}

void manager_done(Manager *m) {
        crash_test_done(&m->aftermath.test);
        asked_done(&m->aftermath.asked);
        asked_machine_done(&m->aftermath.machine);
        configuration_done(&m->configuration);
        guard_done(&m->guard);
}

/* What is missing is the program or, where a service runs it, who listens for that. */
static const char *start_hint(Job job, int error) {
        if (error != -ENOENT && error != -ECONNREFUSED)
                return "";
        return job == JOB_BUILD ? " (is kdumpd-build.socket active?)"
                                : " (is kdumpd-load.socket active?)";
}

/* A job that cannot even be started is one that failed, told the same way as any other. */
static void start_job(Manager *m, const JobOrder *order) {
        JobReport report = { .job = order->job };
        char *text;
        int r;

        r = m->ops->start_job(m->userdata, order);
        if (r >= 0)
                return;
        if (asprintf(&text, "cannot start %s: %s%s", job_program(order->job), strerrordesc_np(-r),
                     start_hint(order->job, r)) < 0)
                text = NULL;
        if (order->job == JOB_BUILD)
                report.build = (BuildReport){ .failed = true, .message = text };
        else
                report.load = (LoadReport){ .failure = FAILURE_SYSTEM, .message = text };
        manager_job_ended(m, &report);
        job_report_done(&report);
}

static void carry_out(Manager *m, const Action *a) {
        const Ops *ops = m->ops;

        switch (a->type) {
        case ACTION_LOOK: {
                Facts facts;
                Input input = { .type = INPUT_FACTS, .facts = &facts };

                ops->look(m->userdata, a->look.attributes, a->look.fingerprint, &facts);
                manager_input(m, &input);
                break;
        }
        case ACTION_START:
                start_job(m, &a->start);
                break;
        case ACTION_BUILT:
                ops->built(m->userdata, m->guard.build_state, m->guard.build_text);
                break;
        case ACTION_KILL:
                ops->kill_job(m->userdata);
                break;
        case ACTION_STUCK:
                ops->job_stuck(m->userdata, a->stuck);
                break;
        case ACTION_SAVE_RECORD:
                ops->save_record(m->userdata, &m->guard.record);
                break;
        case ACTION_DROP_RECORD:
                ops->drop_record(m->userdata);
                break;
        case ACTION_DECIDED:
                ops->decided(m->userdata, a->decision);
                break;
        case ACTION_SHORT:
                ops->too_little(m->userdata, &m->guard.record.report);
                break;
        case ACTION_ANSWER:
                ops->answer(m->userdata, a->answer.requests, a->answer.failure, a->answer.text);
                break;
        case ACTION_READY:
                ops->ready(m->userdata);
                break;
        case ACTION_EXIT:
                ops->quit(m->userdata);
                break;
        }
}

static void make_step(Manager *m, Input *input, const Moment *now) {
        uint64_t lost = m->guard.actions_lost;
        Actions actions;

        guard_step(&m->guard, input, now, &actions);
        if (m->guard.actions_lost != lost)
                log_error("More is to be done at once than there is room for, and part of it is "
                          "lost: a fault of kdumpd; 'systemctl restart kdumpd' starts anew");
        for (size_t i = 0; i < actions.n; i++)
                carry_out(m, &actions.items[i]);
}

void manager_input(Manager *m, Input *input) {
        Moment now;
        uint64_t deadline;

        /* A timer that has gone off stays off until it is set again. */
        if (input->type == INPUT_TIMER)
                m->timer_usec = USEC_INFINITY;
        m->ops->moment(m->userdata, &now);
        if (guard_timer_is_first(&m->guard, input, &now))
                make_step(m, &(Input){ .type = INPUT_TIMER }, &now);
        make_step(m, input, &now);
        deadline = guard_deadline(&m->guard);
        if (deadline != m->timer_usec) {
                m->timer_usec = deadline;
                m->ops->set_timer(m->userdata, deadline);
        }
        m->ops->changed(m->userdata);
}

void manager_job_ended(Manager *m, JobReport *report) {
        manager_input(m, &(Input){ .type = INPUT_ENDED, .ended = report });
}

const Status *manager_status(Manager *m) {
        status_fill(&m->status, &m->guard, &m->aftermath);
        m->status.configuration_problems = m->configuration.problems;
        m->status.configuration_changed = m->configuration.changed;
        return &m->status;
}
