/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: the life of an event, sentence by sentence. */
#include "test-guard.h"

#include "daemon/guard-private.h"

START_TEST(first_load) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        fake_system_start(&s);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_LOADING);
        ck_assert(!guard_is_armed(&s.guard));
        ck_assert_uint_eq(s.n_ready, 0);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert(guard_is_armed(&s.guard));
        ck_assert_uint_eq(s.n_ready, 1);
        ck_assert(s.on_disk && !s.disk.must_reload);
        check_decision(0, VERDICT_LOAD, REASON_START, 0);
        ck_assert_str_eq(fake_system_decision(&s, 0)->result, "ok");
        ck_assert_str_eq(fake_system_decision(&s, 0)->details, "loaded in 320 ms");
        ck_assert_uint_eq(s.guard.reloads, 0);
        ck_assert_uint_eq(s.guard.last_load_duration_usec, 320 * USEC_PER_MSEC);
        ck_assert_uint_eq(guard_deadline(&s.guard), USEC_INFINITY);
        finish();
}
END_TEST

START_TEST(skips_on_one) {
        uint64_t reads;

        boot(HOTPLUG_KERNEL_UPDATES);
        reads = s.n_attribute_reads;
        plug(4);
        fake_system_run(&s, 490 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_attribute_reads, reads);
        fake_system_run(&s, 20 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_attribute_reads, reads + 1);
        check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 8);
        ck_assert_uint_eq(fake_system_decision(&s, 0)->subsystems, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY));
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_uint_eq(s.guard.batches, 1);
        ck_assert_uint_eq(s.guard.batches_skipped, 1);
        ck_assert(fake_system_is_covered(&s));
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

START_TEST(asks_for_each_subsystem) {
        uint64_t reads;

        boot(HOTPLUG_KERNEL_UPDATES);
        reads = s.n_attribute_reads;
        fake_system_hotplug(&s, SUBSYSTEM_CPU, HOTPLUG_ADD, 2);
        fake_system_hotplug(&s, SUBSYSTEM_CPU, HOTPLUG_ONLINE, 2);
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_attribute_reads, reads + 2);
        check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 4);
        ck_assert_uint_eq(fake_system_decision(&s, 0)->subsystems, SUBSYSTEMS_ALL);
        finish();
}
END_TEST

START_TEST(reloads_otherwise) {
        static const struct {
                HotplugAnswer kernel;
                Reason cause;
        } kernels[] = {
                { HOTPLUG_NOT_UPDATED, REASON_NOT_UPDATED },
                { HOTPLUG_ABSENT, REASON_ATTRIBUTE_ABSENT },
                { HOTPLUG_NO_SUBSYSTEM, REASON_ATTRIBUTE_ABSENT },
                { HOTPLUG_UNREADABLE, REASON_ATTRIBUTE_UNREADABLE },
                { HOTPLUG_GARBAGE, REASON_ATTRIBUTE_GARBAGE },
        };

        boot(kernels[_i].kernel);
        plug(64);
        ck_assert(!fake_system_is_covered(&s));
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, kernels[_i].cause, 128);
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert_uint_eq(s.guard.reloads, 1);
        ck_assert(fake_system_is_covered(&s));
        ck_assert_uint_eq(s.guard.last_unprotected_usec, 300 * USEC_PER_MSEC);

        /* A DIMM goes. */
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_OFFLINE, 9);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, 9);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, kernels[_i].cause, 2);
        ck_assert_uint_eq(s.guard.total_unprotected_usec, 600 * USEC_PER_MSEC);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

START_TEST(long_burst) {
        /* It gets a reload every MaxDelay, and one when it is over. */
        boot(HOTPLUG_ABSENT);
        for (unsigned i = 0; i < 250; i++) {
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 4 + i % 60);
                fake_system_run(&s, 100 * USEC_PER_MSEC);
        }
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_ge(s.n_loads, 3);
        ck_assert_uint_le(s.n_loads, 5);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

START_TEST(event_meets_load) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        ck_assert_int_eq(s.guard.job, JOB_LOAD);
        s.n_events = 0;
        plug(1);
        fake_system_run(&s, 300 * USEC_PER_MSEC);
        /* The load is done; the kernel says 1, and the image lacks the DIMM. */
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert_uint_eq(s.answered[REQUEST_RELOAD], FAILURE_NONE);
        ck_assert(!fake_system_is_covered(&s));
        ck_assert(s.disk.must_reload);
        s.n_attribute_reads = 0;
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 3);
        /* The answer would not matter, so nobody asks before the load. */
        ck_assert_uint_eq(s.n_attribute_reads, 2);
        check_decision(0, VERDICT_RELOAD, REASON_MET_LOAD, 2);
        ck_assert(fake_system_is_covered(&s));
        ck_assert(!s.disk.must_reload);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

