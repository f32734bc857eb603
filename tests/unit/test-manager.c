/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shipped manager and the shipped guard over a made-up world. */
#include "test.h"

#include "fake-world.h"

static const char *state(World *w) {
        return manager_status(&w->manager)->state;
}

START_TEST(start_load_ready) {
        Input input = { .type = INPUT_START };
        World w;

        world_init(&w);
        ck_assert_str_eq(state(&w), "loading");
        manager_input(&w.manager, &input);
        ck_assert(w.running);
        ck_assert_int_eq(w.order.job, JOB_LOAD);
        ck_assert_str_eq(state(&w), "loading");
        ck_assert_uint_eq(w.n_ready, 0);
        ck_assert_uint_eq(w.n_decisions, 0);
        /* It will not wait for ever. */
        ck_assert_uint_eq(w.timer_usec, w.now_usec + w.settings.load_timeout_usec);

        world_job_ends(&w, FAILURE_NONE);
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
        world_done(&w);
}
END_TEST

START_TEST(adopts_and_plans) {
        ImageRecord record = { 0 };
        Input input = { .type = INPUT_START, .record = &record };
        World w;

        world_init(&w);
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
        world_job_ends(&w, FAILURE_NONE);
        ck_assert(!w.running);
        ck_assert_int_eq(w.decision.verdict, VERDICT_ADOPT);
        ck_assert_uint_eq(w.n_ready, 1);
        ck_assert_str_eq(state(&w), "armed");

        /* Another kernel file since: the next reading of the configuration loads it. */
        w.job_mtime = 77;
        world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.order.job, JOB_PLAN);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_int_eq(w.order.job, JOB_LOAD);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_int_eq(w.decision.verdict, VERDICT_RELOAD);
        ck_assert_int_eq(w.decision.cause, REASON_CONFIGURATION);
        world_done(&w);
}
END_TEST

/* A burst of events is one batch, decided when it was quiet for Settle; the timer moves with it. */
START_TEST(burst_reloads_once) {
        unsigned timers;
        World w;

        world_init(&w);
        world_arm(&w);
        timers = w.n_timers;
        for (unsigned i = 0; i < 128; i++) {
                world_uevent(&w, SUBSYSTEM_MEMORY, i < 64 ? HOTPLUG_ADD : HOTPLUG_ONLINE);
                ck_assert_uint_eq(w.timer_usec, w.now_usec + w.settings.settle_usec);
                world_pass(&w, 3 * USEC_PER_MSEC);
        }
        ck_assert_uint_eq(w.n_timers, timers + 128);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 1);
        world_pass(&w, w.settings.settle_usec - 4 * USEC_PER_MSEC);
        ck_assert(!w.running);
        world_pass(&w, 2 * USEC_PER_MSEC);
        ck_assert(w.running);
        world_job_ends(&w, FAILURE_NONE);
        world_pass(&w, 60 * USEC_PER_SEC);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 2);
        ck_assert_uint_eq(w.decision.events, 128);
        ck_assert_int_eq(w.decision.verdict, VERDICT_RELOAD);
        ck_assert_uint_eq(manager_status(&w.manager)->batches, 1);
        ck_assert_uint_eq(manager_status(&w.manager)->events_received, 128);
        ck_assert_uint_eq(manager_status(&w.manager)->reloads, 1);
        ck_assert_uint_eq(manager_status(&w.manager)->last_unprotected_usec, 20000);
        world_done(&w);
}
END_TEST

START_TEST(skips_on_one) {
        World w;

        world_init(&w);
        world_answers(&w, HOTPLUG_KERNEL_UPDATES);
        world_arm(&w);
        unsigned read = w.attributes_read;

        for (unsigned i = 0; i < 16; i++)
                world_uevent(&w, SUBSYSTEM_CPU, HOTPLUG_OFFLINE);
        ck_assert_uint_eq(w.attributes_read, read);
        world_pass(&w, w.settings.settle_usec);
        ck_assert(!w.running);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 1);
        /* One read for one subsystem, not one for each event. */
        ck_assert_uint_eq(w.attributes_read, read + 1);
        ck_assert_int_eq(w.decision.verdict, VERDICT_SKIP);
        ck_assert_int_eq(w.decision.cause, REASON_KERNEL_UPDATES);
        ck_assert_uint_eq(manager_status(&w.manager)->batches_skipped, 1);
        ck_assert_str_eq(manager_status(&w.manager)->cpu_hotplug, "kernel");
        ck_assert_uint_eq(w.timer_usec, USEC_INFINITY);
        world_done(&w);
}
END_TEST

