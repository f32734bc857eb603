/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: images that others load and unload, by the notes of kexec calls. */
#include "test-guard.h"

#include "daemon/status.h"

/* A machine with a watch, a while after its boot. Nothing but a note tells of what follows. */
static void boot_watched(HotplugAnswer kernel) {
        fake_system_init(&s, kernel);
        s.has_watch = true;
        boot_prepared();
        ck_assert_int_eq(s.guard.calls.watch, CALL_WATCH_SEES);
        ck_assert_str_eq(guard_calls_unseen(&s.guard), "");
        s.watching = false;
}

static void check_ours(unsigned loads) {
        ck_assert(s.image.loaded && s.image.ours);
        ck_assert(s.guard.have_record && !s.guard.foreign);
        ck_assert_uint_eq(s.n_loads, loads);
        ck_assert(!s.guard.calls.is_pending);
        ck_assert_uint_eq(s.guard.calls.judged, s.n_calls);
}

/* At once, and by a call that takes its time; an image that looks as ours does, and another. */
START_TEST(load_is_replaced) {
        boot_watched(_i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        ck_assert(fake_system_foreign_load(&s, true, _i & 2 ? USEC_PER_SEC : 0));
        fake_system_run(&s, 3 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        check_ours(2);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* The image is in, and the second note is still to come. */
START_TEST(load_between_notes) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.image.ours = false;
        s.tampered = true;
        for (unsigned i = 0; i < 2; i++) {
                fake_system_feed(&s, &(Input){ .type = INPUT_CALLED,
                                               .called = { .count = ++s.n_calls, .tgid = 5 } });
                fake_system_run(&s, 10 * USEC_PER_MSEC);
                ck_assert(!s.guard.calls.is_pending);
        }
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        check_ours(2);
        finish();
}
END_TEST

START_TEST(load_is_adopted) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.settings.foreign = FOREIGN_ADOPT;
        ck_assert(fake_system_foreign_load(&s, true, _i ? USEC_PER_SEC : 0));
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_ADOPT, REASON_FOREIGN_IMAGE, 0);
        ck_assert(s.guard.foreign && !s.image.ours);
        /* The next one as well. */
        ck_assert(fake_system_foreign_load(&s, true, 0));
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert(s.guard.foreign);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

START_TEST(unload_is_mended) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        if (_i)
                s.settings.foreign = FOREIGN_ADOPT;
        ck_assert(fake_system_foreign_unload(&s));
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_LOAD, REASON_FOREIGN_UNLOAD, 0);
        check_ours(2);
        finish();
}
END_TEST

/* "kexec -l" again and again, each by a process of its own, and also over a restart. */
START_TEST(other_kernel_is_no_matter) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        for (unsigned i = 0; i < 40; i++) {
                ck_assert(fake_system_foreign_other(&s));
                if (i % 3)
                        fake_system_run(&s, USEC_PER_MSEC);
        }
        fake_system_run(&s, USEC_PER_SEC);
        check_ours(1);
        ck_assert_uint_eq(s.disk.calls, s.n_calls);
        ck_assert(s.disk.calls_are_known);
        fake_system_kill(&s);
        ck_assert(fake_system_foreign_other(&s));
        fake_system_start(&s);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_ours(1);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* What holds the lock is waited for, with few looks, and nothing is loaded over it before. */
START_TEST(long_call) {
        uint64_t steps;

        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.watching = true;
        steps = s.n_steps;
        ck_assert(fake_system_foreign_load(&s, true, 90 * USEC_PER_SEC));
        fake_system_run(&s, 89 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert_uint_le(s.n_steps - steps, 100);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        check_ours(2);
        finish();
}
END_TEST

/* A load that somebody else makes while ours prepares is gone with ours. */
START_TEST(before_ours) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 5 * USEC_PER_MSEC);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_REQUEST, 0);
        check_ours(2);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* And if ours then fails before it has called, theirs is still there. */
START_TEST(ours_refused) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 5 * USEC_PER_MSEC);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        fake_system_run(&s, 5 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        check_ours(3);
        finish();
}
END_TEST

/* A build does not hold it up. */
START_TEST(build_is_overtaken) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        fake_system_builds(&s);
        s.has_watch = true;
        boot_prepared();
        s.watching = false;
        fake_system_touch_sources(&s);
        s.build_usec = USEC_PER_MINUTE;
        fake_system_input(&s, INPUT_RECONFIGURED);
        ck_assert_int_eq(s.guard.job, JOB_BUILD);
        ck_assert(fake_system_foreign_unload(&s));
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_kills, 1);
        fake_system_run(&s, 2 * USEC_PER_MINUTE);
        ck_assert(s.image.loaded && s.image.ours);
        finish();
}
END_TEST