/* udevd hands the event on when the load is long over, and the block had been there before:
 * nothing but the number of the event tells; or, if it was lost, that there
 * were some. */
START_TEST(late_event_met_load) {
        boot(HOTPLUG_ABSENT);
        s.n_overflow = _i ? 2 : 0;
        s.uevent_delay_usec = 5 * USEC_PER_SEC;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, 3);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 3);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(s.guard.job, JOB_NONE);
        ck_assert(!fake_system_is_covered(&s));
        ck_assert(!s.disk.must_reload);
        fake_system_run(&s, 4 * USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.batch.events, _i ? 0 : 2);
        ck_assert(s.guard.batch.met_load);
        ck_assert(s.disk.must_reload);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_MET_LOAD, _i ? 0 : 2);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

/* The same with a kernel that updates its images, where an event after the load costs nothing. */
START_TEST(event_after_load) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 320 * USEC_PER_MSEC);
        ck_assert_int_eq(s.guard.job, JOB_NONE);
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 2);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* The same, but nothing tells except that something was lost. */
START_TEST(overflow_during_load) {
        boot(HOTPLUG_ABSENT);
        s.n_overflow = 2;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, 3);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 3);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert(fake_system_is_covered(&s));
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

START_TEST(moved_during_load) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        s.sets[SUBSYSTEM_MEMORY] |= 0xf0; /* and no event tells */
        fake_system_run(&s, 300 * USEC_PER_MSEC);
        ck_assert(s.disk.must_reload);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_CHANGED_DURING_LOAD, 0);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

START_TEST(overflows) {
        /* Nothing moved. */
        boot(HOTPLUG_ABSENT);
        fake_system_input(&s, INPUT_OVERFLOW);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.overflows, 1);
        ck_assert_uint_eq(s.guard.history.n_total, 1);
        ck_assert_uint_eq(s.n_attribute_reads, 4);

        /* All events of a DIMM are lost. */
        s.n_overflow = 8;
        plug(4);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.overflows, 9);
        check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 0);
        ck_assert_ptr_nonnull(strstr(fake_system_decision(&s, 0)->reason, "no event had told"));
        ck_assert_uint_eq(fake_system_decision(&s, 0)->subsystems, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY));
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

START_TEST(overflow_where_the_kernel_updates) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.n_overflow = 8;
        plug(4);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 0);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* udevd stands still: the watch notices by the kernel's count of events. */
START_TEST(events_without_a_trace) {
        boot(_i ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        s.n_lose = 8;
        plug(4);
        fake_system_run(&s, 31 * USEC_PER_SEC);
        check_decision(0, _i ? VERDICT_SKIP : VERDICT_RELOAD,
                       _i ? REASON_KERNEL_UPDATES : REASON_ATTRIBUTE_ABSENT, 0);
        finish();
        ck_assert_uint_eq(s.n_loads, _i ? 1 : 2);
}
END_TEST

START_TEST(log_line_while_idle) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.update_fails = true;
        plug(1);
        fake_system_run(&s, 10 * USEC_PER_MSEC);
        ck_assert(s.disk.must_reload);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_KERNEL_LOG, 2);
        ck_assert(!s.disk.must_reload);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* Whoever reads the attribute during our loads makes the kernel log a line, and nothing more. */
START_TEST(reader) {
        static const uint64_t delays[] = { 0, 100 * USEC_PER_MSEC, USEC_PER_SEC };

        boot(HOTPLUG_KERNEL_UPDATES);
        s.reader = true;
        s.log_delay_usec = delays[_i];
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_HOUR);
        check_decision(0, VERDICT_KEEP, REASON_LOG_UNFOUNDED, 0);
        ck_assert_uint_eq(s.n_loads, 2);

        /* A true event is followed all the same. */
        plug(1);
        s.update_fails = true;
        plug(1);
        s.update_fails = false;
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

START_TEST(events_that_do_not_count) {
        boot(HOTPLUG_ABSENT);
        /* A udev rule says so. */
        for (unsigned i = 0; i < 100; i++)
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, true);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_uint_eq(s.guard.events_received, 100);
        ck_assert_uint_eq(s.guard.history.n_total, 1);
        /* "udevadm trigger" writes to all uevent files. */
        for (unsigned i = 0; i < 100; i++)
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, true, false);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_uint_eq(s.guard.events_received, 200);
        ck_assert_uint_eq(s.guard.history.n_total, 1);
        ck_assert_uint_eq(s.guard.batches, 0);
        ck_assert_uint_eq(s.n_attribute_reads, 4);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

