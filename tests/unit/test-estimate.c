/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The estimate against what was measured. */
#include "core/estimate.h"

#include "test.h"

#define MIB (UINT64_C(1) << 20)

/* Linux 6.12 with 3 MiB, without a collector: 70 MiB do, 68 do not. */
START_TEST(test_measured) {
        const EstimateInput input = { .kernel_bytes = 56 * MIB,
                                      .kernel_unpacks_itself = true,
                                      .initrd_bytes = 3 * MIB,
                                      .initrd_unpacked_bytes = 3 * MIB };
        Estimate e;

        estimate_needs(&input, &e);
        ck_assert_uint_eq(e.kernel, 44 * MIB);
        ck_assert_uint_eq(e.needed - e.collector, 70 * MIB);
}
END_TEST

START_TEST(test_parts) {
        const EstimateInput input = { .kernel_bytes = 56 * MIB,
                                      .kernel_unpacks_itself = true,
                                      .initrd_bytes = 3 * MIB,
                                      .initrd_unpacked_bytes = 7 * MIB,
                                      .elfcorehdr_bytes = 917616,
                                      .memory_bytes = UINT64_C(2) << 30 };
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
        const EstimateInput huge = { UINT64_MAX, true,       UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                     UINT64_MAX, UINT64_MAX, true,       true };
        EstimateInput input = { .kernel_bytes = 56 * MIB,
                                .kernel_unpacks_itself = true,
                                .initrd_bytes = 3 * MIB,
                                .initrd_unpacked_bytes = 7 * MIB,
                                .memory_bytes = UINT64_C(64) << 40,
                                .control_bytes = MIB + 65536 * 4096 };
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

/* Each part of what is loaded begins on a page; where memory is encrypted, devices need a part of
 * it; and the image has to lie in one piece. */
START_TEST(test_fits) {
        EstimateInput input = { .kernel_bytes = 8 * MIB + 1,
                                .initrd_bytes = 4097,
                                .elfcorehdr_bytes = 1,
                                .control_bytes = 4096 };
        Estimate e, encrypted;

        estimate_needs(&input, &e);
        ck_assert_uint_eq(e.loaded, 8 * MIB + 4096 + 8192 + 4096 + 4096);
        ck_assert(estimate_fits(&e, e.loaded, e.needed));
        ck_assert(!estimate_fits(&e, e.loaded - 1, e.needed));
        ck_assert(!estimate_fits(&e, e.loaded, e.needed - 1));
        /* A kernel that is not packed stays as large as it is. */
        ck_assert_uint_eq(e.kernel, 8 * MIB + 1);
        input.is_encrypted = true;
        estimate_needs(&input, &encrypted);
        ck_assert_uint_eq(encrypted.needed, e.needed + 64 * MIB);
        ck_assert_uint_eq(encrypted.advice, e.advice + 64 * MIB);
        ck_assert_uint_eq(encrypted.loaded, e.loaded);
}
END_TEST

/* Services run in the capture kernel; no image has to have them. */
START_TEST(test_whole_system) {
        EstimateInput input = { .kernel_bytes = 56 * MIB, .initrd_bytes = 30 * MIB };
        Estimate e, whole;

        estimate_needs(&input, &e);
        input.starts_system = true;
        estimate_needs(&input, &whole);
        ck_assert_uint_eq(whole.needed, e.needed + 256 * MIB);
        ck_assert_uint_eq(whole.loaded, e.loaded);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, test_measured);
        ADD_TEST(suite, test_parts);
        ADD_TEST(suite, test_bounds);
        ADD_TEST(suite, test_fits);
        ADD_TEST(suite, test_whole_system);
}

TEST_MAIN("estimate", add_cases)