START_TEST(unwanted) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(s.guard.foreign && !s.image.ours);
        ck_assert_uint_eq(s.n_loads, 1);
        fake_system_done(&s);
}
END_TEST

/* Without a note of our own load there are none of others'. The next one that is noted is enough.
 * Where the kernel says why, it need not come to that. */
START_TEST(deaf) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.watching = true;
        s.is_deaf = true;
        s.deaf_in_secret = _i == 0;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_str_eq(guard_calls_unseen(&s.guard),
                         _i == 0 ? "it has not noted kdumpd's own last load"
                                 : "kernel.ftrace_enabled=0");
        ck_assert_int_eq(s.disk.calls_are_known, _i != 0);
        s.is_deaf = false;
        if (_i == 0)
                fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_str_eq(guard_calls_unseen(&s.guard), "");
        s.watching = false;
        ck_assert(fake_system_foreign_load(&s, true, 0));
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        check_ours(_i == 0 ? 4 : 3);
        finish();
}
END_TEST

/* Our own load, noted as if somebody else had made it (by other numbers of processes): once, and no
 * load after load. */
START_TEST(mistaken) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 400 * USEC_PER_MSEC);
        s.n_calls += 2;
        for (unsigned i = 0; i < 2; i++)
                fake_system_feed(&s,
                                 &(Input){ .type = INPUT_CALLED,
                                           .called = { .count = s.n_calls - 1 + i, .tgid = 5 } });
        fake_system_run(&s, USEC_PER_MINUTE);
        check_ours(3);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

/* Where our own calls are not known again, they are nobody's, and none leads to another. */
START_TEST(unknown_again) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.pid_shift = 1000;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(s.guard.calls.watch, CALL_WATCH_DEAF);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_loads, 3);
        s.pid_shift = 0;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(s.guard.calls.watch, CALL_WATCH_SEES);
        check_ours(4);
        finish();
        ck_assert_uint_eq(s.n_loads, 4);
}
END_TEST

/* A load that told nothing is tried again for that, and not for what it may have left. */
START_TEST(untold) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.fate = FATE_CRASHED_LATE;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_RETRY, 0);
        check_ours(3);
        finish();
}
END_TEST

/* Notes that were lost: whoever made them may have loaded. */
START_TEST(lost) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        s.watching = true;
        s.n_calls += 1;
        if (_i)
                ck_assert(fake_system_foreign_other(&s));
        fake_system_run(&s, USEC_PER_MINUTE);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        check_ours(2);
        finish();
}
END_TEST

START_TEST(blind) {
        boot(HOTPLUG_KERNEL_UPDATES);
        ck_assert_str_eq(guard_calls_unseen(&s.guard), "kdump-watch has not answered yet");
        fake_system_feed(&s, &(Input){ .type = INPUT_CALLS_WATCHED, .watched.why = "no BPF" });
        ck_assert_str_eq(guard_calls_unseen(&s.guard), "no BPF");
        /* What comes all the same is not believed. */
        fake_system_feed(&s, &(Input){ .type = INPUT_CALLED, .called = { .count = 7 } });
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert(!s.disk.calls_are_known);
        finish();
}
END_TEST

/* --- the mark */

static void feed_mark(const char *expected, const MarkAnswer *answer) {
        fake_system_feed(&s, &(Input){ .type = INPUT_MARK,
                                       .mark = { .expected = expected, .answer = answer } });
}

static const MarkAnswer no_mark = { .kind = MARK_NONE };

/* It is read, as it is wanted. */
static void read_mark(void) {
        char expected[KEXEC_MARK_MAX];
        MarkAnswer answer = no_mark;

        ck_assert_ptr_nonnull(guard_mark_wanted(&s.guard));
        strscpy(expected, sizeof(expected), guard_mark_wanted(&s.guard));
        if (s.image.ours) {
                answer.kind = MARK_FOUND;
                strscpy(answer.mark, sizeof(answer.mark), expected);
        }
        feed_mark(expected, &answer);
}

static void boot_blind(HotplugAnswer kernel) {
        boot(kernel);
        s.watching = false;
        fake_system_feed(&s, &(Input){ .type = INPUT_CALLS_WATCHED, .watched.why = "no BPF" });
}

