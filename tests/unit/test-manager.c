/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shipped manager and the shipped guard over a fake world. */
#include "test.h"

#include "fake-world.h"

static const char *state(FakeWorld *w) {
        return manager_status(&w->manager)->state;
}

START_TEST(start_load_ready) {
        Input input = { .type = INPUT_START };
        FakeWorld w;

        fake_world_init(&w);
        ck_assert_str_eq(state(&w), "loading");
        manager_input(&w.manager, &input);
        ck_assert(w.running);
        ck_assert_int_eq(w.order.job, JOB_LOAD);
        ck_assert_str_eq(state(&w), "loading");
        ck_assert_uint_eq(w.n_ready, 0);
        ck_assert_uint_eq(w.n_decisions, 0);
        /* It will not wait for ever. */
        ck_assert_uint_eq(w.timer_usec, w.now_usec + w.settings.load_timeout_usec);

        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.n_ready, 1);
        ck_assert_uint_eq(w.n_decisions, 1);
        ck_assert_int_eq(w.decision.verdict, VERDICT_LOAD);
        ck_assert_str_eq(w.decision.result, "ok");
        ck_assert(w.record_kept && !w.record_must_reload);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 1);
        ck_assert_uint_eq(w.timer_usec, USEC_INFINITY);

        const Status *status = manager_status(&w.manager);

        ck_assert_str_eq(status->state, "armed");
        ck_assert_int_eq(status->armed, 1);
        ck_assert_str_eq(status->kernel_file, "/boot/vmlinuz");
        ck_assert_uint_eq(status->last_load_duration_usec, 21000);
        ck_assert_uint_eq(status->last_unprotected_usec, 0);
        ck_assert_uint_eq(status->reloads, 0);
        fake_world_done(&w);
}
END_TEST

START_TEST(adopts_and_plans) {
        ImageRecord record = { 0 };
        Input input = { .type = INPUT_START, .record = &record };
        FakeWorld w;

        fake_world_init(&w);
        w.kernel.loaded = 1;
        record.fingerprint = w.kernel.fingerprint;
        record.report.kernel = (FileIdentity){ strdup("/boot/vmlinuz"), 1, 2, 0, 4 };
        record.report.initrd = (FileIdentity){ strdup("/boot/initrd"), 1, 3, 3, 4 };
        record.report.command_line = strdup("root=/dev/vda irqpoll");
        record.report.loader = strdup("kexec_file_load");
        manager_input(&w.manager, &input);
        /* Its contents have moved. */
        ck_assert_ptr_null(record.report.kernel.path);
        ck_assert(w.running);
        ck_assert_int_eq(w.order.job, JOB_PLAN);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert(!w.running);
        ck_assert_int_eq(w.decision.verdict, VERDICT_ADOPT);
        ck_assert_uint_eq(w.n_ready, 1);
        ck_assert_str_eq(state(&w), "armed");

        /* Another kernel file since: the next reading of the configuration loads it. */
        w.job_mtime = 77;
        fake_world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.order.job, JOB_PLAN);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_int_eq(w.order.job, JOB_LOAD);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_int_eq(w.decision.verdict, VERDICT_RELOAD);
        ck_assert_int_eq(w.decision.cause, REASON_CONFIGURATION);
        fake_world_done(&w);
}
END_TEST

