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

static void check_panic(const char *log, const char *message, const char *where) {
        char found[CRASH_LINE_MAX], place[CRASH_LINE_MAX];

        ck_assert_int_eq(crash_log_panic(log, strlen(log), found, place), *message != '\0');
        ck_assert_str_eq(found, message);
        ck_assert_str_eq(place, where);
}

START_TEST(test_panic) {
        check_panic("", "", "");
        check_panic("[    1.0] fine\n", "", "");
        check_panic("[   38.1] sysrq: Trigger a crash\n"
                    "[   38.2] Kernel panic - not syncing: sysrq triggered crash\n"
                    "[   38.3] Call Trace:\n"
                    "[   38.3]  <TASK>\n"
                    "[   38.3]  dump_stack_lvl+0x44/0x5c\n"
                    "[   38.3]  panic+0x118/0x2ed\n"
                    "[   38.3]  ? something+0x1/0x2\n"
                    "[   38.3]  sysrq_handle_crash.cold+0x16/0x20\n"
                    "[   38.3] RIP: 0033:0x7f0c5f4c1300\n",
                    "Kernel panic - not syncing: sysrq triggered crash",
                    "sysrq_handle_crash.cold+0x16/0x20");
        check_panic("[    1.5] BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
                    "[    1.6] #PF: supervisor write access in kernel mode\n"
                    "[    1.7] Oops: 0002 [#1] PREEMPT SMP PTI\n"
                    "[    1.8] RIP: 0010:f+0x16/0x20 [mod]\n"
                    "[    1.9] ---[ end trace 0000000000000000 ]---\n"
                    "[    2.0] RIP: 0010:other+0x16/0x20\n"
                    "[    2.1] Kernel panic - not syncing: Fatal exception\n",
                    "BUG: kernel NULL pointer dereference, address: 0000000000000010",
                    "RIP: 0010:f+0x16/0x20 [mod]");
        /* An oops that the kernel survived has nothing to do with it. */
        check_panic("[    1.5] BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
                    "[    1.8] RIP: 0010:f+0x16/0x20\n"
                    "[    1.9] ---[ end trace 0000000000000000 ]---\n"
                    "[    9.1] Kernel panic - not syncing: Out of memory\n",
                    "Kernel panic - not syncing: Out of memory", "");
        /* Of two, the one that killed it. */
        check_panic("[    1.5] BUG: first\n[    1.9] ---[ end trace 1 ]---\n"
                    "[    2.5] general protection fault, 0000\n"
                    "[    2.6] RIP: 0010:g+0x1/0x2\n[    2.9] ---[ end trace 2 ]---\n"
                    "[    9.1] Kernel panic - not syncing: Fatal exception in interrupt\n",
                    "general protection fault, 0000", "RIP: 0010:g+0x1/0x2");
        check_panic("[    1.5] Unable to handle kernel paging request at 00\n"
                    "[    1.6] pc : h+0x1/0x2\n",
                    "Unable to handle kernel paging request at 00", "pc : h+0x1/0x2");
        /* Some machines print the second line of an oops first. */
        check_panic("[ 1.0] Oops: 0002 \r\n[ 2.0] BUG: then\n", "BUG: then", "");
        check_panic("[ 1.0] Oops: 0002 \r\n[ 2.0] fine\n", "Oops: 0002", "");
        check_panic("[ 1.0] sysrq: Trigger a crash\n", "sysrq: Trigger a crash", "");
        check_panic("[ 1.0][   T12] BUG: by a task\n", "BUG: by a task", "");
        check_panic("[ 1.0][BUG: no\n[ 1.0]BUG: no\n[ 1.0]", "", "");
        check_panic("Kernel panic - not syncing: no time, no newline \xff\x01",
                    "Kernel panic - not syncing: no time, no newline ??", "");
}
END_TEST

/* Who printed a line is in front of it, in all the ways that are met. */
START_TEST(test_callers) {
        static const char *const fronts[] = {
                "[    1.5] ",
                "[    1.5] [   T812] ",
                "[    1.5] [    C1] ",
                "[    1.5] [T1234567] ",
                "[    1.5][  T812] ",
                "[    1.5][    C0] ",
                "[    1.5]  [T1] ",
                "[  T812] ",
                "<0>[    1.5] ",
                "<14>[    1.5][    C0] ",
                "[Mon Nov  3 04:00:00 2025] ",
                "[Mon Nov  3 04:00:00 2025] [   T812] ",
                "",
        };
        static const char *const others[] = {
                "[    1.5] [drm] ",
                "[    1.5] [T] ",
                "[    1.5] [T8x] ",
                "[    1.5] [X812] ",
                "[    1.5] [T812]",
                "[    1.5] [   T812",
                "[    1.5]",
                "<4",
                "<>",
                "[drm] ",
                "[",
                "[    1.5] [] ",
        };
        char log[512], message[CRASH_LINE_MAX], where[CRASH_LINE_MAX];
        const char *report;
        size_t size;

        for (size_t i = 0; i < ELEMENTSOF(fronts); i++) {
                const char *f = fronts[i];

                strscpyf(log, sizeof(log),
                         "%sfine\n%sKernel panic - not syncing: x\n%sCall Trace:\n%s <TASK>\n"
                         "%s panic+0x1/0x2\n%s ? no+0x1/0x2\n%s die+0x1/0x2\n",
                         f, f, f, f, f, f, f);
                check_panic(log, "Kernel panic - not syncing: x", "die+0x1/0x2");
                ck_assert(crash_log_report(log, strlen(log), 9, &report, &size));
                ck_assert_ptr_eq(report, strchr(log, '\n') + 1);
        }
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                strscpyf(log, sizeof(log), "%sKernel panic - not syncing: x\n", others[i]);
                ck_assert_msg(!crash_log_panic(log, strlen(log), message, where), "%s", log);
        }
}
END_TEST

START_TEST(test_long_panic) {
        char log[2 * CRASH_LINE_MAX], message[CRASH_LINE_MAX], where[CRASH_LINE_MAX];

        memset(log, 'x', sizeof(log));
        memcpy(log, "Kernel panic - not syncing", 26);
        ck_assert(crash_log_panic(log, sizeof(log), message, where));
        ck_assert_uint_eq(strlen(message), CRASH_LINE_MAX - 1);
}
END_TEST

START_TEST(test_report) {
        static const char lockup[] = "a\nwatchdog: BUG: soft lockup\nb\n"
                                     "Kernel panic - not syncing: softlockup\n";
        static const char survived[] = "BUG: a\n---[ end trace 1 ]---\n"
                                       "Kernel panic - not syncing: b\n";
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
        /* A lockup that the kernel gave up over, and an oops that it survived. */
        ck_assert(crash_log_report(lockup, strlen(lockup), 9, &report, &size));
        ck_assert_ptr_eq(report, strstr(lockup, "watchdog: "));
        ck_assert(crash_log_report(survived, strlen(survived), 9, &report, &size));
        ck_assert_ptr_eq(report, strstr(survived, "Kernel panic"));
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
        ADD_TEST(suite, test_callers);
        ADD_TEST(suite, test_long_panic);
        ADD_TEST(suite, test_report);
        ADD_TEST(suite, test_report_far);
        ADD_TEST(suite, test_has);
}

TEST_MAIN("crash-log", add_cases)
