/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: what the next process makes of what the last one left, wherever that ended. */
#include "test-guard.h"

#include "daemon/status.h"

static void restart(void) {
        bool loaded = s.image.loaded;

        fake_system_kill(&s);
        ck_assert_int_eq(s.image.loaded, loaded);
        s.n_loads = s.n_plans = 0;
        fake_system_start(&s);
}

START_TEST(adopts) {
        boot(_i ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        /* The record follows what the kernel, or we, have followed. */
        plug(2);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        restart();
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_LOADING);
        ck_assert_uint_eq(s.n_ready, 0);
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_ADOPT, REASON_CONFIGURED, 0);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        ck_assert_uint_eq(s.n_ready, 1);
        ck_assert(!s.guard.foreign);
        finish();
        ck_assert_uint_eq(s.guard.history.n_total, 1);
        ck_assert_uint_eq(s.n_loads, 0);
        ck_assert_uint_eq(s.n_plans, 1);
}
END_TEST

START_TEST(adopts_not_what_is_configured_otherwise) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_kill(&s);
        fake_system_touch_files(&s);
        fake_system_start(&s);
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_CONFIGURATION, 0);
        ck_assert_ptr_nonnull(strstr(fake_system_decision(&s, 0)->reason, "(kernel)"));
        ck_assert_uint_eq(s.n_ready, 1);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

START_TEST(moved_while_away) {
        boot(_i ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        s.log_is_whole = _i == 2;
        fake_system_kill(&s);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 9);
        fake_system_run(&s, USEC_PER_SEC);
        fake_system_start(&s);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(1, VERDICT_ADOPT, REASON_CONFIGURED, 0);
        /* The kernel has updated the image, and its log, if that is at hand, says nothing else. */
        if (_i == 2)
                check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 0);
        else
                check_decision(0, VERDICT_RELOAD,
                               _i ? REASON_CHANGED_AWAY : REASON_ATTRIBUTE_ABSENT, 0);
        ck_assert_int_eq(!strstr(fake_system_decision(&s, 0)->reason, "no event had told"),
                         _i != 0);
        ck_assert(fake_system_is_covered(&s));
        finish();
        ck_assert_uint_eq(s.n_loads, _i == 2 ? 1 : 2);
}
END_TEST

/* The kernel failed to update the image while nobody read its log, and answers 1 all the same. Also
 * if events come at once, or the next process dies before it has decided; or if what was logged is
 * at hand. */
START_TEST(update_failed_while_away) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_kill(&s);
        s.update_fails = true;
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 9);
        fake_system_run(&s, USEC_PER_SEC);
        s.update_fails = false;
        s.log_is_whole = _i == 3;
        fake_system_start(&s);
        if (_i == 3)
                fake_system_input(&s, INPUT_KERNEL_LOG);
        if (_i == 2) {
                fake_system_run(&s, 200 * USEC_PER_MSEC);
                fake_system_kill(&s);
                fake_system_start(&s);
        }
        if (_i == 1) {
                fake_system_run(&s, USEC_PER_MSEC);
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, false);
        }
        ck_assert_uint_ne(s.image.sets[SUBSYSTEM_MEMORY], s.sets[SUBSYSTEM_MEMORY]);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, _i == 3 ? REASON_KERNEL_LOG : REASON_CHANGED_AWAY,
                       _i == 1);
        ck_assert_str_eq(fake_system_decision(&s, 0)->reason,
                         reason_to_string(fake_system_decision(&s, 0)->cause));
        ck_assert_uint_eq(s.image.sets[SUBSYSTEM_MEMORY], s.sets[SUBSYSTEM_MEMORY]);
        finish();
        ck_assert_uint_eq(s.n_loads, 2);
}
END_TEST

/* What comes when the process is there is not concerned; nor what has gone back by then. */
START_TEST(moved_back_while_away) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_kill(&s);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 9);
        fake_system_run(&s, USEC_PER_SEC);
        fake_system_start(&s);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, 9);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 1);
        plug(1);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, VERDICT_SKIP, REASON_KERNEL_UPDATES, 2);
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

/* Somebody else loads while nobody looks. The record is there, but the kernel says another thing of
 * the image than it did of ours. */