/* A burst of events is one batch, decided when it was quiet for Settle; the timer moves with it. */
START_TEST(burst_reloads_once) {
        unsigned timers;
        FakeWorld w;

        fake_world_init(&w);
        fake_world_arm(&w);
        timers = w.n_timers;
        for (unsigned i = 0; i < 128; i++) {
                fake_world_uevent(&w, SUBSYSTEM_MEMORY, i < 64 ? HOTPLUG_ADD : HOTPLUG_ONLINE);
                ck_assert_uint_eq(w.timer_usec, w.now_usec + w.settings.settle_usec);
                fake_world_pass(&w, 3 * USEC_PER_MSEC);
        }
        ck_assert_uint_eq(w.n_timers, timers + 128);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 1);
        fake_world_pass(&w, w.settings.settle_usec - 4 * USEC_PER_MSEC);
        ck_assert(!w.running);
        fake_world_pass(&w, 2 * USEC_PER_MSEC);
        ck_assert(w.running);
        fake_world_job_ends(&w, FAILURE_NONE);
        fake_world_pass(&w, 60 * USEC_PER_SEC);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 2);
        ck_assert_uint_eq(w.decision.events, 128);
        ck_assert_int_eq(w.decision.verdict, VERDICT_RELOAD);
        ck_assert_uint_eq(manager_status(&w.manager)->batches, 1);
        ck_assert_uint_eq(manager_status(&w.manager)->events_received, 128);
        ck_assert_uint_eq(manager_status(&w.manager)->reloads, 1);
        ck_assert_uint_eq(manager_status(&w.manager)->last_unprotected_usec, 20000);
        fake_world_done(&w);
}
END_TEST

START_TEST(skips_on_one) {
        FakeWorld w;

        fake_world_init(&w);
        fake_world_answers(&w, HOTPLUG_KERNEL_UPDATES);
        fake_world_arm(&w);
        unsigned read = w.attributes_read;

        for (unsigned i = 0; i < 16; i++)
                fake_world_uevent(&w, SUBSYSTEM_CPU, HOTPLUG_OFFLINE);
        ck_assert_uint_eq(w.attributes_read, read);
        fake_world_pass(&w, w.settings.settle_usec);
        ck_assert(!w.running);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 1);
        /* One read for one subsystem, not one for each event. */
        ck_assert_uint_eq(w.attributes_read, read + 1);
        ck_assert_int_eq(w.decision.verdict, VERDICT_SKIP);
        ck_assert_int_eq(w.decision.cause, REASON_KERNEL_UPDATES);
        ck_assert_uint_eq(manager_status(&w.manager)->batches_skipped, 1);
        ck_assert_str_eq(manager_status(&w.manager)->cpu_hotplug, "kernel");
        ck_assert_uint_eq(w.timer_usec, USEC_INFINITY);
        fake_world_done(&w);
}
END_TEST

/* A job that cannot be started is a load that failed: told, tried again, never a dead end. */
START_TEST(cannot_start) {
        Input input = { .type = INPUT_START };
        FakeWorld w;

        fake_world_init(&w);
        w.start_error = -ENOENT;
        manager_input(&w.manager, &input);
        fake_world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_uint_eq(w.n_ready, 1);
        ck_assert_str_eq(w.decision.result, "failed");
        ck_assert_str_eq(w.decision.details, "cannot start kdump-load: No such file or directory "
                                             "(is kdumpd-load.socket active?)");
        ck_assert_int_eq(w.decision.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(state(&w), "failed");
        ck_assert_uint_gt(w.timer_usec, w.now_usec);
        ck_assert_uint_le(w.timer_usec, w.now_usec + USEC_PER_SEC);
        fake_world_request(&w, REQUEST_LOAD);
        fake_world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_uint_eq(w.n_answers, 1);
        ck_assert_int_eq(w.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(w.text, "cannot start kdump-load: No such file or directory "
                                 "(is kdumpd-load.socket active?)");
        fake_world_pass(&w, 600 * USEC_PER_SEC);
        ck_assert_uint_ge(w.n_decisions, 12);
        ck_assert_uint_le(w.n_decisions, 20);
        ck_assert_uint_ne(w.timer_usec, USEC_INFINITY);

        w.start_error = 0;
        fake_world_pass(&w, 60 * USEC_PER_SEC);
        ck_assert(w.running);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_str_eq(state(&w), "armed");
        ck_assert_uint_eq(w.n_ready, 1);

        /* The same for the other two kinds. */
        w.start_error = -EAGAIN;
        fake_world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.decision.cause, REASON_UNPLANNABLE);
        ck_assert_str_eq(state(&w), "armed");
        fake_world_request(&w, REQUEST_UNLOAD);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_UNLOAD));
        ck_assert_int_eq(w.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(state(&w), "armed");
        fake_world_done(&w);
}
END_TEST

