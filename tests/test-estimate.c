/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The estimate against what was measured. */
#include "core/estimate.h"

#include "test.h"

#define MIB (UINT64_C(1) << 20)

/* Linux 6.12 with 3 MiB, without a collector: 70 MiB do, 68 do not. */
START_TEST(test_measured) {
        const EstimateInput input = { 56 * MIB, 3 * MIB, 3 * MIB, 0, 0, 0 };
        Estimate e;

        estimate_needs(&input, &e);
        ck_assert_uint_eq(e.kernel, 44 * MIB);
        ck_assert_uint_eq(e.needed - e.collector, 70 * MIB);
}
END_TEST

START_TEST(test_parts) {
        const EstimateInput input = { 56 * MIB, 3 * MIB, 7 * MIB, 917616, UINT64_C(2) << 30, 0 };
        Estimate e;

        estimate_needs(&input, &e);
        ck_assert_uint_eq(e.initrd, 10 * MIB);
        ck_assert_uint_eq(e.header, 917616);
        /* 2 GiB are half a million pages. */
        ck_assert_uint_eq(e.collector, 8 * MIB + 131072);
        ck_assert_uint_eq(e.needed, e.kernel + e.initrd + e.header + e.system + e.collector);
        ck_assert_uint_eq(e.advice, 96 * MIB);
}
END_TEST

START_TEST(test_bounds) {
        const EstimateInput huge = { UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                     UINT64_MAX, UINT64_MAX, UINT64_MAX };
        EstimateInput input = { 56 * MIB,           3 * MIB,           7 * MIB, 0,
                                UINT64_C(64) << 40, MIB + 65536 * 4096 };
        Estimate e;

        /* Large machines are dumped in cycles. */
        estimate_needs(&input, &e);
        ck_assert_uint_eq(e.collector, 24 * MIB);
        /* Loading takes all of the kernel's init_size at once, and page tables. */
        input.kernel_bytes = 512 * MIB;
        estimate_needs(&input, &e);
        ck_assert_uint_eq(e.loaded, 512 * MIB + 3 * MIB + MIB + 256 * MIB);
        ck_assert_uint_eq(e.needed, e.loaded);
        estimate_needs(&huge, &e);
        ck_assert_uint_ge(e.advice, e.needed);
        ck_assert_uint_eq(e.advice % (8 * MIB), 0);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, test_measured);
        ADD_TEST(suite, test_parts);
        ADD_TEST(suite, test_bounds);
}

TEST_MAIN("estimate", add_cases)