START_TEST(replaced_while_away) {
        boot(HOTPLUG_KERNEL_UPDATES);
        ck_assert_int_eq(s.disk.answers[SUBSYSTEM_CPU], HOTPLUG_KERNEL_UPDATES);
        ck_assert_int_eq(s.disk.answers[SUBSYSTEM_MEMORY], HOTPLUG_KERNEL_UPDATES);
        if (_i & 1)
                s.settings.foreign = FOREIGN_ADOPT;
        fake_system_kill(&s);
        if (_i & 2) {
                fake_system_foreign_load(&s, true, 0);
                s.disk.answers[SUBSYSTEM_CPU] = HOTPLUG_NOT_UPDATED;
                s.disk.answers[SUBSYSTEM_MEMORY] = HOTPLUG_NOT_UPDATED;
        } else
                fake_system_foreign_load(&s, false, 0);
        fake_system_start(&s);
        ck_assert(!s.guard.foreign); /* after a second look */
        fake_system_run(&s, 2 * USEC_PER_SEC);
        check_decision(0, _i & 1 ? VERDICT_ADOPT : VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        ck_assert_int_eq(s.guard.foreign, _i & 1);
        ck_assert_int_eq(s.on_disk, !(_i & 1));
        finish();
        ck_assert_uint_eq(s.guard.history.n_total, 1);
}
END_TEST

/* What says nothing of the image does not make it foreign: an old record, an attribute that cannot
 * be read now, and one that reads 0 since somebody holds the lock at that moment. */
START_TEST(not_replaced_while_away) {
        static const HotplugAnswer kernels[] = { HOTPLUG_KERNEL_UPDATES, HOTPLUG_KERNEL_UPDATES,
                                                 HOTPLUG_UNREADABLE, HOTPLUG_GARBAGE };

        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_kill(&s);
        s.kernel = kernels[_i];
        s.log_is_whole = true;
        if (_i == 0)
                memset(s.disk.answers, 0, sizeof(s.disk.answers));
        if (_i == 1) {
                s.coming = s.image;
                s.lock_until_usec = s.now_usec + 20 * USEC_PER_MSEC;
        }
        fake_system_start(&s);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        /* A reader that meets the lock makes the kernel log a line. */
        check_decision(_i == 1, VERDICT_ADOPT, REASON_CONFIGURED, 0);
        ck_assert(!s.guard.foreign);
        /* From now on it is known. */
        ck_assert_int_eq(s.guard.record.answers[SUBSYSTEM_CPU], HOTPLUG_KERNEL_UPDATES);
        s.kernel = HOTPLUG_KERNEL_UPDATES;
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

static bool is_stale(void) {
        Status status;

        status_fill(&status, &s.guard, NULL);
        return status.stale;
}

/* Memory went away meanwhile, which the image still lists. */
START_TEST(removed_while_away) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.log_is_whole = true;
        s.settings.reload_when_stale = _i == 1;
        plug(4);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        if (_i != 2)
                fake_system_kill(&s);
        s.n_lose = 3; /* without a trace, where nobody was killed */
        for (unsigned i = 0; i < 3; i++)
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, 5 + i);
        s.seqnum++;
        fake_system_run(&s, USEC_PER_MSEC); /* what was sent until now reaches nobody */
        fake_system_start(&s);
        fake_system_run(&s, USEC_PER_MINUTE);
        ck_assert_int_eq(is_stale(), _i != 1);
        ck_assert_int_eq((s.image.sets[SUBSYSTEM_MEMORY] & ~s.sets[SUBSYSTEM_MEMORY]) != 0,
                         _i != 1);
        ck_assert_uint_eq(s.n_loads, _i == 1 ? 2 : 1);
        if (_i != 1) {
                ck_assert_uint_eq(s.guard.record.removed_blocks, 3);
                ck_assert_uint_eq(s.disk.removed_blocks, 3);
                /* Once, and until the next update. */
                restart();
                fake_system_run(&s, USEC_PER_MINUTE);
                ck_assert_uint_eq(s.guard.record.removed_blocks, 3);
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, false);
                fake_system_run(&s, 2 * USEC_PER_SEC);
                ck_assert(!is_stale());
        }
        finish();
}
END_TEST

/* Whatever happens while no process runs: the next one knows whether the header lists memory that
 * is gone. It cannot know of memory that came and went again, nor, of what is gone, whether
 * something that came after it has mended the header. */
