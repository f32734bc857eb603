/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: what lines of the kernel's log on failed updates are worth. */
#include "test-guard.h"

#include "daemon/status.h"

static unsigned told(void) {
        unsigned n = 0;

        for (size_t i = 0; fake_system_decision(&s, i); i++)
                n += fake_system_decision(&s, i)->cause == REASON_LOG_UNFOUNDED;
        return n;
}

static void check_not_stale(void) {
        Status status;

        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.stale_reason, "");
        ck_assert_str_eq(status.state_reason, "loaded; it covers all memory and CPUs");
        ck_assert(s.on_disk && !s.disk.must_reload);
}

/* An event of which nothing changes, and a line so long before or after it. */
static void event_and_line(bool line_first, uint64_t apart_usec) {
        if (line_first)
                fake_system_log_line(&s);
        else
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, false);
        fake_system_run(&s, apart_usec);
        if (line_first)
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, false);
        else
                fake_system_log_line(&s);
        fake_system_run(&s, 5 * USEC_PER_SEC);
}

/* Whoever can make the kernel log such a line, and nothing else: it is told once. */
START_TEST(alone) {
        boot(_i ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        for (unsigned i = 0; i < 50; i++) {
                fake_system_log_line(&s);
                fake_system_run(&s, USEC_PER_MSEC);
                check_not_stale();
                fake_system_run(&s, i % 3 * USEC_PER_SEC);
        }
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_uint_eq(told(), 1);
        /* Nor while nobody reads it, nor in the middle of a load. */
        fake_system_kill(&s);
        fake_system_start(&s);
        fake_system_input(&s, INPUT_KERNEL_LOG);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_loads, 1);
        s.reader = true;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_loads, 2);
        check_not_stale();
        /* A synthetic event speaks for nothing. */
        fake_system_log_line(&s);
        fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, true, false);
        fake_system_run(&s, USEC_PER_MINUTE);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* With an event near it, it counts; three times in a boot, through restarts. */
START_TEST(near_an_event) {
        bool line_first = _i & 1;
        uint64_t apart = _i & 2 ? 490 * USEC_PER_MSEC : 0;

        boot(HOTPLUG_KERNEL_UPDATES);
        for (unsigned i = 0; i < LOG_RELOADS_MAX; i++) {
                event_and_line(line_first, apart);
                check_decision(0, VERDICT_RELOAD, REASON_KERNEL_LOG, 1);
                ck_assert_uint_eq(s.n_loads, 2 + i);
                if (_i & 4) {
                        fake_system_kill(&s);
                        fake_system_start(&s);
                        fake_system_run(&s, USEC_PER_SEC);
                }
        }
        /* What is loaded for other reasons leaves the count as it is. */
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        s.n_loads = 0;
        for (unsigned i = 0; i < 5; i++) {
                event_and_line(line_first, apart);
                check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 1);
        }
        ck_assert_uint_eq(s.n_loads, 0);
        ck_assert_uint_eq(told(), 1);
        ck_assert_ptr_nonnull(strstr(fake_system_decision(&s, 5)->reason, "three reloads"));
        check_not_stale();
        finish();
        ck_assert_uint_eq(s.n_loads, 0);
}
END_TEST

START_TEST(far_from_an_event) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.settings.settle_usec = _i & 2 ? 0 : 500 * USEC_PER_MSEC;
        event_and_line(_i & 1, 600 * USEC_PER_MSEC);
        ck_assert_uint_eq(told(), 1);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* When CPUs or memory have changed, that speaks for it each time, told by an event or not. */
START_TEST(moved) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.update_fails = true;
        for (unsigned i = 0; i < 3 * LOG_RELOADS_MAX; i++) {
                s.n_lose = _i;
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 10 + i);
                fake_system_run(&s, 5 * USEC_PER_SEC);
                check_decision(0, VERDICT_RELOAD, REASON_KERNEL_LOG, !_i);
                ck_assert_uint_eq(s.image.sets[SUBSYSTEM_MEMORY], s.sets[SUBSYSTEM_MEMORY]);
        }
        ck_assert_uint_eq(s.guard.record.log_reloads, 0);
        ck_assert_uint_eq(told(), 0);
        finish();
        ck_assert_uint_eq(s.n_loads, 1 + 3 * LOG_RELOADS_MAX);
}
END_TEST

static void lose_log(void) {
        Input in = { .type = INPUT_KERNEL_LOG, .log_was_lost = true };

        fake_system_feed(&s, &in);
}

/* What was logged is lost: the line that tells of a failed update may have been among it. Whoever
 * floods the log gets no more than whoever makes up lines. */
START_TEST(lost) {
        boot(HOTPLUG_KERNEL_UPDATES);
        for (unsigned i = 0; i < 10; i++) {
                lose_log();
                fake_system_run(&s, USEC_PER_SEC);
                check_not_stale();
        }
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_uint_eq(told(), 0);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        lose_log();
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 2);
        /* The line itself never comes. */
        s.update_fails = true;
        s.log_delay_usec = USEC_PER_HOUR;
        for (unsigned i = 0; i < 2 * LOG_RELOADS_MAX; i++) {
                if (i % 2)
                        lose_log();
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 10 + i);
                if (i % 2 == 0)
                        lose_log();
                fake_system_run(&s, 5 * USEC_PER_SEC);
                check_decision(0, VERDICT_RELOAD, REASON_LOG_LOST, 1);
                ck_assert_uint_eq(s.image.sets[SUBSYSTEM_MEMORY], s.sets[SUBSYSTEM_MEMORY]);
        }
        s.update_fails = false;
        s.n_loads = 0;
        for (unsigned i = 0; i < 10; i++) {
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, false);
                fake_system_run(&s, USEC_PER_MSEC);
                lose_log();
                fake_system_run(&s, 5 * USEC_PER_SEC);
        }
        ck_assert_uint_eq(s.n_loads, LOG_RELOADS_MAX);
        fake_system_run(&s, 2 * USEC_PER_HOUR);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, alone, 0, 2);
        tcase_add_loop_test(each, near_an_event, 0, 8);
        tcase_add_loop_test(each, far_from_an_event, 0, 4);
        tcase_add_loop_test(each, moved, 0, 2);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, lost);
}

TEST_MAIN("guard-log", add_cases)