/* A job that cannot be started is a load that failed: told, tried again, never a dead end. */
START_TEST(cannot_start) {
        Input input = { .type = INPUT_START };
        World w;

        world_init(&w);
        w.start_error = -ENOENT;
        manager_input(&w.manager, &input);
        world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_uint_eq(w.n_ready, 1);
        ck_assert_str_eq(w.decision.result, "failed");
        ck_assert_str_eq(w.decision.details, "cannot start kdump-load: No such file or directory");
        ck_assert_int_eq(w.decision.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(state(&w), "failed");
        ck_assert_uint_gt(w.timer_usec, w.now_usec);
        ck_assert_uint_le(w.timer_usec, w.now_usec + USEC_PER_SEC);
        world_request(&w, REQUEST_LOAD);
        world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_uint_eq(w.n_answers, 1);
        ck_assert_int_eq(w.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(w.text, "cannot start kdump-load: No such file or directory");
        world_pass(&w, 600 * USEC_PER_SEC);
        ck_assert_uint_ge(w.n_decisions, 12);
        ck_assert_uint_le(w.n_decisions, 20);
        ck_assert_uint_ne(w.timer_usec, USEC_INFINITY);

        w.start_error = 0;
        world_pass(&w, 60 * USEC_PER_SEC);
        ck_assert(w.running);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_str_eq(state(&w), "armed");
        ck_assert_uint_eq(w.n_ready, 1);

        /* The same for the other two kinds. */
        w.start_error = -EAGAIN;
        world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.decision.cause, REASON_UNPLANNABLE);
        ck_assert_str_eq(state(&w), "armed");
        world_request(&w, REQUEST_UNLOAD);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_UNLOAD));
        ck_assert_int_eq(w.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(state(&w), "armed");
        world_done(&w);
}
END_TEST

START_TEST(killed_on_timeout) {
        Input input = { .type = INPUT_START };
        World w;

        world_init(&w);
        manager_input(&w.manager, &input);
        world_pass(&w, w.settings.load_timeout_usec - 1);
        ck_assert_uint_eq(w.n_kills, 0);
        world_pass(&w, 1);
        ck_assert_uint_eq(w.n_kills, 1);
        /* Its end is awaited: no second one beside it, and no killing over and over. */
        world_pass(&w, KILL_PATIENCE_USEC - 1);
        ck_assert_str_eq(state(&w), "loading");
        world_pass(&w, 3600 * USEC_PER_SEC);
        ck_assert_uint_eq(w.n_kills, 1);
        ck_assert_uint_eq(w.n_started[JOB_LOAD], 1);
        ck_assert_str_eq(state(&w), "failed");
        world_job_ends(&w, FAILURE_CRASHED);
        world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_int_eq(w.decision.failure, FAILURE_TIMEOUT);
        ck_assert_str_eq(state(&w), "failed");
        world_pass(&w, USEC_PER_SEC);
        ck_assert(w.running);
        world_done(&w);
}
END_TEST

START_TEST(answers) {
        World w;

        world_init(&w);
        world_arm(&w);
        /* What is there already. */
        world_request(&w, REQUEST_LOAD);
        ck_assert_uint_eq(w.n_answers, 1);
        ck_assert(!w.running);

        world_request(&w, REQUEST_RELOAD);
        ck_assert(w.running);
        ck_assert_uint_eq(w.n_answers, 1);
        world_request(&w, REQUEST_LOAD);
        world_request(&w, REQUEST_UNLOAD);
        ck_assert_uint_eq(w.n_answers, 1);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.n_answers, 2);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_RELOAD) | REQUEST_BIT(REQUEST_LOAD));
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        /* What came in between waits for its turn. */
        ck_assert(w.running);
        ck_assert_int_eq(w.order.job, JOB_UNLOAD);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_UNLOAD));
        ck_assert_str_eq(state(&w), "unloaded");
        ck_assert(!w.record_kept);

        world_request(&w, REQUEST_LOAD);
        w.job_error = "the kernel is no kernel";
        world_job_ends(&w, FAILURE_BAD_KERNEL);
        world_pass(&w, WORLD_SECOND_LOOK_USEC);
        ck_assert_int_eq(w.failure, FAILURE_BAD_KERNEL);
        ck_assert_str_eq(w.text, "the kernel is no kernel");
        world_done(&w);
}
END_TEST

