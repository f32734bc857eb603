/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: loads that fail, obstacles, and images that others load and unload. */
#include "daemon/status.h"
#include "test-guard.h"

/* Runs until the next load begins, and returns how long that took. */
static uint64_t until_load(uint64_t patience_usec) {
        uint64_t loads = s.n_loads, start = s.now_usec;

        while (s.n_loads == loads && s.now_usec < start + patience_usec)
                fake_system_run(&s, 10 * USEC_PER_MSEC);
        return s.n_loads == loads ? USEC_INFINITY : s.now_usec - start;
}

static void fail_for_ever(Fate fate) {
        s.fate = fate;
        s.n_fate = UINT_MAX;
}

START_TEST(retries_for_ever) {
        static const unsigned seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 };

        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        s.prepare_usec = 0;
        s.call_usec = 0;
        fail_for_ever(FATE_BROKEN);
        fake_system_start(&s);
        fake_system_run(&s, 60 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.n_ready, 1);
        for (size_t i = 0; i < ELEMENTSOF(seconds); i++) {
                uint64_t waited;

                ck_assert_int_eq(guard_state(&s.guard), IMAGE_FAILED);
                ck_assert_uint_eq(s.guard.load_failures, i + 1);
                ck_assert(!s.on_disk);
                waited = until_load(2 * USEC_PER_MINUTE);
                ck_assert_uint_ge(waited, seconds[i] * USEC_PER_SEC * 9 / 10 - 100000);
                ck_assert_uint_le(waited, seconds[i] * USEC_PER_SEC + 100000);
                fake_system_run(&s, 60 * USEC_PER_MSEC);
        }
        for (unsigned i = 0; i < 1000; i++)
                ck_assert_uint_le(until_load(2 * USEC_PER_MINUTE), 61 * USEC_PER_SEC);
        s.n_fate = 0;
        fake_system_run(&s, 61 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_uint_eq(s.guard.failure, FAILURE_NONE);
        check_decision(0, VERDICT_LOAD, REASON_RETRY, 0);

        /* And the next failure starts over. */
        s.fate = FATE_BROKEN;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 60 * USEC_PER_MSEC);
        ck_assert_uint_eq(s.answered[REQUEST_RELOAD], FAILURE_BAD_KERNEL);
        ck_assert_uint_le(until_load(2 * USEC_PER_SEC), USEC_PER_SEC);
        finish();
}
END_TEST

static void reload_wanting(uint64_t mib) {
        s.wanted_bytes = mib << 20;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 5 * USEC_PER_SEC);
}

/* That more should be reserved is said once, and again only if it is clearly more; neither reloads
 * nor hotplug nor a restart of kdumpd repeat it. */
START_TEST(too_little) {
        boot(HOTPLUG_KERNEL_UPDATES);
        ck_assert_uint_eq(s.n_short, 0);
        reload_wanting(255);
        ck_assert_uint_eq(s.n_short, 0);
        reload_wanting(300);
        ck_assert_uint_eq(s.n_short, 1);
        reload_wanting(300);
        reload_wanting(304);
        reload_wanting(250);
        reload_wanting(301);
        ck_assert_uint_eq(s.n_short, 1);
        fake_system_kill(&s);
        fake_system_start(&s);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        reload_wanting(303);
        ck_assert_uint_eq(s.n_short, 1);
        reload_wanting(320);
        ck_assert_uint_eq(s.n_short, 2);
        finish();
}
END_TEST

