/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/guard: courses of events that nobody thought of. What must hold is checked after each
 * step, and that all ends well after each course (fake-system.c). */
#include "test-guard.h"

#include <stdio.h>
#include <stdlib.h>

static size_t longest;

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static void explore(uint64_t seed, unsigned n, size_t longest_script) {
        static uint8_t script[600];
        uint64_t rng = seed, steps = 0;

        ck_assert_uint_le(longest_script, sizeof(script));
        for (unsigned i = 0; i < n; i++) {
                size_t size = 2 + next_random(&rng) % (longest_script - 1);

                for (size_t j = 0; j < size; j++)
                        script[j] = (uint8_t)(next_random(&rng) >> 24);
                steps += fake_system_play(script, size, &longest);
        }
        printf("# %llu steps, at most %zu of %d actions in one\n", (unsigned long long)steps,
               longest, ACTIONS_MAX);
        ck_assert_uint_gt(steps, 100000);
        ck_assert_uint_lt(longest, ACTIONS_MAX);
}

START_TEST(short_courses) {
        explore(UINT64_C(0x1234567890abcdef), 8000, 60);
}
END_TEST

START_TEST(long_courses) {
        explore(UINT64_C(0xfedcba0987654321), 1200, 600);
}
END_TEST

/* Floods of events, with a loop that is late: everything that may keep a hotplug waiting. */
static void flood(unsigned random) {
        static const uint64_t gaps[] = {
                0, 100, USEC_PER_MSEC, 5 * USEC_PER_MSEC, 400 * USEC_PER_MSEC, 2 * USEC_PER_SEC
        };
        uint64_t gap = gaps[random % ELEMENTSOF(gaps)];

        for (unsigned i = 0, n = random >> 8 & 511; i < n; i++) {
                if (random & 8)
                        fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ONLINE, false, false);
                else
                        fake_system_hotplug(&s, i & 1 ? SUBSYSTEM_CPU : SUBSYSTEM_MEMORY,
                                            i & 2 ? HOTPLUG_REMOVE : HOTPLUG_ADD, 8 + i % 5);
                fake_system_run(&s, gap);
        }
}

static void disturb(unsigned random) {
        switch (random % 8) {
        case 0:
                s.fate = random >> 4 & 1 ? FATE_RESTORED : random >> 8 & 7;
                s.n_fate = random >> 16 & 3;
                break;
        case 1:
                fake_system_request(&s, random & 16 ? REQUEST_RELOAD : REQUEST_LOAD);
                break;
        case 2:
                fake_system_touch_files(&s);
                fake_system_input(&s, INPUT_RECONFIGURED);
                break;
        case 3:
                fake_system_touch_sources(&s);
                fake_system_input(&s, INPUT_REFRESH);
                break;
        case 4:
                fake_system_log_line(&s);
                break;
        case 5:
                fake_system_run(&s, (random >> 8) * USEC_PER_MSEC);
                break;
        case 6:
                fake_system_input(&s, INPUT_LOOK_AGAIN);
                break;
        default:
                s.call_usec = (random >> 8 & 15) * 200 * USEC_PER_MSEC;
                s.prepare_usec = (random >> 12 & 15) * 100 * USEC_PER_MSEC;
                s.timer_lag_usec = (random >> 16 & 7) * 20 * USEC_PER_MSEC;
                break;
        }
}

/* However long the events go on, and however late the loop comes to the timer. $KDUMPD_STEPS plays
 * for so many steps. */
