/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/tables: who asks for a note is told once it was made, or cannot be. */
#include "daemon/tables.h"

#include <poll.h>
#include <signal.h>

#include "base/string-util.h"
#include "test.h"
#include "tree.h"

#define PATIENCE_USEC (20 * USEC_PER_SEC)

static Tree tree;
static char program[96];
static sd_event *event;
static Tables *tables;
static unsigned n_noted, why;

static void on_noted(void *userdata, unsigned bits) {
        n_noted++;
        why = bits;
}

static void setup(void) {
        sigset_t mask;

        tree_init(&tree);
        tree_dir(&tree, "/sys/module/dm_mod/");
        strscpyf(program, sizeof(program), "%s/program", tree.path);
        ck_assert_int_eq(sigemptyset(&mask), 0);
        ck_assert_int_eq(sigaddset(&mask, SIGCHLD), 0);
        ck_assert_int_eq(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        n_noted = 0;
}

static void teardown(void) {
        tables = tables_free(tables);
        sd_event_unref(event);
        tree_done(&tree);
}

/* The body of a shell script in place of kdump-mkinitramfs; each run adds its arguments to the file
 * "runs". */
static void start(const char *script, uint64_t patience_usec) {
        _cleanup_free_ char *text = NULL;
        const TablesSetup tables_setup = { .root_fd = tree.fd,
                                           .program = program,
                                           .patience_usec = patience_usec,
                                           .noted = on_noted };

        ck_assert_int_gt(
                asprintf(&text, "#!/bin/sh\necho \"$*\" >>%s/runs\n%s\n", tree.path, script), 0);
        if (script) {
                tree_text(&tree, "/program", text);
                ck_assert_int_eq(fchmodat(tree.fd, "program", 0755, 0), 0);
        }
        ck_assert_int_eq(tables_new(event, &tables_setup, &tables), 0);
}

static void check_runs(const char *expected) {
        _cleanup_free_ char *text = NULL;

        if (read_file_below(tree.fd, "/runs", 4096, &text, NULL) < 0)
                text = strdup("");
        ck_assert_str_eq(text, expected);
}

static void await(unsigned n) {
        uint64_t end = monotonic_usec() + PATIENCE_USEC;

        while (n_noted < n && monotonic_usec() < end)
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(n_noted, n);
}

START_TEST(noted) {
        start("", PATIENCE_USEC);
        tables_note(tables, 4);
        ck_assert_uint_eq(n_noted, 0);
        await(1);
        tables_note(tables, 4);
        await(2);
        ck_assert_uint_eq(why, 4);
        check_runs("--note-tables\n--note-tables\n");
}
END_TEST

/* What was asked for while one is made is not in it for sure. */
START_TEST(asked_meanwhile) {
        start("", PATIENCE_USEC);
        tables_note(tables, 1);
        tables_note(tables, 2);
        tables_note(tables, 8);
        await(1);
        ck_assert_uint_eq(why, 11);
        check_runs("--note-tables\n--note-tables\n");
        for (unsigned i = 0; i < 20; i++)
                ck_assert_int_ge(sd_event_run(event, 5 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(n_noted, 1);
}
END_TEST

START_TEST(no_device_mapper) {
        tree_remove(&tree, "/sys/module/dm_mod");
        start("", PATIENCE_USEC);
        tables_note(tables, 4);
        ck_assert_uint_eq(n_noted, 1);
        check_runs("");
}
END_TEST

START_TEST(not_started) {
        start(NULL, PATIENCE_USEC);
        tables_note(tables, 4);
        await(1);
}
END_TEST

/* A volume that is suspended holds nobody up, and its late end tells nobody. */
START_TEST(hangs) {
        start("[ -e ${0%/*}/good ] || exec sleep 1000", 100 * USEC_PER_MSEC);
        tables_note(tables, 4);
        tables_note(tables, 4);
        await(1);
        for (unsigned i = 0; i < 20; i++)
                ck_assert_int_ge(sd_event_run(event, 5 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(n_noted, 1);
        check_runs("--note-tables\n");
        tree_text(&tree, "/good", "");
        tables_note(tables, 4);
        await(2);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, noted);
        ADD_FIXTURE_TEST(suite, asked_meanwhile);
        ADD_FIXTURE_TEST(suite, no_device_mapper);
        ADD_FIXTURE_TEST(suite, not_started);
        ADD_FIXTURE_TEST(suite, hangs);
}

TEST_MAIN("tables", add_cases)
