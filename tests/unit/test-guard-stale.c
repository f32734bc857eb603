/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard: what it knows of an image that lists memory which is gone, and of events after
 * which an image covers all that it did. */
#include "test-guard.h"

#include "daemon/status.h"

static void tell(HotplugAction action, uint64_t seqnum) {
        Input in = { .type = INPUT_UEVENT,
                     .uevent = {
                             .subsystem = SUBSYSTEM_MEMORY, .action = action, .seqnum = seqnum } };

        fake_system_feed(&s, &in);
}

static bool is_stale(const char *words) {
        Status status;

        status_fill(&status, &s.guard, NULL);
        ck_assert_int_eq(status.stale, status.stale_reason[0] != '\0');
        if (status.stale)
                ck_assert_msg(strstr(status.stale_reason, words), "%s", status.stale_reason);
        return status.stale;
}

/* The order of a DIMM's removal: its blocks go offline, at which the kernel rebuilds the header,
 * and then away, of which nothing tells it. */
static void remove_two_blocks(void) {
        tell(HOTPLUG_OFFLINE, 0);
        tell(HOTPLUG_OFFLINE, 0);
        tell(HOTPLUG_REMOVE, 0);
        tell(HOTPLUG_REMOVE, 0);
        fake_system_run(&s, USEC_PER_SEC);
}

START_TEST(removal_is_told) {
        boot(HOTPLUG_KERNEL_UPDATES);
        ck_assert(!is_stale(""));
        remove_two_blocks();
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert(is_stale("2 memory blocks"));
        ck_assert_uint_eq(s.guard.record.removed_blocks, 2);

        /* The next rebuild mends it. */
        tell(HOTPLUG_ONLINE, 0);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(!is_stale(""));
        finish();
}
END_TEST

START_TEST(removal_is_mended_on_request) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.settings.reload_when_stale = true;
        remove_two_blocks();
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert_int_eq(fake_system_decision(&s, 0)->cause, REASON_STALE);
        ck_assert(!is_stale(""));
        finish();
}
END_TEST

START_TEST(others_reload_anyway) {
        boot(HOTPLUG_ABSENT);
        tell(HOTPLUG_REMOVE, 0);
        ck_assert(is_stale("about to be reloaded"));
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 2);
        ck_assert(!is_stale(""));
        finish();
}
END_TEST

START_TEST(overflow_may_hide_one) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.settings.reload_when_stale = _i;
        fake_system_input(&s, INPUT_OVERFLOW);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 1 + _i);
        ck_assert_int_eq(is_stale("lost"), !_i);
        finish();
}
END_TEST

/* Not where the kernel takes out what is removed, nor where no image lists memory. */
START_TEST(removal_elsewhere) {
        static const struct {
                const char *architecture;
                HotplugAnswer kernel;
                bool stale;
        } cases[] = {
                { "x86_64", HOTPLUG_KERNEL_UPDATES, true },
                { "ppc64le", HOTPLUG_KERNEL_UPDATES, false },
                { "ppc64le", HOTPLUG_ABSENT, true },
                { "s390x", HOTPLUG_ABSENT, false },
                { "riscv64", HOTPLUG_ABSENT, true },
                { "sparc64", HOTPLUG_KERNEL_UPDATES, true },
        };

        fake_system_init(&s, cases[_i].kernel);
        s.architecture = cases[_i].architecture;
        fake_system_start(&s);
        fake_system_run(&s, 40 * USEC_PER_SEC);
        /* Nobody reloads for it. */
        s.settings.triggers[SUBSYSTEM_MEMORY] = (TriggerSetting){ .actions = 0 };
        guard_set_settings(&s.guard, &s.settings, s.architecture);
        remove_two_blocks();
        ck_assert_int_eq(is_stale("2 memory blocks"), cases[_i].stale);
        s.guard.record.removed_blocks = 0;
        fake_system_input(&s, INPUT_OVERFLOW);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_int_eq(is_stale("uevents were lost"), cases[_i].stale);
        s.guard.record.lost_events = false;
        /* And if no event told of it. */
        s.settings.triggers[SUBSYSTEM_MEMORY].automatic = true;
        guard_set_settings(&s.guard, &s.settings, s.architecture);
        s.n_lose = 2;
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, 1);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_int_eq(is_stale("1 memory block "),
                         cases[_i].stale && cases[_i].kernel == HOTPLUG_KERNEL_UPDATES);
        finish();
}
END_TEST