START_TEST(stopping) {
        World w;

        /* Idle: at once, and the image stays. */
        world_init(&w);
        world_arm(&w);
        world_input(&w, INPUT_STOP);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert_uint_eq(w.n_started[JOB_UNLOAD], 0);
        ck_assert(w.record_kept);
        world_done(&w);

        /* A load is waited for. */
        world_init(&w);
        world_arm(&w);
        world_request(&w, REQUEST_RELOAD);
        world_input(&w, INPUT_STOP);
        world_input(&w, INPUT_STOP);
        ck_assert_uint_eq(w.n_quit, 0);
        ck_assert_uint_eq(w.n_kills, 0);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert(w.record_kept);
        world_done(&w);

        /* Unless it hangs. */
        world_init(&w);
        world_arm(&w);
        world_request(&w, REQUEST_RELOAD);
        world_input(&w, INPUT_STOP);
        world_pass(&w, w.settings.load_timeout_usec);
        ck_assert_uint_eq(w.n_kills, 1);
        world_job_ends(&w, FAILURE_CRASHED);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert_int_eq(w.failure, FAILURE_TIMEOUT);
        world_done(&w);

        world_init(&w);
        w.settings.unload_on_stop = true;
        world_arm(&w);
        world_input(&w, INPUT_STOP);
        ck_assert_uint_eq(w.n_quit, 0);
        ck_assert_int_eq(w.order.job, JOB_UNLOAD);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.n_quit, 1);
        ck_assert_int_eq(w.decision.cause, REASON_STOP);
        ck_assert(!w.record_kept);
        world_done(&w);
}
END_TEST

/* A dry run is not worth waiting for. But there is one job at a time, so its end comes before
 * the unload. */
START_TEST(stopping_while_planning) {
        World w;

        for (int unload = 0; unload < 2; unload++) {
                world_init(&w);
                w.settings.unload_on_stop = unload;
                world_arm(&w);
                world_input(&w, INPUT_RECONFIGURED);
                ck_assert_int_eq(w.order.job, JOB_PLAN);
                world_input(&w, INPUT_STOP);
                ck_assert_uint_eq(w.n_kills, 1);
                world_pass(&w, KILL_PATIENCE_USEC - 1);
                ck_assert_uint_eq(w.n_kills, 1);
                ck_assert_uint_eq(w.n_quit, 0);
                world_job_ends(&w, FAILURE_CRASHED);
                ck_assert_uint_eq(w.n_started[JOB_UNLOAD], (unsigned)unload);
                if (unload)
                        world_job_ends(&w, FAILURE_NONE);
                ck_assert_uint_eq(w.n_quit, 1);
                ck_assert_int_eq(w.kernel.loaded, !unload);
                world_done(&w);
        }
}
END_TEST

/* One that cannot be killed does not keep the service from ending. */
START_TEST(stopping_while_stuck) {
        World w;

        world_init(&w);
        world_arm(&w);
        world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.order.job, JOB_PLAN);
        world_input(&w, INPUT_STOP);
        world_pass(&w, KILL_PATIENCE_USEC);
        ck_assert_uint_eq(w.n_quit, 1);
        world_job_ends(&w, FAILURE_CRASHED);
        ck_assert_uint_eq(w.n_quit, 1);
        world_done(&w);
}
END_TEST

/* Whoever keeps the timer keeps it off once it has gone off; so a timer that went off too early, or
 * for a deadline that has not moved, has to be set again. */