START_TEST(killed_on_timeout) {
        Input input = { .type = INPUT_START };
        FakeWorld w;

        fake_world_init(&w);
        manager_input(&w.manager, &input);
        fake_world_pass(&w, w.settings.load_timeout_usec - 1);
        ck_assert_uint_eq(w.n_kills, 0);
        fake_world_pass(&w, 1);
        ck_assert_uint_eq(w.n_kills, 1);
        /* Its end is awaited: no second one beside it, and no killing over and over. */
        fake_world_pass(&w, KILL_PATIENCE_USEC - 1);
        ck_assert_str_eq(state(&w), "loading");
        fake_world_pass(&w, 3600 * USEC_PER_SEC);
        ck_assert_uint_eq(w.n_kills, 1);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 1);
        ck_assert_str_eq(state(&w), "failed");
        fake_world_job_ends(&w, FAILURE_CRASHED);
        fake_world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_int_eq(w.decision.failure, FAILURE_TIMEOUT);
        ck_assert_str_eq(state(&w), "failed");
        fake_world_pass(&w, USEC_PER_SEC);
        ck_assert(w.running);
        fake_world_done(&w);
}
END_TEST

START_TEST(answers) {
        FakeWorld w;

        fake_world_init(&w);
        fake_world_arm(&w);
        /* What is there already. */
        fake_world_request(&w, REQUEST_LOAD);
        ck_assert_uint_eq(w.n_answers, 1);
        ck_assert(!w.running);

        fake_world_request(&w, REQUEST_RELOAD);
        ck_assert(w.running);
        ck_assert_uint_eq(w.n_answers, 1);
        fake_world_request(&w, REQUEST_LOAD);
        fake_world_request(&w, REQUEST_UNLOAD);
        ck_assert_uint_eq(w.n_answers, 1);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.n_answers, 2);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_RELOAD) | REQUEST_BIT(REQUEST_LOAD));
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        /* What came in between waits for its turn. */
        ck_assert(w.running);
        ck_assert_int_eq(w.order.job, JOB_UNLOAD);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_UNLOAD));
        ck_assert_str_eq(state(&w), "unloaded");
        ck_assert(!w.record_kept);

        fake_world_request(&w, REQUEST_LOAD);
        w.job_error = "the kernel is no kernel";
        fake_world_job_ends(&w, FAILURE_BAD_KERNEL);
        fake_world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_int_eq(w.failure, FAILURE_BAD_KERNEL);
        ck_assert_str_eq(w.text, "the kernel is no kernel");
        fake_world_done(&w);
}
END_TEST

START_TEST(stopping) {
        FakeWorld w;

        /* Idle: at once, and the image stays. */
        fake_world_init(&w);
        fake_world_arm(&w);
        fake_world_input(&w, INPUT_STOP);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert_uint_eq(w.n_started[JOB_UNLOAD], 0);
        ck_assert(w.record_kept);
        fake_world_done(&w);

        /* A load is waited for. */
        fake_world_init(&w);
        fake_world_arm(&w);
        fake_world_request(&w, REQUEST_RELOAD);
        fake_world_input(&w, INPUT_STOP);
        fake_world_input(&w, INPUT_STOP);
        ck_assert_uint_eq(w.n_quit, 0);
        ck_assert_uint_eq(w.n_kills, 0);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert(w.record_kept);
        fake_world_done(&w);

        /* Unless it hangs. */
        fake_world_init(&w);
        fake_world_arm(&w);
        fake_world_request(&w, REQUEST_RELOAD);
        fake_world_input(&w, INPUT_STOP);
        fake_world_pass(&w, w.settings.load_timeout_usec);
        ck_assert_uint_eq(w.n_kills, 1);
        fake_world_job_ends(&w, FAILURE_CRASHED);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert_int_eq(w.failure, FAILURE_TIMEOUT);
        fake_world_done(&w);

        fake_world_init(&w);
        w.settings.unload_on_stop = true;
        fake_world_arm(&w);
        fake_world_input(&w, INPUT_STOP);
        ck_assert_uint_eq(w.n_quit, 0);
        ck_assert_int_eq(w.order.job, JOB_UNLOAD);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert_int_eq(w.decision.cause, REASON_STOP);
        ck_assert(!w.record_kept);
        fake_world_done(&w);
}
END_TEST

