/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/log and daemon/journal: where lines go, and which are worth one. */
#include "test.h"

#include "daemon/journal.h"
#include "sys/log.h"
#include "tree.h"

static Tree tree;

/* Our standard error is a file of the tree from now on, which is said to be the journal, or not. */
static void redirect(bool to_journal) {
        struct stat st;
        char text[64];
        int fd;

        tree_init(&tree);
        fd = openat(tree.fd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
        ck_assert_int_eq(fstat(fd, &st), 0);
        (void)close(fd);
        strscpyf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
                 (unsigned long long)st.st_ino + !to_journal);
        ck_assert_int_eq(setenv("JOURNAL_STREAM", text, 1), 0);
}

static void check_written(const char *expected) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(read_file_below(tree.fd, "/log", 4096, &text, NULL), 0);
        ck_assert_str_eq(text, expected);
}

START_TEST(auto_target) {
        /* Of somebody else's, as in a shell that a service started: ours is the terminal. */
        redirect(false);
        log_info("hello %d", 1);
        check_written("kdumpd: hello 1\n");
        ck_assert_int_eq(setenv("JOURNAL_STREAM", "nonsense", 1), 0);
        log_info("hello 2");
        ck_assert_int_eq(unsetenv("JOURNAL_STREAM"), 0);
        log_info("hello 3");
        check_written("kdumpd: hello 1\nkdumpd: hello 2\nkdumpd: hello 3\n");
        tree_done(&tree);
}
END_TEST

START_TEST(journal_target) {
        redirect(true);
        log_info("to the journal");
        check_written("");
        log_set_target(LOG_TARGET_CONSOLE);
        log_info("to the console");
        check_written("kdumpd: to the console\n");
        log_set_target(LOG_TARGET_NULL);
        log_info("to nowhere");
        log_set_target(LOG_TARGET_JOURNAL);
        log_info("to the journal");
        check_written("kdumpd: to the console\n");
        tree_done(&tree);
}
END_TEST

START_TEST(levels) {
        redirect(false);
        log_debug("no");
        log_set_level(LOG_WARNING);
        log_notice("no");
        log_warning("yes");
        log_set_level(LOG_DEBUG);
        log_debug("yes");
        check_written("kdumpd: yes\nkdumpd: yes\n");
        ck_assert_int_eq(log_level_from_string("warning"), LOG_WARNING);
        ck_assert_int_lt(log_level_from_string("warn"), 0);
        ck_assert_str_eq(log_level_to_string(LOG_EMERG), "emerg");
        tree_done(&tree);
}
END_TEST

/* More fields than there is room for, and longer ones, to the journal that may not be there. */
START_TEST(many_fields) {
        _cleanup_free_ char *lengthy = malloc(100000);
        LogField fields[LOG_FIELDS_MAX + 8];

        ck_assert_ptr_nonnull(lengthy);
        memset(lengthy, 'x', 99999);
        lengthy[99999] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                fields[i] = (LogField){ "KDUMPD_TEST", i % 2 ? lengthy : NULL, UINT64_MAX };
        redirect(true);
        log_struct(LOG_INFO, "0123456789abcdef0123456789abcdef", fields, ELEMENTSOF(fields), "%s",
                   lengthy);
        check_written("");
        tree_done(&tree);
}
END_TEST

static Decision decision(Verdict verdict, Reason cause, const char *result, Failure failure) {
        Decision d = { .verdict = verdict, .cause = cause, .failure = failure };

        strscpy(d.reason, sizeof(d.reason), "why");
        strscpy(d.result, sizeof(d.result), result);
        return d;
}

/* Which decisions are heard at which level. */
START_TEST(decisions) {
        const struct {
                Decision decision;
                int level;
        } cases[] = {
                { decision(VERDICT_SKIP, REASON_KERNEL_UPDATES, "ok", FAILURE_NONE), LOG_INFO },
                { decision(VERDICT_LOAD, REASON_START, "ok", FAILURE_NONE), LOG_INFO },
                { decision(VERDICT_RELOAD, REASON_NOT_UPDATED, "ok", FAILURE_NONE), LOG_INFO },
                { decision(VERDICT_ADOPT, REASON_UNCHANGED, "ok", FAILURE_NONE), LOG_INFO },
                { decision(VERDICT_RELOAD, REASON_KERNEL_LOG, "ok", FAILURE_NONE), LOG_WARNING },
                { decision(VERDICT_LOAD, REASON_FOREIGN_UNLOAD, "ok", FAILURE_NONE), LOG_WARNING },
                { decision(VERDICT_RELOAD, REASON_NONE, "impossible", FAILURE_NONE), LOG_WARNING },
                { decision(VERDICT_LOAD, REASON_START, "failed", FAILURE_NO_KERNEL), LOG_ERR },
                { decision(VERDICT_LOAD, REASON_START, "failed", FAILURE_NO_RESERVATION),
                  LOG_NOTICE },
                /* It stays, but cannot be loaded again: somebody should know before he needs it. */
                { decision(VERDICT_KEEP, REASON_UNPLANNABLE, "ok", FAILURE_NONE), LOG_WARNING },
                { decision(VERDICT_ADOPT, REASON_UNPLANNABLE, "ok", FAILURE_NONE), LOG_WARNING },
                /* What comes of nothing. */
                { decision(VERDICT_KEEP, REASON_UNCHANGED, "ok", FAILURE_NONE), LOG_DEBUG },
                { decision(VERDICT_NONE, REASON_NONE, "ok", FAILURE_NONE), LOG_DEBUG },
        };

        log_set_target(LOG_TARGET_CONSOLE);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char expected[128];

                redirect(false);
                log_set_level(cases[i].level - 1);
                journal_decision(&cases[i].decision);
                check_written("");
                log_set_level(cases[i].level);
                journal_decision(&cases[i].decision);
                strscpyf(expected, sizeof(expected), "kdumpd: %s, %s: why\n",
                         verdict_to_string(cases[i].decision.verdict), cases[i].decision.result);
                check_written(expected);
                tree_done(&tree);
        }
}
END_TEST

START_TEST(decision_lines) {
        Decision d = decision(VERDICT_RELOAD, REASON_NOT_UPDATED, "ok", FAILURE_NONE);

        redirect(false);
        d.subsystems = SUBSYSTEMS_ALL;
        d.events = 128;
        strscpy(d.details, sizeof(d.details), "loaded in 1.31 s");
        journal_decision(&d);
        d.subsystems = SUBSYSTEM_BIT(SUBSYSTEM_CPU);
        d.events = 1;
        d.details[0] = '\0';
        journal_decision(&d);
        check_written("kdumpd: 128 cpu memory events: reload, ok: why; loaded in 1.31 s\n"
                      "kdumpd: 1 cpu event: reload, ok: why\n");
        tree_done(&tree);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, auto_target);
        ADD_TEST(s, journal_target);
        ADD_TEST(s, levels);
        ADD_TEST(s, many_fields);
        ADD_TEST(s, decisions);
        ADD_TEST(s, decision_lines);
}

TEST_MAIN("log", add_cases)
