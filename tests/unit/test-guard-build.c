/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: the capture initramfs is built in time, and in nobody's way. */
#include "test-guard.h"

#include "daemon/status.h"

static const char *initrd_state(void) {
        Status status;

        status_fill(&status, &s.guard, NULL);
        return status.initrd_state;
}

static void init(void) {
        fake_system_init(&s, HOTPLUG_ABSENT);
        fake_system_builds(&s);
}

/* A daemon that has built and loaded. */
static void boot_and_build(void) {
        init();
        boot_prepared();
        ck_assert_uint_eq(s.n_builds, 1);
}

/* Nothing is loaded: there is nothing to load before it is built. */
START_TEST(build_before_load) {
        init();
        fake_system_start(&s);
        ck_assert_int_eq(s.job, JOB_BUILD);
        ck_assert(!s.forced);
        ck_assert_str_eq(initrd_state(), "building");
        fake_system_run(&s, s.build_usec + USEC_PER_MSEC);
        ck_assert_int_eq(s.job, JOB_LOAD);
        ck_assert_str_eq(initrd_state(), "built");
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        check_decision(0, VERDICT_LOAD, REASON_START, 0);
        ck_assert_uint_eq(s.n_told_builds, 1);
        ck_assert_uint_eq(s.guard.unpacked_bytes, 7000000);
        finish();
        ck_assert_uint_eq(s.n_builds, 1);
}
END_TEST

/* An image is loaded: it is adopted at once, and compared again after the build. */
START_TEST(adopt_before_build) {
        boot_and_build();
        fake_system_kill(&s);
        fake_system_touch_sources(&s);
        fake_system_start(&s);
        ck_assert_int_eq(s.job, JOB_PLAN);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_ready, 1);
        ck_assert_int_eq(s.job, JOB_BUILD);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 2);
        check_decision(0, VERDICT_RELOAD, REASON_CONFIGURATION, 0);
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
        ck_assert_uint_eq(s.n_builds, 2);
}
END_TEST

/* And if nothing has changed, it stays as it is. */
START_TEST(fresh) {
        boot_and_build();
        fake_system_kill(&s);
        fake_system_start(&s);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 2);
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_str_eq(initrd_state(), "fresh");
        ck_assert_uint_eq(s.n_told_builds, 1);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 3);
        ck_assert_uint_eq(s.n_loads, 1);
        finish();
}
END_TEST

START_TEST(reconfigured) {
        boot_and_build();
        fake_system_touch_sources(&s);
        fake_system_input(&s, INPUT_RECONFIGURED);
        ck_assert_int_eq(s.job, JOB_BUILD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert_uint_eq(s.image.generation, s.generation);
        check_decision(0, VERDICT_RELOAD, REASON_CONFIGURATION, 0);
        finish();
}
END_TEST

/* Nobody says that something has changed: it is found out, and nothing follows if not. */
START_TEST(refreshed) {
        size_t decisions;

        boot_and_build();
        decisions = s.guard.history.n_total;
        fake_system_input(&s, INPUT_REFRESH);
        ck_assert_int_eq(s.job, JOB_BUILD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 2);
        ck_assert_str_eq(initrd_state(), "fresh");
        ck_assert_uint_eq(s.n_plans, 0);
        ck_assert_uint_eq(s.guard.history.n_total, decisions);

        fake_system_touch_sources(&s);
        fake_system_input(&s, INPUT_REFRESH);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 3);
        ck_assert_uint_eq(s.n_plans, 1);
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert_uint_eq(s.image.generation, s.generation);
        check_decision(0, VERDICT_RELOAD, REASON_CONFIGURATION, 0);

        /* In the way of nobody: not during a load, but a SIGHUP in between is not forgotten. */
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        fake_system_input(&s, INPUT_REFRESH);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 3);
        fake_system_input(&s, INPUT_REFRESH);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 5);
        ck_assert_uint_eq(s.n_plans, 2);
        finish();
}
END_TEST

/* SIGHUP comes during a load: the build follows it, and only then there is a comparison. */
START_TEST(reconfigured_in_load) {
        boot_and_build();
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        fake_system_touch_sources(&s);
        fake_system_input(&s, INPUT_RECONFIGURED);
        ck_assert_int_eq(s.job, JOB_LOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(s.job, JOB_BUILD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_plans, 1);
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
}
END_TEST

/* A hotplug does not wait for a build; the build waits for it, and is done again. */
START_TEST(hotplug_overtakes) {
        boot_and_build();
        s.build_usec = 20 * USEC_PER_SEC;
        fake_system_touch_sources(&s);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_SEC);
        plug(2);
        ck_assert_int_eq(s.job, JOB_BUILD);
        fake_system_run(&s, 400 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_kills, 0);
        fake_system_run(&s, 110 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_kills, 1);
        ck_assert_int_eq(s.job, JOB_LOAD);
        check_decision(0, VERDICT_LOAD, REASON_START, 0);
        fake_system_run(&s, 500 * USEC_PER_MSEC);
        check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 4);
        ck_assert_int_eq(s.job, JOB_BUILD);
        ck_assert_uint_eq(s.n_told_builds, 1);
        ck_assert(fake_system_is_covered(&s));
        fake_system_run(&s, 30 * USEC_PER_SEC);
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
        ck_assert_uint_eq(s.n_builds, 3);
}
END_TEST