/* kdump-load hangs in the kernel: callers get an answer, and the state says what is the matter. */
START_TEST(stuck) {
        Status status;

        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        s.fate = _i & 1 ? FATE_HANGS_INSIDE : FATE_HANGS_EARLY;
        s.n_fate = 1;
        s.unkillable = true;
        fake_system_start(&s);
        if (_i & 2)
                fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, s.settings.load_timeout_usec + KILL_PATIENCE_USEC + USEC_PER_SEC);
        ck_assert_uint_eq(s.n_stuck, 1);
        ck_assert_uint_eq(s.n_ready, 1);
        if (_i & 2)
                ck_assert_int_eq(s.answered[REQUEST_RELOAD], FAILURE_TIMEOUT);
        fake_system_request(&s, REQUEST_LOAD);
        ck_assert_int_eq(s.answered[REQUEST_LOAD], FAILURE_TIMEOUT);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_FAILED);
        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.state, "failed");
        ck_assert_ptr_nonnull(strstr(status.state_reason, "hangs in the kernel"));
        ck_assert_uint_eq(s.n_loads, 1);
        if (_i & 4) {
                fake_system_input(&s, INPUT_STOP);
                ck_assert_uint_eq(s.n_exits, 1);
        } else {
                fake_system_run(&s, 20 * USEC_PER_MINUTE);
                ck_assert_uint_eq(s.n_loads, 1);
                fake_system_unstick(&s);
                fake_system_run(&s, 10 * USEC_PER_SEC);
                ck_assert_uint_eq(s.n_loads, 2);
                ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        }
        finish();
}
END_TEST

/* So does a comparison, or an unload: an image is loaded, but nothing can be done about it. */
START_TEST(stuck_and_armed) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        fake_system_start(&s);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        s.fate = FATE_HANGS_EARLY;
        s.n_fate = 1;
        s.unkillable = true;
        if (_i == 0)
                fake_system_input(&s, INPUT_RECONFIGURED);
        else
                fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, s.settings.load_timeout_usec + KILL_PATIENCE_USEC + USEC_PER_SEC);
        ck_assert_uint_eq(s.n_stuck, 1);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_FAILED);
        ck_assert(guard_is_armed(&s.guard));
        if (_i == 1)
                ck_assert_int_eq(s.answered[REQUEST_UNLOAD], FAILURE_TIMEOUT);
        fake_system_unstick(&s);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        finish();
}
END_TEST

/* What a load lacked has been mounted: it does not wait for its next try. */
START_TEST(mounted) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        fail_for_ever(FATE_BROKEN);
        fake_system_start(&s);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_FAILED);
        (void)until_load(2 * USEC_PER_MINUTE);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        s.n_fate = 0;
        fake_system_input(&s, INPUT_MOUNTED);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        check_decision(0, VERDICT_LOAD, REASON_MOUNTED, 0);
        /* What is loaded is compared. */
        fake_system_touch_files(&s);
        fake_system_input(&s, INPUT_MOUNTED);
        fake_system_run(&s, 5 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_CONFIGURATION, 0);
        finish();
}
END_TEST

/* Each way in which a reload can fail: what is loaded then, and that the next events are
 * followed. */
START_TEST(failures) {
        static const struct {
                Fate fate;
                Failure failure;
                bool still_loaded;
        } ways[] = {
                { FATE_NOT_STARTED, FAILURE_SYSTEM, true },
                { FATE_REFUSED, FAILURE_BUSY, true },
                { FATE_BROKEN, FAILURE_BAD_KERNEL, false },
                { FATE_CRASHED_EARLY, FAILURE_CRASHED, true },
                { FATE_CRASHED_LATE, FAILURE_CRASHED, true },
                { FATE_HANGS_EARLY, FAILURE_TIMEOUT, true },
                { FATE_HANGS_INSIDE, FAILURE_TIMEOUT, false },
                { FATE_VANISHES, FAILURE_VANISHED, false },
        };
        uint64_t start;

        boot(_i < (int)ELEMENTSOF(ways) ? HOTPLUG_ABSENT : HOTPLUG_KERNEL_UPDATES);
        _i %= (int)ELEMENTSOF(ways);
        s.fate = ways[_i].fate;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_RELOAD);
        start = s.now_usec;
        while (s.callers[REQUEST_RELOAD] && s.now_usec < start + 10 * USEC_PER_MINUTE)
                fake_system_run(&s, 10 * USEC_PER_MSEC);
        ck_assert_str_eq(failure_to_string(s.answered[REQUEST_RELOAD]),
                         failure_to_string(ways[_i].failure));
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_FAILED);
        ck_assert_int_eq(guard_is_armed(&s.guard), ways[_i].still_loaded);
        ck_assert_int_eq(s.on_disk, ways[_i].still_loaded);
        if (s.on_disk)
                ck_assert_int_eq(s.disk.must_reload, ways[_i].failure == FAILURE_CRASHED ||
                                                             ways[_i].failure == FAILURE_TIMEOUT);
        ck_assert_uint_eq(s.n_kills, ways[_i].failure == FAILURE_TIMEOUT);
        check_decision(0, VERDICT_RELOAD, REASON_REQUEST, 0);
        ck_assert_str_eq(fake_system_decision(&s, 0)->result, "failed");
        fake_system_run(&s, 3 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        plug(2);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(fake_system_decision(&s, 0)->events, 4);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

START_TEST(failed_first_load) {
        fake_system_init(&s, HOTPLUG_ABSENT);
        s.fate = _i;
        s.n_fate = 2;
        fake_system_start(&s);
        fake_system_run(&s, 10 * USEC_PER_MINUTE);
        if (_i == FATE_LOCKDOWN)
                ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNAVAILABLE);
        else
                ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_uint_eq(s.n_ready, 1);
        finish();
}
END_TEST