/* A dry run is not worth waiting for. But there is one job at a time, so its end comes before
 * the unload. */
START_TEST(stopping_while_planning) {
        FakeWorld w;

        for (int unload = 0; unload < 2; unload++) {
                fake_world_init(&w);
                w.settings.unload_on_stop = unload;
                fake_world_arm(&w);
                fake_world_input(&w, INPUT_RECONFIGURED);
                ck_assert_int_eq(w.order.job, JOB_PLAN);
                fake_world_input(&w, INPUT_STOP);
                ck_assert_uint_eq(w.n_kills, 1);
                fake_world_pass(&w, KILL_PATIENCE_USEC - 1);
                ck_assert_uint_eq(w.n_kills, 1);
                ck_assert_uint_eq(w.n_quit, 0);
                fake_world_job_ends(&w, FAILURE_CRASHED);
                ck_assert_uint_eq(w.n_started[JOB_UNLOAD], (unsigned)unload);
                if (unload)
                        fake_world_job_ends(&w, FAILURE_NONE);
                ck_assert_uint_eq(w.n_quit, 1);
                ck_assert_int_eq(w.kernel.loaded, !unload);
                fake_world_done(&w);
        }
}
END_TEST

/* One that cannot be killed does not keep the service from ending. */
START_TEST(stopping_while_stuck) {
        FakeWorld w;

        fake_world_init(&w);
        fake_world_arm(&w);
        fake_world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.order.job, JOB_PLAN);
        fake_world_input(&w, INPUT_STOP);
        fake_world_pass(&w, KILL_PATIENCE_USEC);
        ck_assert_uint_eq(w.n_quit, 1);
        fake_world_job_ends(&w, FAILURE_CRASHED);
        ck_assert_uint_eq(w.n_quit, 1);
        fake_world_done(&w);
}
END_TEST

/* Whoever keeps the timer keeps it off once it has gone off; so a timer that went off too early, or
 * for a deadline that has not moved, has to be set again. */
START_TEST(timer_is_set_again) {
        unsigned timers;
        FakeWorld w;

        fake_world_init(&w);
        fake_world_arm(&w);
        timers = w.n_timers;
        fake_world_input(&w, INPUT_WATCH);
        ck_assert_uint_eq(w.n_timers, timers);
        fake_world_uevent(&w, SUBSYSTEM_CPU, HOTPLUG_ADD);
        ck_assert_uint_eq(w.n_timers, timers + 1);
        /* The same moment, the same deadline: nothing to do. */
        fake_world_uevent(&w, SUBSYSTEM_CPU, HOTPLUG_ADD);
        ck_assert_uint_eq(w.n_timers, timers + 1);

        uint64_t deadline = w.timer_usec;

        w.now_usec = deadline - 1;
        w.timer_usec = USEC_INFINITY;
        fake_world_input(&w, INPUT_TIMER);
        ck_assert(!w.running);
        ck_assert_uint_eq(w.timer_usec, deadline);
        fake_world_pass(&w, 1);
        ck_assert(w.running);
        fake_world_done(&w);
}
END_TEST

/* A flood of events that leaves the loop no time for the timer does not put the decision off. */
START_TEST(timer_goes_first) {
        uint64_t start;
        FakeWorld w;

        fake_world_init(&w);
        fake_world_arm(&w);
        start = w.now_usec;
        while (!w.running) {
                fake_world_uevent(&w, SUBSYSTEM_MEMORY, HOTPLUG_ADD);
                w.now_usec += USEC_PER_MSEC;
                ck_assert_uint_le(w.now_usec - start,
                                  w.settings.max_delay_usec + 2 * USEC_PER_MSEC);
        }
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.decision.events, w.settings.max_delay_usec / USEC_PER_MSEC);
        fake_world_done(&w);
}
END_TEST

