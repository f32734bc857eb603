/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/batch: when a batch is due, and what it counts. */
#include "test.h"

#include "core/hotplug.h"
#include "daemon/batch.h"

#define SETTLE (500 * USEC_PER_MSEC)
#define DELAY  (10 * USEC_PER_SEC)

static uint64_t due(const Batch *b) {
        return batch_deadline(b, SETTLE, DELAY);
}

START_TEST(settles) {
        Batch b = { 0 };

        ck_assert_uint_eq(due(&b), USEC_INFINITY);
        batch_add_event(&b, SUBSYSTEM_MEMORY, 1000);
        ck_assert_uint_eq(due(&b), 1000 + SETTLE);
        batch_add_event(&b, SUBSYSTEM_MEMORY, 1000 + SETTLE - 1);
        ck_assert_uint_eq(due(&b), 1000 + 2 * SETTLE - 1);
        batch_touch(&b, 1000 + SETTLE);
        ck_assert_uint_eq(due(&b), 1000 + 2 * SETTLE);
        ck_assert_uint_eq(b.events, 2);
        ck_assert_uint_eq(b.subsystems, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY));
        batch_add_event(&b, SUBSYSTEM_CPU, 1000 + SETTLE);
        ck_assert_uint_eq(b.subsystems, SUBSYSTEMS_ALL);
        ck_assert(!b.look_again && !b.met_load && !b.kernel_log && !b.requested);
}
END_TEST

/* A machine that never comes to rest still gets its reload. */
START_TEST(waits_no_longer_than) {
        Batch b = { 0 };
        uint64_t now = 5;

        for (; now < 5 + DELAY; now += SETTLE / 2) {
                batch_add_event(&b, SUBSYSTEM_CPU, now);
                ck_assert_uint_gt(due(&b), now);
                ck_assert_uint_le(due(&b), 5 + DELAY);
        }
        batch_add_event(&b, SUBSYSTEM_CPU, now);
        ck_assert_uint_le(due(&b), now);
}
END_TEST

/* 64 memory blocks: "add" and "online" for each. */
START_TEST(one_dimm_is_one_batch) {
        Batch b = { 0 };
        uint64_t now = USEC_PER_HOUR;

        for (unsigned i = 0; i < 128; i++) {
                batch_add_event(&b, SUBSYSTEM_MEMORY, now);
                ck_assert_uint_eq(due(&b), now + SETTLE);
                now += 7 * USEC_PER_MSEC;
        }
        ck_assert_uint_eq(b.events, 128);
}
END_TEST

START_TEST(time_runs_backwards) {
        Batch b = { 0 };

        batch_add_event(&b, SUBSYSTEM_CPU, 50 * USEC_PER_SEC);
        batch_add_event(&b, SUBSYSTEM_CPU, 20 * USEC_PER_SEC);
        ck_assert_uint_eq(due(&b), 20 * USEC_PER_SEC + SETTLE);
        batch_add_event(&b, SUBSYSTEM_CPU, 40 * USEC_PER_SEC);
        ck_assert_uint_eq(due(&b), 30 * USEC_PER_SEC);
        ck_assert_uint_eq(b.events, 3);
        batch_touch(&b, 0);
        ck_assert_uint_eq(due(&b), SETTLE);
}
END_TEST

START_TEST(saturates) {
        Batch b = { .pending = true, .events = UINT32_MAX - 1 };

        batch_add_event(&b, SUBSYSTEM_CPU, UINT64_MAX - 1);
        batch_add_event(&b, SUBSYSTEM_CPU, UINT64_MAX - 1);
        ck_assert_uint_eq(b.events, UINT32_MAX);
        ck_assert_uint_eq(due(&b), DELAY);
        b.first_usec = UINT64_MAX - 1;
        ck_assert_uint_eq(due(&b), USEC_INFINITY);
        ck_assert_uint_eq(batch_deadline(&b, 0, 0), UINT64_MAX - 1);
        ck_assert_uint_eq(batch_deadline(&b, UINT64_MAX, 0), UINT64_MAX - 1);
}
END_TEST

/* All courses of five touches on a small clock: settle after the last one, or the longest delay
 * after the earliest moment seen, what comes first. */
START_TEST(every_course) {
        for (unsigned course = 0; course < 8 * 8 * 8 * 8 * 8; course++) {
                Batch b = { 0 };
                uint64_t first = UINT64_MAX, last = 0;
                unsigned rest = course;

                for (unsigned i = 0; i < 5; i++) {
                        last = rest % 8;
                        rest /= 8;
                        batch_touch(&b, last);
                        first = MIN(first, last);
                        ck_assert_uint_eq(batch_deadline(&b, 3, 5), MIN(last + 3, first + 5));
                }
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, settles);
        ADD_TEST(s, waits_no_longer_than);
        ADD_TEST(s, one_dimm_is_one_batch);
        ADD_TEST(s, time_runs_backwards);
        ADD_TEST(s, saturates);
        ADD_TEST(s, every_course);
}

TEST_MAIN("batch", add_cases)
