/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: requests, and the end of the service, in every situation. */
#include "test-guard.h"

/* Where to a request leads from each situation. */
START_TEST(requests) {
        Situation situation = (unsigned)_i % _SITUATION_MAX;
        Request request = (unsigned)_i / _SITUATION_MAX;
        uint64_t answers;

        reach(situation);
        if (situation == BEFORE_START) {
                fake_system_start(&s);
                fake_system_kill(&s);
                fake_system_start(&s);
        }
        answers = s.n_answers + s.callers[0] + s.callers[1] + s.callers[2];
        fake_system_request(&s, request);
        fake_system_run(&s, 5 * USEC_PER_MINUTE);
        ck_assert_uint_eq(s.n_answers, answers + 1);
        ck_assert_uint_eq(s.callers[request], 0);
        if (request == REQUEST_UNLOAD) {
                ck_assert_uint_eq(s.answered[request], FAILURE_NONE);
                ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNLOADED);
                ck_assert(!s.image.loaded && !s.on_disk);
        } else if (situation == UNAVAILABLE || situation == UNAVAILABLE_ARMED)
                ck_assert_uint_eq(s.answered[request], FAILURE_DISABLED);
        else if (situation == LOAD_HANGS && request == REQUEST_LOAD)
                ck_assert_uint_eq(s.answered[request], FAILURE_TIMEOUT);
        else {
                ck_assert_uint_eq(s.answered[request], FAILURE_NONE);
                ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
                ck_assert(s.image.ours && fake_system_is_covered(&s));
        }
        finish();
}
END_TEST

START_TEST(load_when_armed_loads_nothing) {
        boot(HOTPLUG_ABSENT);
        fake_system_request(&s, REQUEST_LOAD);
        ck_assert_uint_eq(s.n_answers, 1);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

START_TEST(load_joins_the_load) {
        reach(RELOADING);
        for (unsigned i = 0; i < 5; i++)
                fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_answers, 6);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* Who asks for a reload while one runs has seen something newer than what that one loads. */
START_TEST(reload_during_reload) {
        reach(RELOADING);
        fake_system_touch_files(&s);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 250 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_loads, 3);
        ck_assert_uint_eq(s.n_answers, 0);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_answers, 2);
        ck_assert_uint_eq(s.image.generation, s.generation);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

/* Of three requests that come during a load, the last one says what remains. */
START_TEST(last_request_remains) {
        Request order[] = { _i % 3, _i / 3 % 3, _i / 9 % 3 };

        reach(_i < 27 ? RELOADING : UNLOADING);
        for (size_t i = 0; i < ELEMENTSOF(order); i++)
                fake_system_request(&s, order[i]);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_answers, 4);
        ck_assert_int_eq(s.image.loaded, order[2] != REQUEST_UNLOAD);
        ck_assert_uint_eq(s.answered[order[2]], FAILURE_NONE);
        finish();
}
END_TEST

/* Nothing makes a load in the middle of a burst: neither a request nor SIGHUP, whether files
 * changed or the last load failed, nor what the watch finds. */
START_TEST(burst_first) {
        Request request = _i & 1 ? REQUEST_RELOAD : REQUEST_LOAD;

        boot(_i & 2 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        if (_i == 4 || _i == 5) {
                s.fate = FATE_REFUSED;
                s.n_fate = 1;
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, 100 * USEC_PER_MSEC);
        }
        s.n_loads = s.n_answers = 0;
        for (unsigned i = 0; i < 20; i++) {
                plug(1);
                if (i == 3 && _i < 4)
                        fake_system_request(&s, request);
                if (i == 3 && _i >= 4) {
                        fake_system_touch_files(&s);
                        fake_system_input(&s, INPUT_RECONFIGURED);
                }
                if (i == 4 && _i >= 6)
                        fake_system_foreign_unload(&s);
                if (i == 5)
                        fake_system_input(&s, INPUT_WATCH);
                fake_system_run(&s, 100 * USEC_PER_MSEC);
                ck_assert_uint_eq(s.n_loads, 0);
        }
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_answers, _i < 4);
        ck_assert_uint_eq(s.n_loads, _i == 2 ? 0 : 1);
        ck_assert_uint_eq(fake_system_decision(&s, 0)->events, 40);
        ck_assert(fake_system_is_covered(&s));
        ck_assert(_i < 4 || s.image.generation == s.generation);
        finish();
}
END_TEST

/* A batch that waits for something else for longer than MaxDelay still waits for the end of a
 * burst. */