START_TEST(obstacle) {
        fake_system_init(&s, HOTPLUG_ABSENT);
        s.obstacle = FAILURE_NO_RESERVATION;
        fake_system_start(&s);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNAVAILABLE);
        ck_assert_uint_eq(s.n_ready, 1);
        ck_assert_uint_eq(s.n_loads, 0);
        ck_assert_uint_eq(guard_deadline(&s.guard), USEC_INFINITY);
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_uint_eq(s.guard.load_failures, 1);
        /* Events are recorded, and change nothing. */
        plug(2);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_NONE, REASON_NONE, 4);
        ck_assert_str_eq(fake_system_decision(&s, 0)->result, "impossible");
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNAVAILABLE);
        fake_system_request(&s, REQUEST_LOAD);
        ck_assert_uint_eq(s.answered[REQUEST_LOAD], FAILURE_NO_RESERVATION);
        ck_assert_uint_eq(s.n_answers, 1);
        ck_assert_uint_eq(s.n_loads, 0);
        /* Until it is gone. */
        s.obstacle = FAILURE_NONE;
        fake_system_run(&s, 31 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        check_decision(0, VERDICT_LOAD, REASON_AVAILABLE, 0);
        finish();
}
END_TEST

/* An image that cannot be replaced any more stays, is told to be stale, and is replaced as soon
 * as that is possible again. */
START_TEST(obstacle_to_a_reload) {
        size_t n;

        boot(_i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        s.obstacle = FAILURE_DISABLED;
        if (_i & 1) {
                s.update_fails = true;
                plug(1);
                s.update_fails = false;
        } else
                plug(1);
        s.image.sets[SUBSYSTEM_CPU] = 0; /* whatever the kernel missed */
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, _i & 1 ? REASON_KERNEL_LOG : REASON_ATTRIBUTE_ABSENT, 2);
        ck_assert_str_eq(fake_system_decision(&s, 0)->result, "failed");
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_uint_eq(guard_deadline(&s.guard), USEC_INFINITY);
        ck_assert(s.disk.must_reload);
        /* Even if the kernel says 1 at the next event. */
        plug(2);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert(s.disk.must_reload);
        ck_assert_uint_eq(s.n_loads, 1);
        /* Events of other devices are no reason to say so again and again. */
        n = s.guard.history.n_total;
        for (unsigned i = 0; i < 10; i++) {
                s.seqnum++;
                fake_system_run(&s, USEC_PER_MINUTE);
        }
        ck_assert_uint_eq(s.guard.history.n_total, n);
        if (_i & 2) {
                fake_system_kill(&s);
                s.obstacle = FAILURE_NONE;
                fake_system_start(&s);
        }
        s.obstacle = FAILURE_NONE;
        fake_system_run(&s, 31 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, _i & 2 ? REASON_RECORD_STALE : REASON_AVAILABLE, 0);
        ck_assert(fake_system_is_covered(&s));
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* The same if it is somebody else's, from before the start or from later. */
START_TEST(obstacle_to_replacing) {
        bool adopt = _i & 1;

        fake_system_init(&s, HOTPLUG_ABSENT);
        s.settings.foreign = adopt ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        s.obstacle = FAILURE_DISABLED;
        if (_i & 2)
                fake_system_foreign_load(&s, true, 0);
        fake_system_start(&s);
        fake_system_foreign_load(&s, true, 0);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert(s.guard.foreign);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        if (_i & 4) {
                plug(1);
                fake_system_run(&s, USEC_PER_MINUTE);
                check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 2);
        }
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_uint_eq(s.n_loads, 0);
        s.obstacle = FAILURE_NONE;
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_int_eq(s.image.ours, !adopt || (_i & 4));
        finish();
}
END_TEST