/* changed() is called after everything that changes what manager_status() tells. */
START_TEST(changes_are_told) {
        static const InputType types[] = {
                INPUT_OVERFLOW, INPUT_LOOK_AGAIN,   INPUT_KERNEL_LOG,
                INPUT_WATCH,    INPUT_RECONFIGURED, INPUT_STOP,
        };
        FakeWorld w;

        fake_world_init(&w);
        fake_world_arm(&w);
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                unsigned changed = w.n_changed;

                fake_world_input(&w, types[i]);
                ck_assert_uint_gt(w.n_changed, changed);
        }
        fake_world_done(&w);
}
END_TEST

static void fake_world_init_building(FakeWorld *w) {
        fake_world_init(w);
        free(w->settings.initrd);
        w->settings.initrd = strdup("auto");
}

START_TEST(builds) {
        Input input = { .type = INPUT_START };
        FakeWorld w;

        fake_world_init_building(&w);
        manager_input(&w.manager, &input);
        ck_assert_int_eq(w.order.job, JOB_BUILD);
        ck_assert(w.order.urgent && !w.order.force);
        ck_assert_str_eq(manager_status(&w.manager)->initrd_state, "building");
        fake_world_build_ends(&w, NULL);
        ck_assert_uint_eq(w.n_built, 1);
        ck_assert_int_eq(w.build_state, BUILD_BUILT);
        ck_assert_str_eq(w.text, "7.0 MiB");
        ck_assert_uint_eq(manager_status(&w.manager)->initrd_unpacked_bytes, 7 << 20);
        ck_assert_int_eq(w.order.job, JOB_LOAD);
        fake_world_job_ends(&w, FAILURE_NONE);
        ck_assert_str_eq(state(&w), "armed");
        fake_world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.order.job, JOB_BUILD);
        ck_assert(!w.order.urgent && !w.order.force);
        fake_world_build_ends(&w, NULL);
        fake_world_job_ends(&w, FAILURE_NONE);
        fake_world_request(&w, REQUEST_REBUILD);
        ck_assert_int_eq(w.order.job, JOB_BUILD);
        ck_assert(!w.order.urgent && w.order.force);
        fake_world_build_ends(&w, "no module");
        ck_assert_int_eq(w.build_state, BUILD_FAILED);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_REBUILD));
        ck_assert_int_eq(w.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(w.text, "no module");
        fake_world_done(&w);
}
END_TEST

START_TEST(builder_cannot_be_started) {
        Input input = { .type = INPUT_START };
        FakeWorld w;

        fake_world_init_building(&w);
        w.start_error = -ENOENT;
        manager_input(&w.manager, &input);
        ck_assert_uint_eq(w.n_built, 1);
        ck_assert_str_eq(manager_status(&w.manager)->initrd_message,
                         "cannot start kdump-mkinitramfs: No such file or directory "
                         "(is kdumpd-build.socket active?)");
        fake_world_done(&w);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, builds);
        ADD_TEST(s, builder_cannot_be_started);
        ADD_TEST(s, start_load_ready);
        ADD_TEST(s, adopts_and_plans);
        ADD_TEST(s, burst_reloads_once);
        ADD_TEST(s, skips_on_one);
        ADD_TEST(s, cannot_start);
        ADD_TEST(s, killed_on_timeout);
        ADD_TEST(s, answers);
        ADD_TEST(s, stopping);
        ADD_TEST(s, stopping_while_planning);
        ADD_TEST(s, stopping_while_stuck);
        ADD_TEST(s, timer_is_set_again);
        ADD_TEST(s, timer_goes_first);
        ADD_TEST(s, changes_are_told);
}

TEST_MAIN("manager", add_cases)