START_TEST(look_again) {
        boot(HOTPLUG_ABSENT);
        fake_system_input(&s, INPUT_LOOK_AGAIN);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 1);
        s.sets[SUBSYSTEM_CPU] = 0xff;
        fake_system_input(&s, INPUT_LOOK_AGAIN);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 0);
        ck_assert_uint_eq(s.n_loads, 2);
        /* An event that plugs nothing makes us look, too. */
        s.sets[SUBSYSTEM_CPU] = 0xf;
        fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, true, false);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 3);
        /* And the second look sees as much as the first. */
        s.sets[SUBSYSTEM_CPU] = 0x1f;
        s.zero_samples = 1;
        fake_system_input(&s, INPUT_LOOK_AGAIN);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        finish();
        ck_assert_uint_eq(s.n_loads, 4);
}
END_TEST

/* s390x never reloads and arm64 only for memory: nor do they when a fingerprint tells of a
 * hotplug instead of an event. */
START_TEST(architectures) {
        static const struct {
                const char *name;
                unsigned loads_cpu, loads_memory;
        } table[] = {
                { "x86_64", 1, 1 },
                { "aarch64", 0, 1 },
                { "s390x", 0, 0 },
        };
        unsigned expected = 1;

        fake_system_init(&s, HOTPLUG_ABSENT);
        s.architecture = table[_i].name;
        fake_system_start(&s);
        fake_system_run(&s, 40 * USEC_PER_SEC);
        for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++) {
                unsigned loads = i == SUBSYSTEM_CPU ? table[_i].loads_cpu : table[_i].loads_memory;

                fake_system_hotplug(&s, i, HOTPLUG_ADD, 5);
                fake_system_run(&s, USEC_PER_MINUTE);
                ck_assert_uint_eq(s.n_loads, expected += loads);
                /* Without a trace, so that the watch has to see it. */
                s.n_lose = 1;
                fake_system_hotplug(&s, i, HOTPLUG_ADD, 6);
                fake_system_run(&s, USEC_PER_MINUTE);
                ck_assert_uint_eq(s.n_loads, expected += loads);
                s.n_overflow = 1;
                fake_system_hotplug(&s, i, HOTPLUG_ADD, 7);
                fake_system_run(&s, USEC_PER_MINUTE);
                ck_assert_uint_eq(s.n_loads, expected += loads);
                /* During a load, and during a restart. */
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, 10 * USEC_PER_MSEC);
                fake_system_hotplug(&s, i, HOTPLUG_ADD, 8);
                fake_system_run(&s, USEC_PER_MINUTE);
                ck_assert_uint_eq(s.n_loads, expected += 1 + loads);
                fake_system_kill(&s);
                fake_system_hotplug(&s, i, HOTPLUG_ADD, 9);
                fake_system_start(&s);
                fake_system_run(&s, USEC_PER_MINUTE);
                ck_assert_uint_eq(s.n_loads, expected += loads);
        }
        finish();
}
END_TEST

/* The watch costs two small files and no lock, unless a foreign load has to be told from our
 * own. */
START_TEST(watch_is_cheap) {
        boot(HOTPLUG_ABSENT);
        s.n_attribute_reads = 0;
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_uint_eq(s.n_attribute_reads, 0);
        fake_system_done(&s);
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_run(&s, USEC_PER_MINUTE);
        s.n_attribute_reads = s.n_fingerprints = 0;
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_uint_eq(s.n_attribute_reads, 120);
        ck_assert_uint_eq(s.n_fingerprints, 0);
        finish();
}
END_TEST

/* SIGHUP during a job is not forgotten, whatever else waits for its end. */
START_TEST(reconfigured_during_a_job) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_plans, 2);
        ck_assert_uint_eq(s.n_answers, 1);
        check_decision(0, VERDICT_KEEP, REASON_CONFIGURED, 0);

        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        fake_system_touch_files(&s);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_CONFIGURATION, 0);
        ck_assert_ptr_nonnull(strstr(fake_system_decision(&s, 0)->reason, "(kernel)"));
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
}
END_TEST