static void reason_has(const char *part) {
        Status status;

        status_fill(&status, &s.guard, NULL);
        ck_assert(!status.loads_watched);
        ck_assert_msg(strstr(status.loads_watched_reason, part), "\"%s\" is not in: %s", part,
                      status.loads_watched_reason);
}

/* A look in the middle of somebody else's load, where calls are not noted: ours is gone, a load of
 * it fails as the kernel is busy, and then an image is there that is not ours. */
START_TEST(look_meets_foreign_load) {
        boot_blind(HOTPLUG_KERNEL_UPDATES);
        s.settings.foreign = _i ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        ck_assert(fake_system_foreign_load(&s, true, 2 * USEC_PER_SEC));
        fake_system_input(&s, INPUT_WATCH);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(s.guard.failure, FAILURE_BUSY);
        fake_system_run(&s, 60 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert(s.guard.foreign == (_i == 1) && s.image.ours == (_i == 0));
        if (_i == 0)
                check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        finish();
}
END_TEST

/* Where calls are not noted: with each setting, and on both kinds of kernels. */
START_TEST(mark_tells) {
        boot_blind(_i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        s.settings.foreign = _i & 2 ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        for (unsigned i = 0; i < 3; i++)
                read_mark();
        reason_has("no BPF; its mark tells");
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        read_mark();
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, _i & 2 ? 1 : 2);
        if (_i & 2) {
                check_decision(0, VERDICT_ADOPT, REASON_FOREIGN_IMAGE, 0);
                ck_assert(s.guard.foreign);
                ck_assert_ptr_null(guard_mark_wanted(&s.guard));
                reason_has("no BPF");
        } else {
                check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
                check_ours(2);
                ck_assert(s.guard.calls.mark_is_due);
                read_mark();
                ck_assert(!s.guard.calls.mark_is_due);
        }
        finish();
}
END_TEST

/* It is there, and cannot be found: images are dropped for that twice, and not without end. */
START_TEST(mark_not_found) {
        boot_blind(HOTPLUG_KERNEL_UPDATES);
        s.tampered = true; /* two needless loads are part of it */
        for (unsigned i = 0; i < 5; i++) {
                char expected[KEXEC_MARK_MAX];

                strscpy(expected, sizeof(expected), guard_mark_wanted(&s.guard));
                feed_mark(expected, &no_mark);
                fake_system_run(&s, USEC_PER_SEC);
        }
        ck_assert_uint_eq(s.n_loads, 3);
        reason_has("it is not found in images that were loaded with it");
        /* Once it is, it is believed again. */
        read_mark();
        reason_has("its mark tells");
        finish();
}
END_TEST

START_TEST(mark_unknown) {
        const MarkAnswer unknown = { .kind = MARK_UNKNOWN, .why = "lockdown" };
        const MarkAnswer nothing = { .kind = MARK_NOTHING };

        boot_blind(HOTPLUG_KERNEL_UPDATES);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        feed_mark(guard_mark_wanted(&s.guard), &unknown);
        reason_has("no BPF; and its mark does not tell which image is loaded: lockdown");
        feed_mark(guard_mark_wanted(&s.guard), &nothing);
        reason_has("lockdown");
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 1);
        free(s.guard.record.report.mark);
        s.guard.record.report.mark = NULL;
        ck_assert_ptr_null(guard_mark_wanted(&s.guard));
        reason_has("no BPF; and the image has no mark");
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_SEC);
        finish();
}
END_TEST

/* An answer about an image before, and in the middle of a load, is none. */
START_TEST(mark_of_another) {
        char before[KEXEC_MARK_MAX];

        boot_blind(HOTPLUG_KERNEL_UPDATES);
        strscpy(before, sizeof(before), guard_mark_wanted(&s.guard));
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 5 * USEC_PER_MSEC);
        ck_assert_int_eq(s.guard.job, JOB_LOAD);
        ck_assert_ptr_null(guard_mark_wanted(&s.guard));
        feed_mark(before, &no_mark);
        fake_system_run(&s, USEC_PER_SEC);
        feed_mark(before, &no_mark);
        fake_system_run(&s, USEC_PER_SEC);
        check_ours(2);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* What is found out during a comparison that leads to a load: it is loaded once. */
