/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: loads that fail while an image is there. */
#include "test-guard.h"

#include "daemon/status.h"

static void fail_for_ever(Fate fate) {
        s.fate = fate;
        s.n_fate = UINT_MAX;
}

static void check_waits(const char *state) {
        Status status;

        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.state, state);
        ck_assert(status.armed);
        ck_assert_uint_eq(status.next_retry_usec, 0);
        ck_assert_ptr_nonnull(strstr(status.state_reason, "waits for a change"));
}

/* What is refused, and costs the image that is there each time, is tried again when there is
 * something else to be tried, and at no other time. */
START_TEST(refused_and_restored) {
        uint64_t loads = 2;

        boot(_i ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        s.plans_work = true;
        fail_for_ever(FATE_RESTORED);
        fake_system_touch_files(&s);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_HOUR);
        check_waits("failed");
        ck_assert_uint_eq(s.n_loads, loads++);
        ck_assert_uint_eq(s.guard.last_unprotected_usec, 300 * USEC_PER_MSEC);
        ck_assert(s.on_disk && s.image.loaded && s.image.generation == 0);
        /* Other files; the configuration; somebody who asks; and a hotplug. */
        fake_system_touch_files(&s);
        fake_system_run(&s, USEC_PER_HOUR);
        check_decision(0, VERDICT_RELOAD, REASON_RETRY, 0);
        ck_assert_ptr_nonnull(strstr(fake_system_decision(&s, 0)->reason, "(kernel)"));
        ck_assert_uint_eq(s.n_loads, loads++);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_uint_eq(s.n_loads, loads++);
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_uint_eq(s.answered[REQUEST_LOAD], FAILURE_BAD_KERNEL);
        ck_assert_uint_eq(s.n_loads, loads);
        plug(2);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, loads += !_i);
        ck_assert(fake_system_is_covered(&s));
        check_waits("failed");
        /* What is loaded is what is configured again: there is nothing to wait for. */
        s.generation = 0;
        fake_system_run(&s, 2 * USEC_PER_MINUTE);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        check_decision(0, VERDICT_KEEP, REASON_CONFIGURED, 0);
        ck_assert_uint_eq(s.n_loads, loads);
        finish();
        ck_assert_uint_eq(s.n_loads, loads);
}
END_TEST

/* The image is lost while the load waits. */
START_TEST(refused_and_then_lost) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.plans_work = true;
        fail_for_ever(FATE_RESTORED);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_uint_eq(s.n_loads, 2);
        fake_system_foreign_unload(&s);
        fake_system_run(&s, 31 * USEC_PER_SEC);
        ck_assert_uint_ge(s.n_loads, 3);
        s.n_loads = 0;
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_uint_ge(s.n_loads, 50);
        finish();
}
END_TEST

/* However a load fails, for ever: it costs an image that is there at most twice an hour. */
START_TEST(failures_for_ever) {
        static const unsigned longest[_FATE_MAX] = {
                [FATE_BROKEN] = 1,       [FATE_CRASHED_LATE] = 2, [FATE_RESTORED] = 1,
                [FATE_HANGS_INSIDE] = 1, [FATE_VANISHES] = 1,
        };
        bool tries_on;

        boot(HOTPLUG_KERNEL_UPDATES);
        s.plans_work = true;
        s.n_dropped = 0;
        fail_for_ever(_i);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_HOUR);
        if (_i == FATE_OK)
                ck_assert_uint_eq(s.n_dropped, 1);
        else
                ck_assert_uint_eq(s.n_dropped, longest[_i]);
        tries_on = _i == FATE_REFUSED || _i == FATE_NOT_STARTED || !s.image.loaded;
        if (_i != FATE_OK && _i != FATE_LOCKDOWN)
                ck_assert_int_eq(s.n_loads >= 20, tries_on);
        if (!tries_on)
                ck_assert_uint_le(s.n_loads, 3);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, refused_and_restored, 0, 2);
        tcase_add_loop_test(each, failures_for_ever, 0, _FATE_MAX);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, refused_and_then_lost);
}

TEST_MAIN("guard-refused", add_cases)