/* What is counted while images are compared is still there when that is done. */
START_TEST(events_meet_a_dry_run) {
        boot(_i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        if (_i & 2) {
                /* At a restart. */
                fake_system_kill(&s);
                fake_system_start(&s);
                fake_system_run(&s, USEC_PER_MSEC);
                plug(1);
        } else {
                plug(1);
                if (_i & 4)
                        fake_system_log_line(&s);
                fake_system_input(&s, INPUT_RECONFIGURED);
                fake_system_request(&s, REQUEST_RELOAD);
        }
        ck_assert_int_eq(s.guard.job, JOB_PLAN);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(fake_system_decision(&s, 0)->events, 2);
        ck_assert_uint_eq(s.callers[REQUEST_RELOAD], 0);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

/* An unload that fails leaves everything as it was, also what was to be decided. */
START_TEST(events_meet_a_failing_unload) {
        boot(HOTPLUG_ABSENT);
        plug(1);
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.answered[REQUEST_UNLOAD], FAILURE_BUSY);
        check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 2);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

/* More actions than there is room for: the list stays whole, and it shows. */
START_TEST(too_many_actions) {
        Actions actions = { 0 };
        Guard g = { 0 };
        Step step = { .g = &g, .out = &actions };

        for (size_t i = 0; i < ACTIONS_MAX; i++)
                step_emit(&step, ACTION_SAVE_RECORD);
        ck_assert_uint_eq(g.actions_lost, 0);
        step_emit(&step, ACTION_EXIT);
        ck_assert_uint_eq(g.actions_lost, 1);
        ck_assert_uint_eq(actions.n, ACTIONS_MAX);
        ck_assert_int_eq(actions.items[ACTIONS_MAX - 2].type, ACTION_SAVE_RECORD);
        ck_assert_int_eq(actions.items[ACTIONS_MAX - 1].type, ACTION_EXIT);
}
END_TEST

/* Inputs that make no sense at the moment change nothing. */
START_TEST(nonsense) {
        ImageRecord record = { .must_reload = true };
        JobReport reports[_JOB_MAX] = { 0 };
        Input inputs[_JOB_MAX + 2] = {
                { .type = INPUT_START, .record = &record },
                { .type = INPUT_TIMER },
        };
        Guard before;

        boot(HOTPLUG_KERNEL_UPDATES);
        before = s.guard;
        before.facts_are_new = false;
        for (Job job = JOB_NONE; job < _JOB_MAX; job++) {
                reports[job].job = job;
                inputs[job + 2] = (Input){ .type = INPUT_ENDED, .ended = &reports[job] };
        }
        for (size_t i = 0; i < ELEMENTSOF(inputs); i++) {
                Moment now = { .monotonic_usec = s.now_usec + s.skew_usec };
                Actions actions;

                guard_step(&s.guard, &inputs[i], &now, &actions);
                ck_assert_uint_eq(actions.n, 0);
        }
        ck_assert_mem_eq(&s.guard, &before, sizeof(before));
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* Who asks for "Armed" is told what the kernel says, also during a load, and nothing is made of
 * it then. */
START_TEST(glances) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        ck_assert(guard_is_armed(&s.guard));
        fake_system_glance(&s);
        ck_assert(!guard_is_armed(&s.guard));
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(guard_is_armed(&s.guard));
        s.n_steps = 0;
        fake_system_glance(&s);
        ck_assert_uint_eq(s.n_steps, 1);
        /* What it finds while nothing is going on is looked into at once. */
        fake_system_foreign_unload(&s);
        fake_system_glance(&s);
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_LOAD, REASON_FOREIGN_UNLOAD, 0);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

START_TEST(clock_goes_back) {
        boot(HOTPLUG_ABSENT);
        plug(1);
        s.skew_usec -= 2 * USEC_PER_SEC;
        plug(2);
        s.skew_usec -= 2 * USEC_PER_SEC;
        fake_system_run(&s, 4 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert(fake_system_is_covered(&s));
        fake_system_request(&s, REQUEST_RELOAD);
        s.skew_usec -= 2 * USEC_PER_SEC;
        fake_system_run(&s, 4 * USEC_PER_SEC);
        ck_assert_uint_eq(s.callers[REQUEST_RELOAD], 0);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, reloads_otherwise, 0, 5);
        tcase_add_loop_test(each, events_without_a_trace, 0, 2);
        tcase_add_loop_test(each, reader, 0, 3);
        tcase_add_loop_test(each, architectures, 0, 3);
        tcase_add_loop_test(each, events_meet_a_dry_run, 0, 8);
        tcase_add_loop_test(each, late_event_met_load, 0, 2);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, first_load);
        ADD_TEST(suite, skips_on_one);
        ADD_TEST(suite, asks_for_each_subsystem);
        ADD_TEST(suite, long_burst);
        ADD_TEST(suite, event_meets_load);
        ADD_TEST(suite, event_after_load);
        ADD_TEST(suite, overflow_during_load);
        ADD_TEST(suite, moved_during_load);
        ADD_TEST(suite, overflows);
        ADD_TEST(suite, overflow_where_the_kernel_updates);
        ADD_TEST(suite, log_line_while_idle);
        ADD_TEST(suite, events_that_do_not_count);
        ADD_TEST(suite, look_again);
        ADD_TEST(suite, watch_is_cheap);
        ADD_TEST(suite, events_meet_a_failing_unload);
        ADD_TEST(suite, reconfigured_during_a_job);
        ADD_TEST(suite, too_many_actions);
        ADD_TEST(suite, nonsense);
        ADD_TEST(suite, glances);
        ADD_TEST(suite, clock_goes_back);
}

TEST_MAIN("guard", add_cases)