START_TEST(old_news) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.guard.before_seqnum = 10;
        tell(HOTPLUG_REMOVE, 10);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 0);
        tell(HOTPLUG_REMOVE, 11);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 1);
        s.guard.before_seqnum = 0;
        fake_system_run(&s, USEC_PER_SEC);
        finish();
}
END_TEST

/* udevd hands on the events of different blocks in any order; the kernel had its own. */
START_TEST(other_order) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.guard.before_seqnum = 10;
        tell(HOTPLUG_OFFLINE, 100);
        tell(HOTPLUG_REMOVE, 103);
        tell(HOTPLUG_REMOVE, 102);
        tell(HOTPLUG_OFFLINE, 101);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 2);
        /* This one came after both. */
        tell(HOTPLUG_ONLINE, 104);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 0);
        /* And this one before any that is counted now. */
        tell(HOTPLUG_REMOVE, 105);
        tell(HOTPLUG_OFFLINE, 102);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 1);
        s.guard.before_seqnum = 0;
        fake_system_run(&s, USEC_PER_SEC);
        finish();
}
END_TEST

/* Each text at its time, whole. */
static void check_text(const char *expected) {
        Status status;

        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.stale_reason, expected);
        ck_assert_int_eq(status.stale, expected[0] != '\0');
}

START_TEST(texts) {
        const char *missed = "CPUs or memory changed, and the kernel missed it or the reload for "
                             "it failed";

        boot(HOTPLUG_KERNEL_UPDATES);
        check_text("");
        fake_system_input(&s, INPUT_OVERFLOW);
        check_text("uevents were lost, and with them perhaps the removal of memory");
        tell(HOTPLUG_REMOVE, 0);
        check_text("1 memory block went away that a dump would still list");
        tell(HOTPLUG_REMOVE, 0);
        check_text("2 memory blocks went away that a dump would still list");
        fake_system_run(&s, 5 * USEC_PER_SEC);
        check_text("2 memory blocks went away that a dump would still list");
        /* A rebuild mends what was removed, and of what was lost nobody knows. */
        tell(HOTPLUG_OFFLINE, 0);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        check_text("uevents were lost, and with them perhaps the removal of memory");
        tell(HOTPLUG_ONLINE, 0);
        fake_system_log_line(&s);
        fake_system_run(&s, USEC_PER_MSEC);
        check_text(missed);
        /* During the reload it is stale for the reason for which it was before. */
        while (s.guard.job != JOB_LOAD)
                fake_system_run(&s, USEC_PER_MSEC);
        check_text(missed);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        check_text("");
        ck_assert_uint_eq(s.n_loads, 2);
        finish();
}
END_TEST

/* A load that fails leaves the image as stale as it was: not if it was for other files, or asked
 * for; and if it was for a hotplug, until it was mended. */
START_TEST(failed_loads) {
        static const char missed[] = "CPUs or memory changed, and the kernel missed it or the "
                                     "reload for it failed";
        static const struct {
                Fate fate;
                bool hotplug;
                const char *text;
        } cases[] = {
                { FATE_REFUSED, false, "" },        { FATE_REFUSED, true, missed },
                { FATE_NOT_STARTED, false, "" },    { FATE_NOT_STARTED, true, missed },
                { FATE_RESTORED, false, "" },       { FATE_RESTORED, true, "" },
                { FATE_CRASHED_LATE, false, NULL }, { FATE_CRASHED_LATE, true, NULL },
                { FATE_BROKEN, false, "" },         { FATE_BROKEN, true, "" },
        };

        boot(HOTPLUG_ABSENT);
        s.plans_work = true;
        s.fate = cases[_i].fate;
        s.n_fate = UINT_MAX;
        if (cases[_i].hotplug)
                plug(1);
        else
                fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_FAILED);
        check_text(cases[_i].text
                           ?: "kdump-load ended without a word, and which image is loaded "
                              "is not known");
        ck_assert_int_eq(s.on_disk && s.disk.must_reload, !cases[_i].text || *cases[_i].text);
        /* More of these change nothing, nor does a load that is asked for. */
        if (s.image.loaded) {
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, USEC_PER_MINUTE);
                check_text(cases[_i].text
                                   ?: "kdump-load ended without a word, and which image is "
                                      "loaded is not known");
        }
        s.n_fate = 0;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_MINUTE);
        check_text("");
        finish();
}
END_TEST

