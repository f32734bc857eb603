/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/backoff: 1, 2, 4 ... 60 seconds, for ever, with jitter. */
#include "test.h"

#include "base/time-util.h"
#include "core/backoff.h"

static const unsigned seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 };

START_TEST(grows) {
        Backoff longest = { 0 }, shortest = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(seconds); i++) {
                uint64_t whole = seconds[i] * USEC_PER_SEC;

                ck_assert_uint_eq(backoff_next(&longest, 0), whole);
                ck_assert_uint_ge(backoff_next(&shortest, UINT32_MAX), whole / 10 * 9);
                ck_assert_uint_eq(shortest.failures, i + 1);
        }
        backoff_reset(&longest);
        ck_assert_uint_eq(backoff_next(&longest, 0), USEC_PER_SEC);
}
END_TEST

START_TEST(spreads) {
        Backoff b;
        uint64_t last = UINT64_MAX;

        for (uint64_t random = 0; random <= UINT32_MAX; random += 1u << 24) {
                uint64_t wait;

                b = (Backoff){ .failures = 6 };
                wait = backoff_next(&b, (uint32_t)random);
                ck_assert_uint_lt(wait, last);
                ck_assert_uint_ge(wait, 54 * USEC_PER_SEC);
                ck_assert_uint_le(wait, 60 * USEC_PER_SEC);
                last = wait;
        }
        ck_assert_uint_lt(last, 55 * USEC_PER_SEC);
}
END_TEST

START_TEST(lasts) {
        Backoff b = { .failures = UINT32_MAX - 1 };

        for (unsigned i = 0; i < 3; i++)
                ck_assert_uint_eq(backoff_next(&b, 0), 60 * USEC_PER_SEC);
        ck_assert_uint_eq(b.failures, UINT32_MAX);
}
END_TEST

START_TEST(busy) {
        ck_assert_uint_eq(busy_wait(0), 50 * USEC_PER_MSEC);
        ck_assert_uint_le(busy_wait(UINT32_MAX), 100 * USEC_PER_MSEC);
        ck_assert_uint_gt(busy_wait(UINT32_MAX), 99 * USEC_PER_MSEC);
        ck_assert_uint_eq(busy_wait(UINT32_MAX / 2 + 1), 75 * USEC_PER_MSEC);
        /* Longer than an update of a large machine, shorter than anybody's patience. */
        ck_assert_uint_ge(BUSY_TRIES * busy_wait(0), 2 * USEC_PER_SEC);
        ck_assert_uint_le(BUSY_TRIES * busy_wait(UINT32_MAX), 4 * USEC_PER_SEC);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, grows);
        ADD_TEST(s, spreads);
        ADD_TEST(s, lasts);
        ADD_TEST(s, busy);
}

TEST_MAIN("backoff", add_cases)
