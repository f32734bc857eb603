/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/machine: courses of events that nobody thought of. What must hold is checked after each
 * step, and that all ends well after each course (machine-sim.c). */
#include "test-machine.h"

#include <stdio.h>

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
                steps += sim_play(script, size, &longest);
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

                sim_play(script, sizeof(script), &longest);
        }
        ck_assert_uint_lt(longest, ACTIONS_MAX);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, short_courses);
        ADD_TEST(suite, long_courses);
        ADD_TEST(suite, all_courses);
}

TEST_MAIN("explore", add_cases)
