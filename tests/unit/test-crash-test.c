/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of a crash test. */
#include "core/crash-test.h"

#include "sys/crash-test-json.h"
#include "test.h"
#include "tree.h"

static Tree tree;
static CrashTest test;

static void setup(void) {
        tree_init(&tree);
        tree_dir(&tree, "/var/lib/kdumpd/");
        test = (CrashTest){
                .id = "0123456789abcdef0123456789abcdef",
                .started_usec = 1700000000000000,
                .boot_id = "11111111-2222-3333-4444-555555555555",
                .kernel = { .path = strdup("/boot/vmlinuz"),
                            .inode = 1,
                            .mtime_nsec = 2,
                            .size = 3 },
                .initrd = { .path = strdup("/var/i.img"), .inode = 4, .mtime_nsec = 5, .size = 6 },
        };
}

static void teardown(void) {
        crash_test_done(&test);
        tree_done(&tree);
}

START_TEST(test_round) {
        CrashTest back = { 0 };
        char line[CRASH_TEST_LINE_MAX];

        ck_assert_int_eq(crash_test_read(tree.fd, &back), -ENOENT);
        test.result = CRASH_TEST_INCOMPLETE;
        test.directory = strdup("/var/crash/x");
        test.judged_usec = 7;
        ck_assert_int_eq(crash_test_write(tree.fd, &test), 0);
        ck_assert_int_eq(crash_test_read(tree.fd, &back), 0);
        ck_assert_str_eq(back.id, test.id);
        ck_assert_str_eq(back.boot_id, test.boot_id);
        ck_assert_uint_eq(back.started_usec, test.started_usec);
        ck_assert_uint_eq(back.judged_usec, 7);
        ck_assert_int_eq(back.result, CRASH_TEST_INCOMPLETE);
        ck_assert_str_eq(back.directory, "/var/crash/x");
        ck_assert_str_eq(back.kernel.path, "/boot/vmlinuz");
        ck_assert_uint_eq(back.kernel.mtime_nsec, 2);
        ck_assert_uint_eq(back.initrd.size, 6);
        ck_assert_str_eq(crash_test_line(line, &back),
                         "kdumpd: crash test 0123456789abcdef0123456789abcdef");
        crash_test_done(&back);
}
END_TEST

static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"Id\":\"\"}",
        "{\"Id\":\"0123456789abcdef0123456789abcdef0\"}",
        "{\"Id\":\"0123456789abcdef0123456789abcdef\",\"Result\":\"good\"}",
        "{\"Id\":\"0123456789abcdef0123456789abcdef\",\"StartedUSec\":\"1\"}",
        "{\"Id\":\"0123456789abcdef0123456789abcdef\",\"Directory\":\"a\",\"BootId\":1}",
};

START_TEST(test_bad) {
        CrashTest back = { 0 };

        tree_text(&tree, CRASH_TEST_PATH, bad[_i]);
        ck_assert_int_eq(crash_test_read(tree.fd, &back), -EBADMSG);
        ck_assert_ptr_null(back.directory);
}
END_TEST

START_TEST(test_same_image) {
        LoadReport report = { .kernel = test.kernel, .initrd = test.initrd };

        /* Devices have other numbers on another boot. */
        report.kernel.device = 99;
        ck_assert(crash_test_same_image(&test, &report));
        report.initrd.mtime_nsec++;
        ck_assert(!crash_test_same_image(&test, &report));
        report.initrd = (FileIdentity){ 0 };
        ck_assert(!crash_test_same_image(&test, &report));
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *of_bad = tcase_create("bad");

        tcase_add_checked_fixture(of_bad, setup, teardown);
        tcase_add_loop_test(of_bad, test_bad, 0, (int)ELEMENTSOF(bad));
        suite_add_tcase(suite, of_bad);
        ADD_FIXTURE_TEST(suite, test_round);
        ADD_FIXTURE_TEST(suite, test_same_image);
}

TEST_MAIN("crash-test", add_cases)