/* An event makes it stale before the watch has even found it. */
START_TEST(event_finds_foreign_image) {
        fake_system_init(&s, HOTPLUG_ABSENT);
        s.settings.foreign = _i ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        s.obstacle = FAILURE_DISABLED;
        fake_system_start(&s);
        fake_system_foreign_load(&s, false, 0);
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 2);
        check_decision(1, VERDICT_ADOPT, REASON_FOREIGN_IMAGE, 0);
        ck_assert(s.guard.foreign);
        s.obstacle = FAILURE_NONE;
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert(s.image.ours && fake_system_is_covered(&s));
        finish();
}
END_TEST

/* Under lockdown a try can cost the image that is there. */
START_TEST(lockdown_and_an_image) {
        boot(HOTPLUG_ABSENT);
        fail_for_ever(FATE_LOCKDOWN);
        if (_i) {
                fake_system_foreign_unload(&s);
                fake_system_run(&s, USEC_PER_MINUTE);
                fake_system_foreign_load(&s, true, 0);
                fake_system_run(&s, USEC_PER_MINUTE);
        }
        for (unsigned i = 0; i < 10; i++) {
                plug(1);
                fake_system_run(&s, USEC_PER_MINUTE);
                ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
                check_decision(0, VERDICT_RELOAD, REASON_ATTRIBUTE_ABSENT, 2);
        }
        ck_assert_uint_eq(s.n_loads, 2);
        finish();
}
END_TEST

/* An image that gets lost while none can be loaded. */
START_TEST(obstacle_and_no_image) {
        boot(HOTPLUG_ABSENT);
        s.obstacle = FAILURE_DISABLED;
        if (_i)
                plug(1);
        fake_system_run(&s, USEC_PER_SEC);
        fake_system_foreign_unload(&s);
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNAVAILABLE);
        ck_assert(!s.on_disk);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* What lockdown accepts cannot be seen, so only somebody who asks makes it try again. */
START_TEST(lockdown) {
        fake_system_init(&s, HOTPLUG_ABSENT);
        fail_for_ever(FATE_LOCKDOWN);
        fake_system_start(&s);
        fake_system_run(&s, USEC_PER_HOUR);
        plug(2);
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNAVAILABLE);
        ck_assert_uint_eq(s.n_loads, 1);
        s.n_fate = 0;
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        finish();
}
END_TEST

