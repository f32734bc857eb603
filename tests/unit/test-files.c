/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/files: looks at files in a process of its own, and how often. */
#include "daemon/files.h"

#include <poll.h>
#include <signal.h>

#include "base/string-util.h"
#include "test.h"
#include "tree.h"

static Tree tree;
static sd_event *event;
static Files *files;
static unsigned n_seen, n_unseen;

static void on_seen(void *userdata, const FilesSeen *seen) {
        if (seen)
                n_seen++;
        else
                n_unseen++;
}

static void setup(void) {
        FilesSetup setup = { .patience_usec = USEC_PER_SEC, .seen = on_seen };
        sigset_t mask;

        ck_assert_int_eq(sigemptyset(&mask), 0);
        ck_assert_int_eq(sigaddset(&mask, SIGCHLD), 0);
        ck_assert_int_eq(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
        tree_init(&tree);
        setup.root = tree.path;
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(files_new(event, &setup, &files), 0);
        n_seen = n_unseen = 0;
}

static void teardown(void) {
        files_free(files);
        sd_event_unref(event);
        tree_done(&tree);
}

/* What a question brings about, to its end. */
static void glance(void) {
        unsigned before = n_seen;

        files_glance(files);
        for (unsigned i = 0; i < 20 && n_seen == before; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
}

/* Whoever asks all the time does not have a process started each time. */
START_TEST(many_questions) {
        uint64_t start = monotonic_usec();

        for (unsigned i = 0; i < 50; i++) {
                files_glance(files);
                ck_assert_int_ge(sd_event_run(event, 0), 0);
        }
        /* One, and one more for each time that the last had become stale on a slow machine. */
        ck_assert_uint_le(n_seen, 1 + (monotonic_usec() - start) / FILES_FRESH_USEC);
        (void)poll(NULL, 0, 2 * (int)(FILES_FRESH_USEC / USEC_PER_MSEC));
        n_seen = 0;
        glance();
        (void)poll(NULL, 0, 2 * (int)(FILES_FRESH_USEC / USEC_PER_MSEC));
        glance();
        ck_assert_uint_eq(n_seen, 2);
        ck_assert_uint_eq(n_unseen, 0);
}
END_TEST

/* What is to be looked at at once is, however fresh the last look is. */
START_TEST(wanted_looks) {
        for (unsigned i = 1; i <= 3; i++) {
                files_look(files);
                for (unsigned j = 0; j < 500 && n_seen < i; j++)
                        ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
                ck_assert_uint_eq(n_seen, i);
        }
}
END_TEST

/* While nobody asks, a round does not look, unless something waits for it. */
START_TEST(rounds) {
        files_look(files);
        for (unsigned i = 0; i < 500 && n_seen == 0; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        for (unsigned i = 0; i < 10; i++) {
                files_watch(files, false);
                ck_assert_int_eq(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        }
        ck_assert_uint_eq(n_seen, 1);
        files_watch(files, true);
        for (unsigned i = 0; i < 500 && n_seen == 1; i++)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(n_seen, 2);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, many_questions);
        ADD_FIXTURE_TEST(suite, wanted_looks);
        ADD_FIXTURE_TEST(suite, rounds);
}

TEST_MAIN("files", add_cases)