/* Only the removal of memory, only from an image of ours, and only a kernel that rebuilds it mends
 * it by that. */
START_TEST(what_counts) {
        Input cpu = { .type = INPUT_UEVENT,
                      .uevent = { .subsystem = SUBSYSTEM_CPU, .action = HOTPLUG_REMOVE } };

        boot(_i ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        fake_system_feed(&s, &cpu);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 0);
        tell(HOTPLUG_REMOVE, 0);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 1);
        cpu.uevent.action = HOTPLUG_ONLINE;
        fake_system_feed(&s, &cpu);
        tell(HOTPLUG_ADD, 0);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 1);
        tell(_i ? HOTPLUG_OFFLINE : HOTPLUG_ONLINE, 0);
        ck_assert_uint_eq(s.guard.record.removed_blocks, !_i);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        /* A load makes a new one, from what there is. */
        fake_system_input(&s, INPUT_OVERFLOW);
        tell(HOTPLUG_REMOVE, 0);
        ck_assert(s.guard.record.lost_events);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 0);
        ck_assert(!s.guard.record.lost_events);
        finish();
}
END_TEST

START_TEST(not_of_others) {
        reach(FOREIGN_ADOPTED);
        tell(HOTPLUG_REMOVE, 0);
        fake_system_input(&s, INPUT_OVERFLOW);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 0);
        ck_assert(!s.guard.record.lost_events);
        check_text("");
        fake_system_done(&s);
}
END_TEST

/* The next process knows. */
START_TEST(is_kept) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_input(&s, INPUT_OVERFLOW);
        fake_system_run(&s, USEC_PER_SEC);
        remove_two_blocks();
        fake_system_kill(&s);
        fake_system_start(&s);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.record.removed_blocks, 2);
        ck_assert(s.guard.record.lost_events);
        ck_assert_uint_eq(s.n_loads, 1);
        check_text("2 memory blocks went away that a dump would still list");
        finish();
}
END_TEST

/* A CPU goes offline and comes back, as for simultaneous multithreading that is switched. */
static void switch_cpu(void) {
        fake_system_hotplug(&s, SUBSYSTEM_CPU, HOTPLUG_OFFLINE, 1);
        fake_system_run(&s, USEC_PER_MSEC);
        fake_system_hotplug(&s, SUBSYSTEM_CPU, HOTPLUG_ONLINE, 1);
}

START_TEST(idle_events) {
        static const HotplugAnswer kernels[] = { HOTPLUG_ABSENT, HOTPLUG_NOT_UPDATED,
                                                 HOTPLUG_UNREADABLE, HOTPLUG_KERNEL_UPDATES };

        boot(kernels[_i]);
        switch_cpu();
        fake_system_run(&s, USEC_PER_MSEC);
        ck_assert(!is_stale(""));
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_SKIP, _i == 3 ? REASON_KERNEL_UPDATES : REASON_IDLE, 2);
        if (_i != 3)
                ck_assert_ptr_nonnull(strstr(fake_system_decision(&s, 0)->reason, "online or not"));
        ck_assert_uint_eq(s.guard.batches_skipped, 1);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* They are if they stand alone, on this architecture, and nobody has asked for more. */