START_TEST(burst_at_a_held_batch) {
        boot(HOTPLUG_ABSENT);
        switch (_i) {
        case 0: /* for a retry */
                s.fate = FATE_BROKEN;
                s.n_fate = 5;
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, 20 * USEC_PER_SEC);
                plug(1);
                while (s.guard.retry_usec > s.now_usec + s.skew_usec + 50 * USEC_PER_MSEC)
                        fake_system_run(&s, 10 * USEC_PER_MSEC);
                break;
        case 1: /* for a load */
                s.call_usec = 20 * USEC_PER_SEC;
                fake_system_request(&s, REQUEST_RELOAD);
                fake_system_run(&s, USEC_PER_SEC);
                plug(1);
                fake_system_run(&s, 18950 * USEC_PER_MSEC);
                s.call_usec = 300 * USEC_PER_MSEC;
                break;
        case 2: /* for a second look, at a start */
                fake_system_kill(&s);
                fake_system_foreign_unload(&s);
                fake_system_start(&s);
                break;
        case 3: /* of an image that is known to be stale */
                s.update_fails = true;
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, false);
                fake_system_log_line(&s);
                fake_system_run(&s, USEC_PER_MSEC);
                fake_system_kill(&s);
                s.zero_samples = 1;
                fake_system_start(&s);
                break;
        case 4: /* for an unload */
                plug(1);
                fake_system_request(&s, REQUEST_UNLOAD);
                fake_system_request(&s, REQUEST_LOAD);
                break;
        case 5: /* for a second look at a decision */
                plug(1);
                s.zero_samples = 1;
                fake_system_run(&s, 499 * USEC_PER_MSEC);
                break;
        }
        s.n_loads = 0;
        for (unsigned i = 0; i < 30; i++) {
                fake_system_run(&s, 10 * USEC_PER_MSEC);
                plug(1);
                ck_assert_uint_eq(s.n_loads, 0);
        }
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_loads, 1);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

/* In a burst the attribute reads 0 whenever the kernel is at it. That is not somebody else's
 * image. */
START_TEST(watch_in_a_burst) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.n_attribute_reads = 0;
        for (unsigned i = 0; i < 5; i++) {
                plug(1);
                fake_system_input(&s, INPUT_WATCH);
        }
        ck_assert_uint_eq(s.n_attribute_reads, 0);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

START_TEST(failing_unload) {
        /* Of an image: it stays, and is followed. */
        boot(HOTPLUG_ABSENT);
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.answered[REQUEST_UNLOAD], FAILURE_BUSY);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert(fake_system_is_covered(&s));

        /* Of nothing: nothing is what is still wanted. */
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNLOADED);
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNLOADED);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* The loader dies, but not before the image is gone. */
START_TEST(unload_without_a_report) {
        boot(HOTPLUG_ABSENT);
        s.fate = FATE_CRASHED_LATE;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, 30 * USEC_PER_MSEC);
        ck_assert_int_eq(s.guard.look, LOOK_UNLOADED);
        if (_i)
                fake_system_input(&s, INPUT_STOP);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.n_answers, 1);
        ck_assert_uint_eq(s.answered[REQUEST_UNLOAD], FAILURE_NONE);
        ck_assert(!s.image.loaded && !s.on_disk);
        ck_assert_int_eq(s.running, !_i);
        finish();
}
END_TEST

/* At a start the first load may come to nothing because somebody wants none. */
START_TEST(unload_before_ready) {
        boot(HOTPLUG_ABSENT);
        fake_system_kill(&s);
        fake_system_touch_files(&s);
        fake_system_start(&s);
        plug(1);
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(s.n_ready, 1);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNLOADED);
        finish();
}
END_TEST

START_TEST(unloaded_stays_unloaded) {
        reach(UNLOADED);
        s.n_verdicts[VERDICT_LOAD] = 0;
        plug(4);
        fake_system_run(&s, USEC_PER_MINUTE);
        check_decision(0, VERDICT_NONE, REASON_NONE, 8);
        fake_system_input(&s, INPUT_OVERFLOW);
        fake_system_input(&s, INPUT_LOOK_AGAIN);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_log_line(&s);
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNLOADED);
        /* Somebody else's image is told, and left alone. */
        fake_system_foreign_load(&s, true, 0);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert(s.guard.foreign && guard_is_armed(&s.guard));
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(s.image.ours && !s.guard.foreign);
        ck_assert_uint_eq(s.n_loads, 2);
        finish();
}
END_TEST

/* Stop from every situation: the process ends, no load is torn apart, and only UnloadOnStop
 * disarms. */