START_TEST(bounded_delay) {
        const char *steps = getenv("KDUMPD_STEPS");
        uint64_t rng = UINT64_C(0x5851f42d4c957f2d), wanted, n = 0, late = 0, loads = 0;

        wanted = steps ? strtoull(steps, NULL, 10) : 1000000;
        while (n < wanted) {
                fake_system_init(&s,
                                 next_random(&rng) & 1 ? HOTPLUG_KERNEL_UPDATES : HOTPLUG_ABSENT);
                s.settings.settle_usec = (next_random(&rng) >> 20 & 7) * 200 * USEC_PER_MSEC;
                s.settings.max_delay_usec =
                        s.settings.settle_usec + (next_random(&rng) >> 20 & 7) * USEC_PER_SEC;
                if (next_random(&rng) & 16)
                        fake_system_builds(&s);
                fake_system_start(&s);
                fake_system_run(&s, 40 * USEC_PER_SEC);
                s.is_bounded = true;
                for (unsigned i = 0; i < 60; i++) {
                        disturb((unsigned)(next_random(&rng) >> 24));
                        flood((unsigned)(next_random(&rng) >> 24));
                }
                late = MAX(late,
                           sub_saturated(s.longest_undecided_usec, s.settings.max_delay_usec));
                n += s.n_steps;
                loads += s.n_loads;
                s.is_bounded = false;
                fake_system_calm(&s);
                fake_system_done(&s);
        }
        printf("# %llu steps, %llu loads, the latest decision %llu ms after MaxDelay=\n",
               (unsigned long long)n, (unsigned long long)loads,
               (unsigned long long)(late / USEC_PER_MSEC));
}
END_TEST

/* All courses of three of these, on a kernel that follows hotplug and on one that does not. */
START_TEST(all_courses) {
        enum { PLUG = 0, UNPLUG = 1, SHORT = 6, LONG = 8, AGAIN = 12, HUP = 13, LINE = 14 };
        enum { FOREIGN = 15, GONE = 16, FATE = 18, REQUEST = 20, STOP = 21, KILL = 22 };
        static const uint8_t acts[][2] = {
                { PLUG, 7 },    { UNPLUG, 2 },  { SHORT, 200 }, { LONG, 40 },
                { AGAIN, 0 },   { HUP, 1 },     { LINE, 0 },    { FOREIGN, 0 },
                { GONE, 0 },    { FATE, 2 },    { FATE, 4 },    { REQUEST, 0 },
                { REQUEST, 1 }, { REQUEST, 2 }, { STOP, 0 },    { KILL, 0 },
        };
        const size_t n = ELEMENTSOF(acts);

        for (size_t i = 0; i < n * n * n * 2; i++) {
                const uint8_t *a = acts[i % n], *b = acts[i / n % n], *c = acts[i / n / n % n];
                uint8_t script[] = {
                        (uint8_t)(i / n / n / n),
                        0,
                        SHORT,
                        255,
                        SHORT,
                        255,
                        a[0],
                        a[1],
                        SHORT,
                        80,
                        b[0],
                        b[1],
                        SHORT,
                        40,
                        c[0],
                        c[1],
                };

                fake_system_play(script, sizeof(script), &longest);
        }
        ck_assert_uint_lt(longest, ACTIONS_MAX);
}
END_TEST