START_TEST(mark_before_ours) {
        boot_blind(HOTPLUG_KERNEL_UPDATES);
        s.generation++;
        fake_system_input(&s, INPUT_RECONFIGURED);
        ck_assert_int_eq(s.guard.job, JOB_PLAN);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        read_mark();
        fake_system_run(&s, 3 * USEC_PER_SEC);
        check_ours(2);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* From the first load to the watch nobody sees who calls: then the mark tells, once. */
START_TEST(before_the_watch) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        s.has_watch = true;
        s.connect_usec = USEC_PER_MINUTE;
        boot_prepared();
        s.watching = false;
        if (_i == 0)
                ck_assert(fake_system_foreign_load(&s, true, 0));
        if (_i == 2) { /* it has been ours again in between */
                fake_system_run(&s, USEC_PER_MINUTE);
                fake_system_request(&s, REQUEST_RELOAD);
        }
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_str_eq(guard_calls_unseen(&s.guard), "");
        if (_i < 2)
                read_mark();
        ck_assert_ptr_null(guard_mark_wanted(&s.guard));
        fake_system_run(&s, USEC_PER_SEC);
        check_ours(_i == 1 ? 1 : 2);
        finish();
}
END_TEST

/* The watch was there before the first load. */
START_TEST(watch_from_the_start) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        ck_assert_ptr_null(guard_mark_wanted(&s.guard));
        fake_system_kill(&s);
        fake_system_start(&s);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_ptr_null(guard_mark_wanted(&s.guard));
        finish();
}
END_TEST

/* --- while kdumpd was away */

START_TEST(nothing_while_away) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        for (unsigned i = 0; i < 3; i++) {
                fake_system_kill(&s);
                fake_system_start(&s);
                fake_system_run(&s, 2 * USEC_PER_SEC);
        }
        check_ours(1);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* The notes are still there; or they are not, and their number tells; or they were begun anew. */
START_TEST(load_while_away) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        fake_system_kill(&s);
        ck_assert(fake_system_foreign_load(&s, true, 0));
        if (_i == 1)
                s.n_ring = 0;
        if (_i == 2)
                s.n_calls = s.n_ring = 0;
        fake_system_start(&s);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        check_ours(2);
        finish();
}
END_TEST

/* A load of ours that the next kdumpd hears of, as it outlives the one that had it made; and one of
 * somebody else's at the same time. */
START_TEST(own_load_while_away) {
        KexecCall *call;

        boot_watched(HOTPLUG_KERNEL_UPDATES);
        fake_system_kill(&s);
        for (unsigned i = 0; i < 2; i++) {
                call = &s.ring[s.n_ring++];
                *call = (KexecCall){ .count = ++s.n_calls,
                                     .tgid = s.disk.report.pid + (uint64_t)_i,
                                     .nsec = s.disk.report.call_end_usec * 1000 };
        }
        fake_system_start(&s);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        check_ours(_i ? 2 : 1);
        finish();
        ck_assert_uint_eq(s.n_loads, _i ? 2 : 1);
}
END_TEST

/* The time without an image, by the notes. */
START_TEST(window) {
        boot_watched(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.calls.window_usec, s.call_usec);
        ck_assert_ptr_nonnull(strstr(fake_system_decision(&s, 0)->details,
                                     "unprotected for 300 ms (the kernel notes 300 ms)"));
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, load_is_replaced, 0, 4);
        tcase_add_loop_test(each, load_is_adopted, 0, 2);
        tcase_add_loop_test(each, unload_is_mended, 0, 2);
        tcase_add_loop_test(each, deaf, 0, 2);
        tcase_add_loop_test(each, lost, 0, 2);
        tcase_add_loop_test(each, look_meets_foreign_load, 0, 2);
        tcase_add_loop_test(each, mark_tells, 0, 4);
        tcase_add_loop_test(each, before_the_watch, 0, 3);
        tcase_add_loop_test(each, load_while_away, 0, 3);
        tcase_add_loop_test(each, own_load_while_away, 0, 2);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, load_between_notes);
        ADD_TEST(suite, other_kernel_is_no_matter);
        ADD_TEST(suite, long_call);
        ADD_TEST(suite, before_ours);
        ADD_TEST(suite, ours_refused);
        ADD_TEST(suite, build_is_overtaken);
        ADD_TEST(suite, unwanted);
        ADD_TEST(suite, mistaken);
        ADD_TEST(suite, unknown_again);
        ADD_TEST(suite, untold);
        ADD_TEST(suite, blind);
        ADD_TEST(suite, mark_not_found);
        ADD_TEST(suite, mark_unknown);
        ADD_TEST(suite, mark_of_another);
        ADD_TEST(suite, mark_before_ours);
        ADD_TEST(suite, watch_from_the_start);
        ADD_TEST(suite, nothing_while_away);
        ADD_TEST(suite, window);
}

TEST_MAIN("guard-calls", add_cases)