START_TEST(stops) {
        Situation situation = (unsigned)_i % _SITUATION_MAX;
        bool unload = (unsigned)_i >= _SITUATION_MAX, loads, covers;
        uint64_t kills;

        reach(situation);
        if (situation == BEFORE_START)
                fake_system_start(&s);
        s.settings.unload_on_stop = unload;
        loads = s.job == JOB_LOAD;
        kills = s.n_kills;
        fake_system_input(&s, INPUT_STOP);
        fake_system_input(&s, INPUT_STOP);
        ck_assert_uint_eq(s.n_kills, kills + (s.job == JOB_PLAN));
        if (s.running)
                fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, 3 * USEC_PER_MINUTE);
        ck_assert(!s.running);
        ck_assert_uint_eq(s.n_exits, 1);
        ck_assert(!loads || situation == LOAD_HANGS || s.n_kills == kills);
        covers = situation != FAILED && situation != UNAVAILABLE && situation != LOAD_HANGS &&
                 situation != UNLOADED && situation != UNLOADING;
        ck_assert_int_eq(s.image.loaded, covers && (!unload || situation == FOREIGN_ADOPTED));
        if (s.image.loaded && situation != FOREIGN_ADOPTED) {
                ck_assert(s.on_disk);
                /* The next daemon finds nothing to do, unless there is; or unless memory came of
                 * which this one has not seen to the end what the kernel made. */
                uint64_t n = s.n_loads;
                bool stale = s.disk.must_reload || situation == BATCH_PENDING ||
                             situation == SECOND_LOOK_DECIDE;

                s.obstacle = FAILURE_NONE;
                fake_system_start(&s);
                fake_system_run(&s, 10 * USEC_PER_SEC);
                ck_assert_uint_eq(s.n_loads, n + stale);
        }
        finish();
}
END_TEST

/* There is one job at a time, also when the service ends while one compares images. */
START_TEST(stop_while_planning) {
        reach(_i & 1 ? PLAN_HANGS : PLANNING);
        s.settings.unload_on_stop = _i & 2;
        fake_system_input(&s, INPUT_STOP);
        ck_assert(s.running);
        ck_assert_uint_eq(s.n_kills, 1);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(!s.running);
        ck_assert_uint_eq(s.n_exits, 1);
        ck_assert_uint_eq(s.n_kills, 1);
        ck_assert_uint_eq(s.n_unloads, s.settings.unload_on_stop);
        ck_assert_int_eq(s.image.loaded, !s.settings.unload_on_stop);
        ck_assert_uint_eq(s.n_loads, 1);
        finish();
}
END_TEST

/* Whoever asks while the service ends is told at its end, and nobody before it is known how it
 * went. */
START_TEST(request_while_stopping) {
        Request first = _i % 3, second = _i / 3;

        reach(UNLOADED);
        fake_system_request(&s, first);
        fake_system_input(&s, INPUT_STOP);
        ck_assert(s.running);
        fake_system_request(&s, second);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(!s.running);
        ck_assert_uint_eq(s.n_answers, 3);
        finish();
}
END_TEST

/* And the end of the service between them: the next one knows the image. */
START_TEST(stop_between_two_looks) {
        reach(SECOND_LOOK_VERIFY);
        s.settings.unload_on_stop = _i;
        fake_system_input(&s, INPUT_STOP);
        ck_assert(s.running);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(!s.running);
        ck_assert_int_eq(s.on_disk, !_i);
        ck_assert_int_eq(s.image.loaded, !_i);
        finish();
        ck_assert_uint_eq(s.n_loads, 2 + _i);
}
END_TEST

/* A panic in a shutdown must give a dump, whatever a stop of the service alone would do. */
START_TEST(shutdown_unloads_nothing) {
        reach(ARMED);
        s.settings.unload_on_stop = true;
        fake_system_shutdown(&s);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(!s.running);
        ck_assert_uint_eq(s.n_exits, 1);
        ck_assert_uint_eq(s.n_unloads, 0);
        ck_assert(s.image.loaded);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, stop_between_two_looks, 0, 2);
        tcase_add_loop_test(each, stop_while_planning, 0, 4);
        tcase_add_loop_test(each, last_request_remains, 0, 54);
        tcase_add_loop_test(each, burst_first, 0, 8);
        tcase_add_loop_test(each, requests, 0, _SITUATION_MAX * REQUEST_REBUILD);
        tcase_add_loop_test(each, stops, 0, 2 * _SITUATION_MAX);
        tcase_add_loop_test(each, request_while_stopping, 0, 9);
        tcase_add_loop_test(each, unload_without_a_report, 0, 2);
        tcase_add_loop_test(each, burst_at_a_held_batch, 0, 6);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, load_when_armed_loads_nothing);
        ADD_TEST(suite, load_joins_the_load);
        ADD_TEST(suite, reload_during_reload);
        ADD_TEST(suite, watch_in_a_burst);
        ADD_TEST(suite, failing_unload);
        ADD_TEST(suite, unload_before_ready);
        ADD_TEST(suite, unloaded_stays_unloaded);
        ADD_TEST(suite, shutdown_unloads_nothing);
}

TEST_MAIN("guard-request", add_cases)