/* A burst is under way when SIGHUP comes: first things first. */
START_TEST(hotplug_first) {
        boot_and_build();
        plug(1);
        fake_system_touch_sources(&s);
        fake_system_input(&s, INPUT_RECONFIGURED);
        ck_assert_int_ne(s.job, JOB_BUILD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 2);
        ck_assert_uint_eq(s.n_kills, 0);
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
}
END_TEST

/* "udevadm trigger" at boot plugs nothing. */
START_TEST(trigger_does_not_overtake) {
        boot_and_build();
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_uevent(&s, SUBSYSTEM_CPU, HOTPLUG_ADD, true, false);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_kills, 0);
        ck_assert_uint_eq(s.n_loads, 1);
        finish();
}
END_TEST

START_TEST(failed) {
        init();
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_start(&s);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        /* There may be another initrd. */
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_str_eq(initrd_state(), "failed");
        ck_assert_str_eq(s.guard.build_text, "there is no module for the disk");
        ck_assert_uint_eq(s.n_told_builds, 1);
        /* The same once more is no news; what mends it is. */
        s.n_fate = 1;
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_told_builds, 1);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_told_builds, 2);
        ck_assert_str_eq(initrd_state(), "built");
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
}
END_TEST

START_TEST(hangs) {
        init();
        s.fate = FATE_HANGS_EARLY;
        s.n_fate = 1;
        fake_system_start(&s);
        fake_system_run(&s, BUILD_TIMEOUT_USEC - USEC_PER_SEC);
        ck_assert_uint_eq(s.n_kills, 0);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_kills, 1);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_str_eq(initrd_state(), "failed");
        ck_assert_ptr_nonnull(strstr(s.guard.build_text, "did not end in time"));
        finish();
}
END_TEST

START_TEST(cannot_be_started) {
        init();
        s.fate = FATE_NOT_STARTED;
        s.n_fate = 1;
        fake_system_start(&s);
        ck_assert_int_eq(s.job, JOB_LOAD);
        finish();
}
END_TEST

START_TEST(rebuild) {
        boot_and_build();
        fake_system_request(&s, REQUEST_REBUILD);
        ck_assert_int_eq(s.job, JOB_BUILD);
        ck_assert(s.forced);
        ck_assert_uint_eq(s.n_answers, 0);
        fake_system_run(&s, s.build_usec + USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_answers, 1);
        ck_assert_int_eq(s.answered[REQUEST_REBUILD], FAILURE_NONE);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.image.generation, s.generation);
        ck_assert_uint_eq(s.n_loads, 2);
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_REBUILD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_int_eq(s.answered[REQUEST_REBUILD], FAILURE_SYSTEM);
        ck_assert_uint_eq(s.n_loads, 2);
        finish();
}
END_TEST

START_TEST(rebuild_of_nothing) {
        boot(HOTPLUG_ABSENT);
        fake_system_request(&s, REQUEST_REBUILD);
        ck_assert_int_eq(s.answered[REQUEST_REBUILD], FAILURE_CONFIGURATION);
        ck_assert_uint_eq(s.n_builds, 0);
        ck_assert_str_eq(initrd_state(), "foreign");
        finish();
}
END_TEST

/* It may be overtaken, and whoever asked for it is told. */
START_TEST(rebuild_overtaken) {
        boot_and_build();
        s.build_usec = 20 * USEC_PER_SEC;
        fake_system_request(&s, REQUEST_REBUILD);
        plug(1);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(s.answered[REQUEST_REBUILD], FAILURE_BUSY);
        finish();
}
END_TEST

START_TEST(unload_overtakes) {
        boot_and_build();
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_request(&s, REQUEST_UNLOAD);
        ck_assert_uint_eq(s.n_kills, 1);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNLOADED);
        ck_assert_int_eq(s.answered[REQUEST_UNLOAD], FAILURE_NONE);
        ck_assert_uint_eq(s.n_builds, 2);
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 3);
        finish();
}
END_TEST

START_TEST(load_waits) {
        init();
        fake_system_start(&s);
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_int_eq(s.answered[REQUEST_LOAD], FAILURE_NONE);
        ck_assert_uint_eq(s.n_loads, 1);
        finish();
}
END_TEST