/* One thing that happens, of all kinds. */
static void happen(unsigned random) {
        unsigned arg = random >> 8 & 255;

        switch (random % 16) {
        case 0:
                fake_system_hotplug(&s, SUBSYSTEM_CPU, arg & 1 ? HOTPLUG_ONLINE : HOTPLUG_OFFLINE,
                                    1);
                break;
        case 1:
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY,
                                    arg & 1 ? HOTPLUG_ONLINE : HOTPLUG_OFFLINE, 1);
                break;
        case 2:
                fake_system_hotplug(&s, arg & 2 ? SUBSYSTEM_CPU : SUBSYSTEM_MEMORY,
                                    arg & 1 ? HOTPLUG_ADD : HOTPLUG_REMOVE, 2 + arg % 7);
                break;
        case 3:
                s.n_lose = 1;
                fake_system_hotplug(&s, SUBSYSTEM_MEMORY, arg & 1 ? HOTPLUG_ADD : HOTPLUG_REMOVE,
                                    9);
                break;
        case 4:
                fake_system_uevent(&s, SUBSYSTEM_MEMORY, HOTPLUG_ADD, arg & 1, !(arg & 1));
                break;
        case 5:
                fake_system_log_line(&s);
                break;
        case 6:
                fake_system_input(&s, arg & 1 ? INPUT_OVERFLOW : INPUT_LOOK_AGAIN);
                break;
        case 7:
                if (arg & 1)
                        fake_system_touch_files(&s);
                fake_system_input(&s, arg & 2 ? INPUT_MOUNTED : INPUT_RECONFIGURED);
                break;
        case 8:
                if (arg & 1)
                        fake_system_touch_sources(&s);
                fake_system_input(&s, INPUT_REFRESH);
                break;
        case 9:
                fake_system_request(&s, arg % _REQUEST_MAX);
                break;
        case 10:
                fake_system_kill(&s);
                fake_system_start(&s);
                break;
        case 11:
                if (arg & 1)
                        fake_system_foreign_load(&s, arg & 2, arg * USEC_PER_MSEC);
                else
                        fake_system_foreign_unload(&s);
                break;
        case 12:
                s.obstacle = arg & 1 ? FAILURE_DISABLED : FAILURE_NONE;
                break;
        case 13:
                s.zero_samples = arg % 3;
                break;
        case 14:
                s.update_fails = arg & 1;
                s.reader = arg & 2;
                break;
        default: /* nothing but time */
                break;
        }
}

/* No good image is dropped twice for the same cause (check_drop() in fake-system.c): things happen
 * one at a time, with loads that fail in every way, and all the time there is to try again. */
START_TEST(no_good_image_twice) {
        static const HotplugAnswer kernels[] = { HOTPLUG_KERNEL_UPDATES, HOTPLUG_ABSENT,
                                                 HOTPLUG_NOT_UPDATED, HOTPLUG_UNREADABLE };
        static const uint64_t waits[] = { 10 * USEC_PER_MSEC, 400 * USEC_PER_MSEC, 5 * USEC_PER_SEC,
                                          5 * USEC_PER_MINUTE };
        const char *steps = getenv("KDUMPD_STEPS");
        uint64_t rng = UINT64_C(0x2545f4914f6cdd1d), wanted, n = 0, drops = 0, loads = 0;

        wanted = steps ? strtoull(steps, NULL, 10) : 1000000;
        while (n < wanted) {
                fake_system_init(&s, kernels[next_random(&rng) >> 20 & 3]);
                s.settings.foreign = next_random(&rng) & 16 ? FOREIGN_ADOPT : FOREIGN_REPLACE;
                s.settings.reload_when_stale = next_random(&rng) & 16;
                s.architecture = next_random(&rng) & 48 ? "x86_64" : "ppc64le";
                if (next_random(&rng) & 16)
                        fake_system_builds(&s);
                fake_system_start(&s);
                fake_system_run(&s, 40 * USEC_PER_SEC);
                for (unsigned i = 0; i < 40; i++) {
                        unsigned random = (unsigned)(next_random(&rng) >> 24);

                        s.fate = random % _FATE_MAX;
                        s.n_fate = random & 256 ? UINT_MAX : random >> 9 & 3;
                        s.plans_work = random & 2048;
                        happen((unsigned)(next_random(&rng) >> 24));
                        fake_system_run(&s, waits[random >> 12 & 3]);
                }
                fake_system_calm(&s);
                n += s.n_steps;
                drops += s.n_good_dropped;
                loads += s.n_loads;
                fake_system_done(&s);
        }
        printf("# %llu steps, %llu loads, %llu of them over a good image\n", (unsigned long long)n,
               (unsigned long long)loads, (unsigned long long)drops);
        ck_assert_uint_gt(drops, 1000);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, short_courses);
        ADD_TEST(suite, long_courses);
        ADD_TEST(suite, all_courses);
        ADD_TEST(suite, bounded_delay);
        ADD_TEST(suite, no_good_image_twice);
}

TEST_MAIN("explore", add_cases)