START_TEST(timer_is_set_again) {
        unsigned timers;
        World w;

        world_init(&w);
        world_arm(&w);
        timers = w.n_timers;
        world_input(&w, INPUT_WATCH);
        ck_assert_uint_eq(w.n_timers, timers);
        world_uevent(&w, SUBSYSTEM_CPU, HOTPLUG_ADD);
        ck_assert_uint_eq(w.n_timers, timers + 1);
        /* The same moment, the same deadline: nothing to do. */
        world_uevent(&w, SUBSYSTEM_CPU, HOTPLUG_ADD);
        ck_assert_uint_eq(w.n_timers, timers + 1);

        uint64_t deadline = w.timer_usec;

        w.now_usec = deadline - 1;
        w.timer_usec = USEC_INFINITY;
        world_input(&w, INPUT_TIMER);
        ck_assert(!w.running);
        ck_assert_uint_eq(w.timer_usec, deadline);
        world_pass(&w, 1);
        ck_assert(w.running);
        world_done(&w);
}
END_TEST

/* A flood of events that leaves the loop no time for the timer does not put the decision off. */
START_TEST(timer_goes_first) {
        uint64_t start;
        World w;

        world_init(&w);
        world_arm(&w);
        start = w.now_usec;
        while (!w.running) {
                world_uevent(&w, SUBSYSTEM_MEMORY, HOTPLUG_ADD);
                w.now_usec += USEC_PER_MSEC;
                ck_assert_uint_le(w.now_usec - start,
                                  w.settings.max_delay_usec + 2 * USEC_PER_MSEC);
        }
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_uint_eq(w.decision.events, w.settings.max_delay_usec / USEC_PER_MSEC);
        world_done(&w);
}
END_TEST

/* changed() is called after everything that changes what manager_status() tells. */
START_TEST(changes_are_told) {
        static const InputType types[] = {
                INPUT_OVERFLOW, INPUT_LOOK_AGAIN,   INPUT_KERNEL_LOG,
                INPUT_WATCH,    INPUT_RECONFIGURED, INPUT_STOP,
        };
        World w;

        world_init(&w);
        world_arm(&w);
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                unsigned changed = w.n_changed;

                world_input(&w, types[i]);
                ck_assert_uint_gt(w.n_changed, changed);
        }
        world_done(&w);
}
END_TEST

static void world_init_building(World *w) {
        world_init(w);
        free(w->settings.initrd);
        w->settings.initrd = strdup("auto");
}

START_TEST(builds) {
        Input input = { .type = INPUT_START };
        World w;

        world_init_building(&w);
        manager_input(&w.manager, &input);
        ck_assert_int_eq(w.order.job, JOB_BUILD);
        ck_assert(w.order.urgent && !w.order.force);
        ck_assert_str_eq(manager_status(&w.manager)->initrd_state, "building");
        world_build_ends(&w, NULL);
        ck_assert_uint_eq(w.n_built, 1);
        ck_assert_int_eq(w.build_state, BUILD_BUILT);
        ck_assert_str_eq(w.text, "7.0 MiB");
        ck_assert_uint_eq(manager_status(&w.manager)->initrd_unpacked_bytes, 7 << 20);
        ck_assert_int_eq(w.order.job, JOB_LOAD);
        world_job_ends(&w, FAILURE_NONE);
        ck_assert_str_eq(state(&w), "armed");
        world_input(&w, INPUT_RECONFIGURED);
        ck_assert_int_eq(w.order.job, JOB_BUILD);
        ck_assert(!w.order.urgent && !w.order.force);
        world_build_ends(&w, NULL);
        world_job_ends(&w, FAILURE_NONE);
        world_request(&w, REQUEST_REBUILD);
        ck_assert_int_eq(w.order.job, JOB_BUILD);
        ck_assert(!w.order.urgent && w.order.force);
        world_build_ends(&w, "no module");
        ck_assert_int_eq(w.build_state, BUILD_FAILED);
        ck_assert_uint_eq(w.answered, REQUEST_BIT(REQUEST_REBUILD));
        ck_assert_int_eq(w.failure, FAILURE_SYSTEM);
        ck_assert_str_eq(w.text, "no module");
        world_done(&w);
}
END_TEST

START_TEST(builder_cannot_be_started) {
        Input input = { .type = INPUT_START };
        World w;

        world_init_building(&w);
        w.start_error = -ENOENT;
        manager_input(&w.manager, &input);
        ck_assert_uint_eq(w.n_built, 1);
        ck_assert_str_eq(manager_status(&w.manager)->initrd_message,
                         "cannot start kdump-mkinitramfs: No such file or directory");
        world_done(&w);
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
