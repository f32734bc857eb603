/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/alert: when it is told that a panic would give no dump. */
#include "test.h"

#include <stdio.h>

#include "daemon/alert-files.h"
#include "tree.h"

#define MINUTE  USEC_PER_MINUTE
#define NEVER   USEC_INFINITY
#define GOOD    PROTECTION_GOOD
#define STALE   PROTECTION_STALE
#define NOTHING PROTECTION_UNPROTECTED

/* At a minute of its own: how it is then, whether that is told, and when to look again. */
typedef struct Step {
        unsigned minute;
        Protection now;
        bool is_told;
        uint64_t deadline; /* a minute, or NEVER */
} Step;

static void play(Alert *alert, uint64_t after_usec, const Step *steps, size_t n) {
        for (size_t i = 0; i < n; i++) {
                uint64_t deadline;

                ck_assert_msg(alert_step(alert, steps[i].now, after_usec,
                                         steps[i].minute * MINUTE) == steps[i].is_told,
                              "step %zu", i);
                deadline = alert_deadline(alert, after_usec);
                ck_assert_msg((deadline == NEVER ? NEVER : deadline / MINUTE) == steps[i].deadline,
                              "deadline after step %zu", i);
        }
}

#define PLAY(alert, after, ...)                                                \
        do {                                                                   \
                static const Step steps[] = { __VA_ARGS__ };                   \
                play((alert), (after), steps, sizeof(steps) / sizeof(*steps)); \
        } while (0)

START_TEST(lasts) {
        Alert alert = { 0 };

        PLAY(&alert, 5 * MINUTE, { 1, GOOD, false, NEVER }, { 2, NOTHING, false, 7 },
             { 6, NOTHING, false, 7 }, { 7, NOTHING, true, NEVER }, { 8, NOTHING, false, NEVER },
             { 90, NOTHING, false, NEVER }, { 91, GOOD, true, NEVER }, { 92, GOOD, false, NEVER },
             { 93, STALE, false, 98 }, { 99, STALE, true, NEVER }, { 100, GOOD, true, NEVER });
}
END_TEST

/* What is over before is not told, and counts anew. */
START_TEST(passes) {
        Alert alert = { 0 };

        PLAY(&alert, 5 * MINUTE, { 1, NOTHING, false, 6 }, { 5, GOOD, false, NEVER },
             { 6, NOTHING, false, 11 }, { 10, GOOD, false, NEVER }, { 20, GOOD, false, NEVER });
}
END_TEST

/* First stale and then gone: it is the whole time that counts, and then each by itself. */
START_TEST(grows_worse) {
        Alert alert = { 0 };

        PLAY(&alert, 5 * MINUTE, { 1, STALE, false, 6 }, { 4, NOTHING, false, 6 },
             { 6, NOTHING, true, NEVER }, { 7, STALE, false, 12 }, { 8, NOTHING, false, NEVER },
             { 9, STALE, false, 14 }, { 14, STALE, true, NEVER }, { 15, NOTHING, false, 20 },
             { 20, NOTHING, true, NEVER }, { 21, GOOD, true, NEVER });
}
END_TEST

START_TEST(off) {
        Alert alert = { 0 };

        PLAY(&alert, 0, { 1, NOTHING, false, NEVER }, { 99, NOTHING, false, NEVER });
        /* Turned on, it has been so for long enough; turned off, it is forgotten. */
        PLAY(&alert, 5 * MINUTE, { 100, NOTHING, true, NEVER });
        PLAY(&alert, 0, { 101, NOTHING, false, NEVER }, { 102, GOOD, false, NEVER });
        ck_assert_int_eq(alert.told, GOOD);
}
END_TEST

/* The process before has told it. */
START_TEST(taken_over) {
        Alert still = { .told = NOTHING }, over = { .told = NOTHING };

        PLAY(&still, 5 * MINUTE, { 1, NOTHING, false, NEVER }, { 50, NOTHING, false, NEVER });
        PLAY(&over, 5 * MINUTE, { 1, NOTHING, false, NEVER }, { 2, GOOD, true, NEVER });
}
END_TEST

START_TEST(of_status) {
        ck_assert_int_eq(protection_of(&(Status){ .armed = true }), GOOD);
        ck_assert_int_eq(protection_of(&(Status){ .armed = true, .stale = true }), STALE);
        ck_assert_int_eq(protection_of(&(Status){ .stale = true }), NOTHING);
        ck_assert_int_eq(protection_of(&(Status){ 0 }), NOTHING);
}
END_TEST

static void check_file(const Tree *tree, const char *path, const char *expected) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(read_file_below(tree->fd, path, 4096, &text, NULL), 0);
        ck_assert_str_eq(text, expected);
}

START_TEST(files) {
        const Status status = { .state = "failed", .state_reason = "why", .stale_reason = "how" };
        Tree tree;

        tree_init(&tree);
        tree_dir(&tree, DAEMON_DIRECTORY);
        ck_assert_int_eq(alert_read_told(tree.fd), GOOD);
        alert_tell(tree.fd, NOTHING, &status);
        check_file(&tree, ALERT_PATH, "unprotected\nfailed\nwhy\n");
        ck_assert_int_eq(alert_read_told(tree.fd), NOTHING);
        alert_tell(tree.fd, STALE, &status);
        check_file(&tree, ALERT_PATH, "stale\nfailed\nhow\n");
        ck_assert_int_eq(alert_read_told(tree.fd), STALE);
        alert_tell(tree.fd, GOOD, &status);
        check_file(&tree, ALERT_PATH, "protected\nfailed\nwhy\n");
        ck_assert_int_eq(alert_read_told(tree.fd), GOOD);
        alert_forget(tree.fd);
        tree_text(&tree, ALERT_TOLD_PATH, "garbage\n");
        ck_assert_int_eq(alert_read_told(tree.fd), GOOD);
        alert_forget(tree.fd);
        ck_assert(!exists_below(tree.fd, ALERT_TOLD_PATH));
        tree_done(&tree);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, lasts);
        ADD_TEST(s, passes);
        ADD_TEST(s, grows_worse);
        ADD_TEST(s, off);
        ADD_TEST(s, taken_over);
        ADD_TEST(s, of_status);
        ADD_TEST(s, files);
}

TEST_MAIN("alert", add_cases)