START_TEST(stop_ends_it) {
        init();
        fake_system_start(&s);
        fake_system_request(&s, REQUEST_REBUILD);
        fake_system_input(&s, INPUT_STOP);
        ck_assert_uint_eq(s.n_kills, 1);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_exits, 1);
        ck_assert_uint_eq(s.n_told_builds, 0);
        ck_assert_int_eq(s.answered[REQUEST_REBUILD], FAILURE_BUSY);
        finish();
}
END_TEST

/* It hangs in the kernel: what is there is loaded, everybody gets an answer, and nothing is built
 * beside it. */
START_TEST(stuck) {
        init();
        s.fate = FATE_HANGS_EARLY;
        s.n_fate = 1;
        s.unkillable = true;
        fake_system_start(&s);
        fake_system_request(&s, REQUEST_REBUILD);
        fake_system_run(&s, BUILD_TIMEOUT_USEC + KILL_PATIENCE_USEC - USEC_PER_SEC);
        ck_assert_uint_eq(s.n_stuck, 0);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_kills, 1);
        ck_assert_uint_eq(s.n_stuck, 1);
        ck_assert_uint_eq(s.n_ready, 1);
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_str_eq(initrd_state(), "failed");
        ck_assert_ptr_nonnull(strstr(s.guard.build_text, "hangs in the kernel"));
        ck_assert_int_eq(s.answered[REQUEST_REBUILD], FAILURE_BUSY);
        ck_assert_uint_eq(s.n_builds, 1);
        /* A hotplug is followed, a reload is done, and nobody builds. */
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 9);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert(fake_system_is_covered(&s));
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_int_eq(s.answered[REQUEST_RELOAD], FAILURE_NONE);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_input(&s, INPUT_REFRESH);
        fake_system_run(&s, 20 * USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_builds, 1);
        /* When it ends, building goes on. */
        fake_system_unstick(&s);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 2);
        ck_assert_str_eq(initrd_state(), "built");
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
}
END_TEST

/* Killed because a hotplug is more urgent, and not gone: the hotplug does not wait. */
START_TEST(stuck_in_the_way) {
        boot_and_build();
        s.unkillable = true;
        fake_system_input(&s, INPUT_RECONFIGURED);
        ck_assert_int_eq(s.job, JOB_BUILD);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 9);
        fake_system_run(&s, s.settings.settle_usec + KILL_PATIENCE_USEC + 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_stuck, 1);
        ck_assert(fake_system_is_covered(&s));
        fake_system_unstick(&s);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_builds, 3);
        finish();
}
END_TEST

/* Nor does the end of the service. */
START_TEST(stop_when_stuck) {
        init();
        s.unkillable = true;
        fake_system_start(&s);
        ck_assert_int_eq(s.job, JOB_BUILD);
        fake_system_input(&s, INPUT_STOP);
        fake_system_run(&s, KILL_PATIENCE_USEC + USEC_PER_SEC);
        ck_assert_uint_eq(s.n_exits, 1);
        finish();
}
END_TEST

/* No reservation: nothing is built for it, until there is one. */
START_TEST(obstacle) {
        init();
        s.obstacle = FAILURE_NO_RESERVATION;
        fake_system_start(&s);
        fake_system_run(&s, 2 * USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_builds, 0);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNAVAILABLE);
        s.obstacle = FAILURE_NONE;
        fake_system_run(&s, 2 * USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_builds, 1);
        check_decision(0, VERDICT_LOAD, REASON_AVAILABLE, 0);
        finish();
}
END_TEST

START_TEST(foreign) {
        init();
        fake_system_foreign_load(&s, false, 0);
        fake_system_start(&s);
        ck_assert_int_eq(s.job, JOB_BUILD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 1);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, build_before_load);
        ADD_TEST(suite, adopt_before_build);
        ADD_TEST(suite, fresh);
        ADD_TEST(suite, reconfigured);
        ADD_TEST(suite, refreshed);
        ADD_TEST(suite, reconfigured_in_load);
        ADD_TEST(suite, hotplug_overtakes);
        ADD_TEST(suite, hotplug_first);
        ADD_TEST(suite, trigger_does_not_overtake);
        ADD_TEST(suite, failed);
        ADD_TEST(suite, hangs);
        ADD_TEST(suite, cannot_be_started);
        ADD_TEST(suite, rebuild);
        ADD_TEST(suite, rebuild_of_nothing);
        ADD_TEST(suite, rebuild_overtaken);
        ADD_TEST(suite, unload_overtakes);
        ADD_TEST(suite, load_waits);
        ADD_TEST(suite, stop_ends_it);
        ADD_TEST(suite, stuck);
        ADD_TEST(suite, stuck_in_the_way);
        ADD_TEST(suite, stop_when_stuck);
        ADD_TEST(suite, obstacle);
        ADD_TEST(suite, foreign);
}

TEST_MAIN("guard-build", add_cases)
