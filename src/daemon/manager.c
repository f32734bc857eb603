/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager: hands inputs to the state machine and carries out what it answers. */
#include "daemon/manager.h"

#include <stdio.h>

void manager_init(Manager *m, const Ops *ops, void *userdata, const Settings *settings,
                  const char *architecture) {
        *m = (Manager){ .ops = ops, .userdata = userdata, .timer_usec = USEC_INFINITY };
        machine_init(&m->machine, settings, architecture);
}

void manager_done(Manager *m) {
        crash_test_done(&m->aftermath.test);
        configuration_done(&m->configuration);
        machine_done(&m->machine);
}

/* A helper that cannot even be started is a load that failed, told the same way as any other. */
static void start_helper(Manager *m, HelperKind kind) {
        LoadReport report = { .failure = FAILURE_SYSTEM };
        int r;

        r = m->ops->start_helper(m->userdata, kind);
        if (r >= 0)
                return;
        if (asprintf(&report.message, "cannot start kdump-load: %s", strerrordesc_np(-r)) < 0)
                report.message = NULL;
        manager_helper_ended(m, kind, &report);
        load_report_done(&report);
}

static void start_build(Manager *m, const Action *a) {
        HelperKind kind = a->build.force    ? HELPER_REBUILD
                          : a->build.urgent ? HELPER_BUILD_URGENTLY
                                            : HELPER_BUILD;
        BuildReport report = { .failed = true };
        int r;

        r = m->ops->start_helper(m->userdata, kind);
        if (r >= 0)
                return;
        if (asprintf(&report.message, "kdump-mkinitramfs cannot be started: %s",
                     strerrordesc_np(-r)) < 0)
                report.message = NULL;
        manager_build_ended(m, &report);
        build_report_done(&report);
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
        case ACTION_PLAN:
                start_helper(m, HELPER_PLAN);
                break;
        case ACTION_LOAD:
                start_helper(m, HELPER_LOAD);
                break;
        case ACTION_UNLOAD:
                start_helper(m, HELPER_UNLOAD);
                break;
        case ACTION_BUILD:
                start_build(m, a);
                break;
        case ACTION_BUILT:
                ops->built(m->userdata, m->machine.build_state, m->machine.build_text);
                break;
        case ACTION_KILL:
                ops->kill_helper(m->userdata);
                break;
        case ACTION_STUCK:
                ops->helper_stuck(m->userdata, a->stuck.builds);
                break;
        case ACTION_SAVE_RECORD:
                ops->save_record(m->userdata, &m->machine.record);
                break;
        case ACTION_DROP_RECORD:
                ops->drop_record(m->userdata);
                break;
        case ACTION_DECIDED:
                ops->decided(m->userdata, a->decision);
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
        Actions actions;

        machine_step(&m->machine, input, now, &actions);
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
        if (machine_timer_is_first(&m->machine, input, &now))
                make_step(m, &(Input){ .type = INPUT_TIMER }, &now);
        make_step(m, input, &now);
        deadline = machine_deadline(&m->machine);
        if (deadline != m->timer_usec) {
                m->timer_usec = deadline;
                m->ops->set_timer(m->userdata, deadline);
        }
        m->ops->changed(m->userdata);
}

void manager_helper_ended(Manager *m, HelperKind kind, LoadReport *report) {
        static const InputType types[] = {
                [HELPER_PLAN] = INPUT_PLANNED,
                [HELPER_LOAD] = INPUT_LOADED,
                [HELPER_UNLOAD] = INPUT_UNLOADED,
        };
        Input input = { .type = types[kind], .report = report };

        manager_input(m, &input);
}

void manager_build_ended(Manager *m, BuildReport *report) {
        Input input = { .type = INPUT_BUILT, .build = report };

        manager_input(m, &input);
}

const Status *manager_status(Manager *m) {
        status_fill(&m->status, &m->machine, &m->aftermath);
        m->status.configuration_problems = (const char *const *)m->configuration.problems;
        m->status.configuration_changed = m->configuration.changed;
        return &m->status;
}