START_TEST(anything_while_away) {
        uint64_t rng = UINT64_C(0x2545f4914f6cdd1d);
        unsigned n_stale = 0, n_true = 0;

        for (unsigned i = 0; i < 3000; i++) {
                uint64_t known, gone, transient = 0;
                bool mended = false, removed = false;

                boot(i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
                s.log_is_whole = i & 2;
                plug(i >> 2 & 7);
                fake_system_run(&s, 2 * USEC_PER_SEC);
                fake_system_kill(&s);
                known = s.sets[SUBSYSTEM_MEMORY];
                rng ^= rng << 13;
                rng ^= rng >> 7;
                rng ^= rng << 17;
                for (unsigned j = 0; j < (rng >> 60) % 6; j++) {
                        unsigned act = rng >> (10 * j) & 1023, block = act >> 2 & 15;
                        bool remove = act & 1;

                        mended |= removed && !(remove && s.sets[SUBSYSTEM_MEMORY] >> block & 1);
                        if (!remove)
                                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, block);
                        else if (s.sets[SUBSYSTEM_MEMORY] >> block & 1) {
                                removed = true;
                                transient |= UINT64_C(1) << block & ~known;
                                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, block);
                        }
                }
                fake_system_run(&s, USEC_PER_MSEC); /* what was sent until now reaches nobody */
                fake_system_start(&s);
                fake_system_run(&s, 10 * USEC_PER_SEC);
                gone = s.image.sets[SUBSYSTEM_MEMORY] & ~s.sets[SUBSYSTEM_MEMORY];
                n_stale += is_stale();
                n_true += gone != 0;
                if (gone & ~transient)
                        ck_assert_msg(is_stale(), "course %u", i);
                if (is_stale())
                        ck_assert_uint_ne(known & ~s.sets[SUBSYSTEM_MEMORY], 0);
                if (!mended && !transient)
                        ck_assert_msg(is_stale() == (gone != 0), "course %u", i);
                finish();
        }
        ck_assert_uint_ge(n_true, 150);
        ck_assert_uint_le(n_stale, 2 * n_true);
}
END_TEST

/* A plan that fails costs nobody the image that is there. */
START_TEST(unplannable) {
        static const Fate fates[] = { FATE_REFUSED, FATE_CRASHED_EARLY, FATE_NOT_STARTED,
                                      FATE_HANGS_EARLY };
        Status status;

        boot(HOTPLUG_KERNEL_UPDATES);
        s.fate = fates[_i % 4];
        s.n_fate = 1;
        if (_i < 4) {
                fake_system_kill(&s);
                fake_system_start(&s);
        } else
                fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, 5 * USEC_PER_MINUTE);
        check_decision(0, _i < 4 ? VERDICT_ADOPT : VERDICT_KEEP, REASON_UNPLANNABLE, 0);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_ARMED);
        status_fill(&status, &s.guard, NULL);
        ck_assert_ptr_nonnull(strstr(status.state_reason, "cannot be loaded again: "));
        ck_assert(!endswith(status.state_reason, ": "));
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_SEC);
        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.state_reason, "loaded; it covers all memory and CPUs");
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

START_TEST(known_stale) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.update_fails = true;
        plug(1);
        restart();
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, VERDICT_RELOAD, REASON_RECORD_STALE, 0);
        ck_assert(fake_system_is_covered(&s));
        finish();
        ck_assert_uint_eq(s.n_loads, 1);
}
END_TEST

START_TEST(unloaded_while_away) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_kill(&s);
        fake_system_foreign_unload(&s);
        s.obstacle = FAILURE_DISABLED;
        fake_system_start(&s);
        fake_system_run(&s, USEC_PER_SEC);
        ck_assert(!s.on_disk);
        ck_assert_int_eq(guard_state(&s.guard), IMAGE_UNAVAILABLE);
        finish();
}
END_TEST

START_TEST(foreign_at_start) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        s.settings.foreign = _i ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        fake_system_foreign_load(&s, true, 0);
        fake_system_start(&s);
        fake_system_run(&s, USEC_PER_SEC);
        check_decision(0, _i ? VERDICT_ADOPT : VERDICT_RELOAD, REASON_FOREIGN_IMAGE, 0);
        ck_assert_int_eq(s.guard.foreign, _i);
        ck_assert_uint_eq(s.n_ready, 1);
        finish();
        ck_assert_uint_eq(s.n_loads, !_i);
}
END_TEST

/* Killed while the first load, or a reload, runs. It is ours, and something may have fallen into
 * it. */