/* The kernel's own update takes the image away for a moment: it is not told, and costs nothing. */
START_TEST(one_zero_sample) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.zero_samples = 1;
        switch (_i) {
        case 0:
                fake_system_input(&s, INPUT_WATCH);
                break;
        case 1:
                plug(1);
                break;
        case 2:
                fake_system_input(&s, INPUT_LOOK_AGAIN);
                break;
        case 3:
                fake_system_input(&s, INPUT_RECONFIGURED);
                break;
        case 4:
                fake_system_kill(&s);
                fake_system_start(&s);
                break;
        case 5:
                fake_system_kill(&s);
                s.zero_samples = 0;
                fake_system_start(&s);
                s.zero_samples = 1;
                break;
        }
        while (s.now_usec % USEC_PER_SEC != 0) {
                fake_system_run(&s, USEC_PER_MSEC);
                ck_assert(guard_is_armed(&s.guard));
                if (s.n_ready)
                        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        }
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.zero_samples, 0);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* The same after a load, whether that went well or not. */
START_TEST(one_zero_sample_after_load) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.fate = FATE_REFUSED;
        s.n_fate = _i;
        fake_system_request(&s, REQUEST_RELOAD);
        s.zero_samples = 1;
        fake_system_run(&s, _i ? 30 * USEC_PER_MSEC : 330 * USEC_PER_MSEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_LOADING);
        ck_assert_uint_eq(s.callers[REQUEST_RELOAD], 1);
        fake_system_run(&s, 50 * USEC_PER_MSEC);
        ck_assert(guard_is_armed(&s.guard));
        ck_assert(s.on_disk);
        ck_assert_uint_eq(s.answered[REQUEST_RELOAD], _i ? FAILURE_BUSY : FAILURE_NONE);
        ck_assert_uint_eq(s.guard.total_unprotected_usec, _i ? 0 : 300 * USEC_PER_MSEC);
        finish();
}
END_TEST

/* An event of the load that is handed on between the two looks. */
START_TEST(event_between_two_looks) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.uevent_delay_usec = 200 * USEC_PER_MSEC;
        fake_system_request(&s, REQUEST_RELOAD);
        s.sets[SUBSYSTEM_MEMORY] &= ~UINT64_C(8);
        fake_system_run(&s, 160 * USEC_PER_MSEC);
        s.log_delay_usec = USEC_PER_MINUTE;
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 3);
        fake_system_run(&s, 150 * USEC_PER_MSEC);
        s.zero_samples = 1;
        fake_system_run(&s, 20 * USEC_PER_MSEC);
        ck_assert_int_eq(s.guard.look, LOOK_VERIFY);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_MET_LOAD, 1);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

START_TEST(foreign_unload) {
        boot(HOTPLUG_KERNEL_UPDATES);
        ck_assert(fake_system_foreign_unload(&s));
        fake_system_run(&s, 31 * USEC_PER_SEC);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        check_decision(0, VERDICT_LOAD, REASON_FOREIGN_UNLOAD, 0);
        ck_assert_uint_eq(s.guard.total_unprotected_usec, 0);

        /* The next event notices, too. */
        fake_system_foreign_unload(&s);
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_LOAD, REASON_FOREIGN_UNLOAD, 2);
        finish();
        ck_assert_uint_eq(s.n_loads, 3);
}
END_TEST