START_TEST(not_idle) {
        fake_system_init(&s, HOTPLUG_ABSENT);
        if (_i == 0)
                s.architecture = "ppc64le";
        if (_i == 1)
                s.settings.triggers[SUBSYSTEM_CPU] = (TriggerSetting){ .actions = ACTIONS_ALL };
        boot_prepared();
        switch_cpu();
        if (_i == 2)
                fake_system_hotplug(&s, SUBSYSTEM_CPU, HOTPLUG_ADD,
                                    1); /* that is there: came and went */
        if (_i == 3)
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, 1);
        if (_i == 4)
                s.sets[SUBSYSTEM_CPU] |= 4; /* and no event tells */
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_int_eq(fake_system_decision(&s, 0)->verdict, VERDICT_RELOAD);
        ck_assert_int_eq(fake_system_decision(&s, 0)->cause, REASON_ATTRIBUTE_ABSENT);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* What moves in the shadow of them is found all the same. */
START_TEST(idle_hides_nothing) {
        boot(HOTPLUG_ABSENT);
        s.sets[SUBSYSTEM_MEMORY] |= 0x10;
        switch_cpu();
        s.tampered = true;
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_SKIP, REASON_IDLE, 2);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert(fake_system_is_covered(&s));
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* What the kernel drops of them in a load, and logs, is nothing that the image lacks. */
START_TEST(idle_meets_load) {
        boot(_i ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        ck_assert(s.in_call);
        switch_cpu();
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* A hotplug after a load was found impossible for another reason: nothing is tried, and the image
 * is stale for it. */
START_TEST(impossible) {
        Status status;

        boot(HOTPLUG_ABSENT);
        s.obstacle = FAILURE_DISABLED;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(!is_stale(""));
        plug(1);
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 2);
        ck_assert_str_eq(fake_system_decision(&s, 0)->result, "impossible");
        ck_assert(is_stale("the reload for it failed"));
        ck_assert(s.disk.must_reload);
        status_fill(&status, &s.guard, NULL);
        ck_assert(status.armed);
        ck_assert_str_eq(status.obstacle, "there is no reservation");
        finish();
        ck_assert(!is_stale(""));
        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.obstacle, "");
}
END_TEST

/* ReloadWhenStale=yes, and the load fails each time: what is stale is tried for once, whatever else
 * comes, until more goes away. */
START_TEST(tried_once) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.settings.reload_when_stale = true;
        s.fate = FATE_RESTORED;
        s.n_fate = UINT_MAX;
        s.plans_work = true;
        remove_two_blocks();
        s.image.sets[SUBSYSTEM_MEMORY] = 0xff; /* it is restored as it was */
        s.guard.record.removed_blocks = 2;
        ck_assert_uint_eq(s.n_loads, 2);
        for (unsigned i = 0; i < 10; i++) {
                fake_system_log_line(&s);
                fake_system_input(&s, INPUT_LOOK_AGAIN);
                fake_system_run(&s, USEC_PER_MINUTE);
        }
        ck_assert_uint_eq(s.n_loads, 2);
        tell(HOTPLUG_REMOVE, 0);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_loads, 3);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, idle_events, 0, 4);
        tcase_add_loop_test(each, not_idle, 0, 5);
        tcase_add_loop_test(each, idle_meets_load, 0, 2);
        tcase_add_loop_test(each, removal_elsewhere, 0, 6);
        tcase_add_loop_test(each, overflow_may_hide_one, 0, 2);
        tcase_add_loop_test(each, what_counts, 0, 2);
        tcase_add_loop_test(each, failed_loads, 0, 10);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, idle_hides_nothing);
        ADD_TEST(suite, impossible);
        ADD_TEST(suite, tried_once);
        ADD_TEST(suite, removal_is_told);
        ADD_TEST(suite, removal_is_mended_on_request);
        ADD_TEST(suite, others_reload_anyway);
        ADD_TEST(suite, old_news);
        ADD_TEST(suite, other_order);
        ADD_TEST(suite, texts);
        ADD_TEST(suite, not_of_others);
        ADD_TEST(suite, is_kept);
}

TEST_MAIN("guard-stale", add_cases)