START_TEST(killed_during_load) {
        fake_system_init(&s, _i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
        s.settings.foreign = _i & 2 ? FOREIGN_ADOPT : FOREIGN_REPLACE;
        fake_system_start(&s);
        if (_i & 4) {
                fake_system_run(&s, USEC_PER_SEC);
                fake_system_request(&s, REQUEST_RELOAD);
        }
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        ck_assert_int_eq(s.guard.job, JOB_LOAD);
        plug(1);
        fake_system_kill(&s);
        ck_assert(s.image.loaded && !fake_system_is_covered(&s));
        fake_system_start(&s);
        fake_system_run(&s, 2 * USEC_PER_SEC);
        ck_assert(fake_system_is_covered(&s));
        check_decision(0, VERDICT_RELOAD, REASON_RECORD_STALE, 0);
        finish();
}
END_TEST

/* --- killed at every step -------------------------------------------------------------------- */

/* Lets time pass; whoever was killed is started again. */
static void revive(uint64_t usec) {
        for (unsigned i = 0; i < 4; i++) {
                fake_system_run(&s, usec / 4);
                if (!s.running) {
                        s.die_at = 0;
                        fake_system_start(&s);
                }
        }
}

/* A long day. */
static void scenario(void) {
        fake_system_start(&s);
        revive(USEC_PER_SEC);
        plug(2);
        revive(200 * USEC_PER_MSEC);
        fake_system_request(&s, REQUEST_RELOAD);
        revive(700 * USEC_PER_MSEC);
        fake_system_hotplug(&s, SUBSYSTEM_CPU, HOTPLUG_ADD, 4);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 20);
        revive(2 * USEC_PER_SEC);
        s.fate = FATE_BROKEN;
        s.n_fate = 2;
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_REMOVE, 4);
        fake_system_request(&s, REQUEST_RELOAD);
        revive(2 * USEC_PER_SEC);
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_log_line(&s);
        revive(10 * USEC_PER_SEC);
        s.zero_samples = 1;
        fake_system_touch_files(&s);
        fake_system_input(&s, INPUT_RECONFIGURED);
        revive(USEC_PER_SEC);
        fake_system_request(&s, REQUEST_UNLOAD);
        revive(USEC_PER_SEC);
        fake_system_request(&s, REQUEST_LOAD);
        fake_system_run(&s, 40 * USEC_PER_MSEC);
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 21);
        revive(3 * USEC_PER_SEC);
        fake_system_foreign_load(&s, false, 0);
        revive(40 * USEC_PER_SEC);
        s.obstacle = FAILURE_DISABLED;
        fake_system_hotplug(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, 22);
        revive(2 * USEC_PER_SEC);
        s.obstacle = FAILURE_NONE;
        revive(40 * USEC_PER_SEC);
        fake_system_input(&s, INPUT_OVERFLOW);
        fake_system_input(&s, INPUT_STOP);
        revive(USEC_PER_SEC);
}

START_TEST(killed_at_every_step) {
        uint64_t actions, loads = 0;

        for (uint64_t die_at = 0;; die_at++) {
                fake_system_init(&s, _i & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
                s.settings.foreign = _i & 2 ? FOREIGN_ADOPT : FOREIGN_REPLACE;
                s.settings.unload_on_stop = _i & 4;
                s.die_at = die_at;
                scenario();
                actions = s.n_actions;
                loads = MAX(loads, s.n_loads);
                finish();
                if (die_at > actions)
                        break;
        }
        ck_assert_uint_ge(actions, 80);
        ck_assert_uint_le(loads, 30);
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, adopts, 0, 2);
        tcase_add_loop_test(each, moved_while_away, 0, 3);
        tcase_add_loop_test(each, update_failed_while_away, 0, 4);
        tcase_add_loop_test(each, removed_while_away, 0, 3);
        tcase_add_loop_test(each, unplannable, 0, 8);
        tcase_add_loop_test(each, foreign_at_start, 0, 2);
        tcase_add_loop_test(each, replaced_while_away, 0, 4);
        tcase_add_loop_test(each, not_replaced_while_away, 0, 4);
        tcase_add_loop_test(each, killed_during_load, 0, 8);
        tcase_add_loop_test(each, killed_at_every_step, 0, 8);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, adopts_not_what_is_configured_otherwise);
        ADD_TEST(suite, moved_back_while_away);
        ADD_TEST(suite, anything_while_away);
        ADD_TEST(suite, known_stale);
        ADD_TEST(suite, unloaded_while_away);
}

TEST_MAIN("guard-restart", add_cases)