START_TEST(foreign_load) {
        boot(HOTPLUG_KERNEL_UPDATES);
        ck_assert(fake_system_foreign_load(&s, false, 0));
        fake_system_run(&s, 31 * USEC_PER_SEC);
        ck_assert(s.image.ours);
        check_decision(0, VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

START_TEST(foreign_load_adopted) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.settings.foreign = FOREIGN_ADOPT;
        fake_system_foreign_load(&s, false, 0);
        fake_system_run(&s, 31 * USEC_PER_SEC);
        ck_assert(s.guard.foreign && !s.on_disk);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        check_decision(0, VERDICT_ADOPT, REASON_FOREIGN_IMAGE, 0);
        fake_system_run(&s, USEC_PER_HOUR);
        ck_assert(!s.image.ours);
        /* Until a hotplug makes it stale. */
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert(s.image.ours && !s.guard.foreign);
        check_decision(0, VERDICT_RELOAD, REASON_NOT_UPDATED, 2);
        finish();
}
END_TEST

/* An adopted image stays until a hotplug that the kernel does not follow, wherever it was found,
 * and whatever makes us look. */
START_TEST(adopted_stays) {
        fake_system_init(&s, _i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        s.settings.foreign = FOREIGN_ADOPT;
        if (_i & 2) {
                s.obstacle = FAILURE_DISABLED;
                fake_system_start(&s);
                fake_system_foreign_load(&s, true, 0);
        } else {
                fake_system_foreign_load(&s, true, 0);
                fake_system_start(&s);
        }
        fake_system_run(&s, USEC_PER_MINUTE);
        s.obstacle = FAILURE_NONE;
        s.n_loads = 0;
        check_decision(0, VERDICT_ADOPT, REASON_FOREIGN_IMAGE, 0);
        fake_system_input(&s, INPUT_LOOK_AGAIN);
        fake_system_uevent(&s, SUBSYSTEM_CPU, HOTPLUG_ONLINE, true, false);
        fake_system_run(&s, USEC_PER_MINUTE);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_MINUTE);
        check_decision(0, VERDICT_ADOPT, REASON_FOREIGN_IMAGE, 0);
        ck_assert_uint_eq(s.n_loads, 0);
        ck_assert(!s.image.ours && s.guard.foreign);
        /* A hotplug that went unseen counts, SIGHUP or not. */
        s.n_lose = 2;
        plug(1);
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_int_eq(s.image.ours, !(_i & 1));
        /* And the other policy replaces it. */
        s.settings.foreign = FOREIGN_REPLACE;
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(s.image.ours);
        finish();
}
END_TEST

/* Somebody holds the kexec lock for longer than our loader waits, or just for a while. */
START_TEST(foreign_lock) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_foreign_load(&s, true, 2 * USEC_PER_SEC);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 3 * USEC_PER_SEC);
        ck_assert(s.image.ours);
        /* An event during a foreign load: the kernel's line tells. */
        fake_system_foreign_load(&s, true, 2 * USEC_PER_SEC);
        fake_system_run(&s, USEC_PER_SEC);
        plug(1);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        ck_assert(fake_system_is_covered(&s));
        finish();
}
END_TEST

START_TEST(unprotected_time) {
        boot(HOTPLUG_ABSENT);
        ck_assert_uint_eq(s.guard.last_unprotected_usec, 0);
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.last_unprotected_usec, 300 * USEC_PER_MSEC);
        /* A failure that takes the image away leaves a gap until a later load closes it. */
        s.fate = FATE_BROKEN;
        s.n_fate = 3;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 20 * USEC_PER_SEC);
        ck_assert_uint_ge(s.guard.last_unprotected_usec, 6 * USEC_PER_SEC);
        ck_assert_uint_le(s.guard.last_unprotected_usec, 9 * USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.total_unprotected_usec,
                          s.guard.last_unprotected_usec + 300 * USEC_PER_MSEC);
        /* One that leaves it in place does not. */
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 3 * USEC_PER_SEC);
        ck_assert_uint_eq(s.guard.last_unprotected_usec, 300 * USEC_PER_MSEC);
        finish();
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, failures, 0, 16);
        tcase_add_loop_test(each, stuck, 0, 8);
        tcase_add_loop_test(each, stuck_and_armed, 0, 2);
        tcase_add_loop_test(each, failed_first_load, 0, _FATE_MAX);
        tcase_add_loop_test(each, one_zero_sample, 0, 6);
        tcase_add_loop_test(each, one_zero_sample_after_load, 0, 2);
        tcase_add_loop_test(each, obstacle_to_a_reload, 0, 4);
        tcase_add_loop_test(each, obstacle_to_replacing, 0, 8);
        tcase_add_loop_test(each, lockdown_and_an_image, 0, 2);
        tcase_add_loop_test(each, obstacle_and_no_image, 0, 2);
        tcase_add_loop_test(each, adopted_stays, 0, 4);
        tcase_add_loop_test(each, event_finds_foreign_image, 0, 2);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, retries_for_ever);
        ADD_TEST(suite, too_little);
        ADD_TEST(suite, mounted);
        ADD_TEST(suite, obstacle);
        ADD_TEST(suite, lockdown);
        ADD_TEST(suite, event_between_two_looks);
        ADD_TEST(suite, foreign_unload);
        ADD_TEST(suite, foreign_load);
        ADD_TEST(suite, foreign_load_adopted);
        ADD_TEST(suite, foreign_lock);
        ADD_TEST(suite, unprotected_time);
}

TEST_MAIN("guard-load", add_cases)
