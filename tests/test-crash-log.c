/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the log of a crashed kernel is read for. */
#include "core/crash-log.h"

#include "base/string-util.h"
#include "test.h"

static const char oops[] =
        "[    0.000000] Linux version 6.12.57+deb12-amd64 (builder@host) (gcc 12.2.0) #1 SMP\n"
        "[    0.000000] Command line: quiet\n"
        "[   12.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
        "[   12.000002] #PF: supervisor read access in kernel mode\n"
        "[   12.000003] Oops: 0000 [#1] PREEMPT SMP\n"
        "[   12.000004] RIP: 0010:do_harm+0x1/0x2\n"
        "[   12.000005] Kernel panic - not syncing: Fatal exception\n"
        "[   12.000006] Kernel Offset: disabled\n";

START_TEST(test_release) {
        _cleanup_free_ char *release = NULL;
        static const char dirty[] = "Linux version 6\xff.1\x1b[2J x";

        ck_assert_int_eq(crash_log_release(oops, strlen(oops), &release), 0);
        ck_assert_str_eq(release, "6.12.57+deb12-amd64");
        free(TAKE_PTR(release));
        ck_assert_int_eq(crash_log_release(oops, 20, &release), -ENOENT);
        ck_assert_int_eq(crash_log_release("Linux version ", 14, &release), -ENOENT);
        ck_assert_int_eq(crash_log_release("", 0, &release), -ENOENT);
        ck_assert_ptr_null(release);
        ck_assert_int_eq(crash_log_release(dirty, strlen(dirty), &release), 0);
        ck_assert_str_eq(release, "6?.1");
}
END_TEST

START_TEST(test_panic) {
        _cleanup_free_ char *panic = NULL;
        static const char *const texts[][2] = {
                { "a\n[ 1.0] BUG: unable\n[ 2.0] Oops: 0002\n", "BUG: unable" },
                { "[ 1.0] Oops: 0002 \r\n[ 2.0] BUG: then\n", "Oops: 0002" },
                { "[ 1.0] Kernel panic - not syncing: \x01odd",
                  "Kernel panic - not syncing: ?odd" },
        };
        char *line = calloc(1, 9000);

        ck_assert_int_eq(crash_log_panic(oops, strlen(oops), &panic), 0);
        ck_assert_str_eq(panic, "Kernel panic - not syncing: Fatal exception");
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                free(TAKE_PTR(panic));
                ck_assert_int_eq(crash_log_panic(texts[i][0], strlen(texts[i][0]), &panic), 0);
                ck_assert_str_eq(panic, texts[i][1]);
        }
        free(TAKE_PTR(panic));
        ck_assert_int_eq(crash_log_panic("nothing\n", 8, &panic), -ENOENT);
        ck_assert_ptr_null(panic);
        memset(line, 'x', 8999);
        memcpy(line, "BUG: ", 5);
        ck_assert_int_eq(crash_log_panic(line, 8999, &panic), 0);
        ck_assert_uint_eq(strlen(panic), 511);
        free(line);
}
END_TEST

START_TEST(test_report) {
        const char *report = "";
        size_t size = 0;

        ck_assert(crash_log_report(oops, strlen(oops), 100, &report, &size));
        ck_assert_ptr_nonnull(startswith(report, "[   12.000001] BUG: kernel NULL"));
        ck_assert_uint_eq(size, strlen(report));
        ck_assert(crash_log_report(oops, strlen(oops), 2, &report, &size));
        ck_assert_uint_eq(size, (size_t)(strstr(report, "[   12.000003]") - report));
        /* The end is not the end of a line. */
        ck_assert(crash_log_report("a\nBUG: b", 8, 9, &report, &size));
        ck_assert_uint_eq(size, 6);
        ck_assert(!crash_log_report("a\nb\n", 4, 9, &report, &size));
}
END_TEST

/* A fault of long before is another story. */
START_TEST(test_report_far) {
        char *log = malloc(60000);
        const char *report = "";
        size_t size = 0, n;

        memset(log, '.', 60000);
        memcpy(log, "BUG: old\n", 9);
        n = 50000;
        memcpy(log + n, "\nKernel panic - not syncing: new\n", 33);
        ck_assert(crash_log_report(log, n + 33, 100, &report, &size));
        ck_assert_ptr_eq(report, log + n + 1);
        ck_assert_uint_eq(size, 32);
        free(log);
}
END_TEST

START_TEST(test_has) {
        ck_assert(crash_log_has(oops, strlen(oops), "do_harm"));
        ck_assert(!crash_log_has(oops, strlen(oops), "do_good"));
        ck_assert(!crash_log_has(oops, 4, "do_harm"));
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, test_release);
        ADD_TEST(suite, test_panic);
        ADD_TEST(suite, test_report);
        ADD_TEST(suite, test_report_far);
        ADD_TEST(suite, test_has);
}

TEST_MAIN("crash-log", add_cases)
