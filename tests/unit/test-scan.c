/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/scan: the process that looks for dumps, played by scripts that behave well and badly, and
 * the real one. */
#include "daemon/scan.h"

#include <signal.h>

#include "test.h"
#include "tree.h"

/* So long does the slowest machine take for anything here. */
#define PATIENCE_USEC (20 * USEC_PER_SEC)

static Tree tree;
static char program[96];
static sd_event *event;
static Scan *scan;
static char found[1024];
static unsigned n_newest, n_judged;
static LastCrash newest;

static void on_found(void *userdata, const char *directory) {
        strscpyf(found + strlen(found), sizeof(found) - strlen(found), "%s ", directory);
}

static void on_newest(void *userdata, const LastCrash *crash) {
        n_newest++;
        newest = *crash;
}

static void on_judged(void *userdata) {
        n_judged++;
}

static void setup(void) {
        sigset_t mask;

        tree_init(&tree);
        strscpyf(program, sizeof(program), "%s/scan", tree.path);
        ck_assert_int_eq(sigemptyset(&mask), 0);
        ck_assert_int_eq(sigaddset(&mask, SIGCHLD), 0);
        ck_assert_int_eq(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        found[0] = '\0';
        n_newest = n_judged = 0;
        newest = (LastCrash){ 0 };
}

static void teardown(void) {
        scan_free(scan);
        sd_event_unref(event);
        tree_done(&tree);
}

static void start(const char *path, uint64_t patience_usec) {
        const ScanSetup scan_setup = {
                .program = path,
                .root = tree.path,
                .patience_usec = patience_usec,
                .found = on_found,
                .newest = on_newest,
                .judged = on_judged,
        };

        ck_assert_int_eq(scan_new(event, &scan_setup, &scan), 0);
}

/* The body of a shell script; each run adds a line to the file "runs". */
static void start_script(const char *script, uint64_t patience_usec) {
        _cleanup_free_ char *text = NULL;

        ck_assert_int_gt(
                asprintf(&text, "#!/bin/sh\necho \"$*\" >>%s/runs\n%s\n", tree.path, script), 0);
        tree_text(&tree, "/scan", text);
        ck_assert_int_eq(fchmodat(tree.fd, "scan", 0755, 0), 0);
        start(program, patience_usec);
}

static unsigned count_runs(void) {
        _cleanup_free_ char *text = NULL;
        unsigned n = 0;

        if (read_file_below(tree.fd, "/runs", 4096, &text, NULL) < 0)
                return 0;
        for (const char *p = text; (p = strchr(p, '\n')); p++)
                n++;
        return n;
}

/* Lets the loop run for that long, or until there is another call of on_newest(). */
static void run_loop(uint64_t usec) {
        uint64_t end = monotonic_usec() + usec, now;
        unsigned before = n_newest;

        while ((now = monotonic_usec()) < end && n_newest == before)
                ck_assert_int_ge(sd_event_run(event, end - now), 0);
}

#define NEWEST                                                                \
        "{\"Newest\":true,\"USec\":5,\"Directory\":\"/d\",\"Message\":\"m\"," \
        "\"State\":\"copied\",\"Complete\":true}"

START_TEST(test_lines) {
        start_script("echo '{\"Found\":\"/a b\"}'; echo '{\"Found\":\"/c\"}'; echo rubbish\n"
                     "echo '{\"Judged\":true}'; echo; echo '" NEWEST "'\n"
                     "echo '{\"Done\":true}'; printf '{\"Found\":\"/cut\"}'",
                     PATIENCE_USEC);
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert_str_eq(found, "/a b /c ");
        ck_assert_uint_eq(n_judged, 1);
        ck_assert_uint_eq(n_newest, 1);
        ck_assert_uint_eq(newest.usec, 5);
        ck_assert_str_eq(newest.directory, "/d");
        ck_assert_str_eq(newest.message, "m");
        ck_assert_str_eq(newest.state, "copied");
        ck_assert(newest.complete);
}
END_TEST

/* What was told before counts, and the loop was never held up. */
START_TEST(test_hangs) {
        uint64_t begin = monotonic_usec();

        start_script("echo '" NEWEST "'; echo '{\"Found\":\"/a\"}'; exec sleep 1000",
                     300 * USEC_PER_MSEC);
        scan_look(scan, begin, true);
        ck_assert_uint_lt(monotonic_usec(), begin + PATIENCE_USEC);
        run_loop(PATIENCE_USEC);
        ck_assert_str_eq(found, "/a ");
        ck_assert_uint_eq(n_newest, 1);
}
END_TEST

/* Rarely if all was seen, soon if not, at once if somebody wants it. */
START_TEST(test_rhythm) {
        uint64_t now = monotonic_usec();

        start_script("echo '" NEWEST "'; [ -e ${0%/*}/good ] && echo '{\"Done\":true}'",
                     PATIENCE_USEC);
        scan_look(scan, now, true);
        /* One at a time; but the wish is not forgotten. */
        scan_look(scan, now, true);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(count_runs(), 1);
        scan_look(scan, now, false);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(count_runs(), 2);
        now = monotonic_usec();
        scan_look(scan, now, false);
        run_loop(200 * USEC_PER_MSEC);
        ck_assert_uint_eq(count_runs(), 2);
        tree_text(&tree, "/good", "");
        scan_look(scan, now + 4 * SCAN_SOON_USEC, false);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(count_runs(), 3);
        now = monotonic_usec();
        scan_look(scan, now + SCAN_RARELY_USEC / 2, false);
        run_loop(200 * USEC_PER_MSEC);
        ck_assert_uint_eq(count_runs(), 3);
        scan_look(scan, now + SCAN_RARELY_USEC, false);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(count_runs(), 4);
}
END_TEST

START_TEST(test_no_program) {
        start("/nowhere", PATIENCE_USEC);
        scan_look(scan, monotonic_usec(), true);
        run_loop(50 * USEC_PER_MSEC);
        ck_assert_uint_eq(n_newest, 0);
}
END_TEST

/* kdumpd itself: a dump that comes, and one whose file goes. */
START_TEST(test_real) {
        const char *name = "/var/crash/vm-2023-11-14-22:13:20/vmcore";

        tree_dir(&tree, "/var/lib/kdumpd/");
        start("./kdumpd", PATIENCE_USEC);
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(newest.usec, 0);
        tree_text(&tree, name, "x");
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert_str_eq(found, "/var/crash/vm-2023-11-14-22:13:20 ");
        ck_assert(newest.complete);
        tree_unlink(&tree, name);
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20/kdump.json",
                  "{\"Result\":\"complete\",\"PanicMessage\":\"BUG: x\"}");
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert_str_eq(found, "/var/crash/vm-2023-11-14-22:13:20 ");
        ck_assert_str_eq(newest.state, "missing");
        ck_assert_str_eq(newest.message, "BUG: x");
        ck_assert(!newest.complete);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, test_lines);
        ADD_FIXTURE_TEST(suite, test_hangs);
        ADD_FIXTURE_TEST(suite, test_rhythm);
        ADD_FIXTURE_TEST(suite, test_no_program);
        ADD_FIXTURE_TEST(suite, test_real);
}

TEST_MAIN("scan", add_cases)
