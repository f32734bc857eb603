/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/scan: the process that looks for dumps, played by scripts that behave well and badly, a
 * service in place of it, and the real one. */
#include "daemon/scan.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "daemon/last-boot.h"
#include "sys/crash-test-json.h"
#include "sys/job-server.h"
#include "test.h"
#include "tree.h"

/* So long does the slowest machine take for anything here. */
#define PATIENCE_USEC (20 * USEC_PER_SEC)

static Tree tree;
static char program[96];
static sd_event *event;
static Scan *scan;
static unsigned n_newest, n_tested;
static LastCrash newest;
static char test_id[CRASH_TEST_ID_SIZE];

static void on_newest(void *userdata, const LastCrash *crash) {
        n_newest++;
        newest = *crash;
}

static void on_tested(void *userdata, CrashTest *test) {
        n_tested++;
        strscpy(test_id, sizeof(test_id), test->id);
}

static char asked_value[CRASHKERNEL_VALUE_MAX];

static void on_asked(void *userdata, Asked *asked) {
        strscpy(asked_value, sizeof(asked_value), asked->value);
}

static void setup(void) {
        sigset_t mask;

        tree_init(&tree);
        strscpyf(program, sizeof(program), "%s/scan", tree.path);
        ck_assert_int_eq(sigemptyset(&mask), 0);
        ck_assert_int_eq(sigaddset(&mask, SIGCHLD), 0);
        ck_assert_int_eq(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        n_newest = n_tested = 0;
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
                .newest = on_newest,
                .tested = on_tested,
                .asked = on_asked,
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

#define TEST_ID "0123456789abcdef0123456789abcdef"
#define NEWEST                                                                \
        "{\"Newest\":true,\"USec\":5,\"Directory\":\"/d\",\"Message\":\"m\"," \
        "\"State\":\"copied\",\"Complete\":true}"

START_TEST(test_lines) {
        start_script("echo rubbish; echo '{\"CrashTest\":\"{}\"}'; echo '{\"CrashTest\":5}'\n"
                     "echo '{\"CrashTest\":\"{\\\\\"Id\\\\\":\\\\\"" TEST_ID "\\\\\"}\"}'\n"
                     "echo '{\"Asked\":\"{\\\\\"Value\\\\\":\\\\\"192M\\\\\"}\"}'\n"
                     "echo '{\"Asked\":\"5\"}'\n"
                     "echo; echo '" NEWEST "'\n"
                     "echo '{\"Done\":true}'; printf '" NEWEST "'",
                     PATIENCE_USEC);
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(n_tested, 1);
        ck_assert_str_eq(test_id, TEST_ID);
        ck_assert_str_eq(asked_value, "192M");
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

        start_script("echo '" NEWEST "'; exec sleep 1000", 300 * USEC_PER_MSEC);
        scan_look(scan, begin, true);
        ck_assert_uint_lt(monotonic_usec(), begin + PATIENCE_USEC);
        run_loop(PATIENCE_USEC);
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
        ck_assert_uint_eq(n_newest, 1);
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

/* Whoever looks is told when something may be another, also if it was while it looked. */
START_TEST(test_urgent) {
        _cleanup_free_ char *text = NULL;
        unsigned n = 0;

        start_script("echo '" NEWEST "'", PATIENCE_USEC);
        scan_look(scan, monotonic_usec(), true);
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        run_loop(PATIENCE_USEC);
        scan_look(scan, monotonic_usec() + SCAN_RARELY_USEC, false);
        run_loop(PATIENCE_USEC);
        ck_assert_int_eq(read_file_below(tree.fd, "/runs", 4096, &text, NULL), 0);
        for (char *line = text; *line; line = strchr(line, '\n') + 1, n++)
                ck_assert_int_eq(memcmp(strchr(line, '\n') - 8, "--urgent", 8) == 0, n < 2);
        ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(test_no_program) {
        start("/nowhere", PATIENCE_USEC);
        scan_look(scan, monotonic_usec(), true);
        run_loop(50 * USEC_PER_MSEC);
        ck_assert_uint_eq(n_newest, 0);
}
END_TEST

#define ENTRY                                                                                 \
        SCAN_CRASH_DIRECTORY "/kdumpd-crash@var-crash-vm\\x2d2023\\x2d11\\x2d14\\x2d22:13:20" \
                             ".service"

/* kdumpd itself: a dump that comes, for which programs are to run, and one whose file goes. */
START_TEST(test_real) {
        const char *name = "/var/crash/vm-2023-11-14-22:13:20/vmcore";

        tree_dir(&tree, "/var/lib/kdumpd/");
        tree_dir(&tree, "/run/systemd/system/");
        start("./kdumpd", PATIENCE_USEC);
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(newest.usec, 0);
        tree_text(&tree, name, "x");
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert(newest.complete);
        ck_assert(exists_below(tree.fd, ENTRY));
        ck_assert_int_eq(unlinkat(tree.fd, &ENTRY[1], AT_REMOVEDIR), 0);
        tree_unlink(&tree, name);
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20/kdump.json",
                  "{\"Result\":\"complete\",\"PanicMessage\":\"BUG: x\"}");
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert(!exists_below(tree.fd, ENTRY));
        ck_assert_str_eq(newest.state, "missing");
        ck_assert_str_eq(newest.message, "BUG: x");
        ck_assert(!newest.complete);
}
END_TEST

/* What the service does for each request. */
static int on_request(void *userdata, const JobRequest *request) {
        if (request->flags & JOB_FLAG_URGENT)
                tree_text(&tree, "/urgent", "");
        last_boot_begin(tree.fd, 1);
        (void)puts(NEWEST);
        return 0;
}

static void on_closed(void *userdata) {
        last_boot_end(tree.fd);
        tree_text(&tree, "/closed", "");
}

/* One connection, for which systemd starts a process. */
static pid_t start_service(const char *path) {
        static const JobServer server = { .name = "test",
                                          .verbs = 1u << JOB_VERB_SCAN,
                                          .ends_with_caller = true,
                                          .run = on_request,
                                          .closed = on_closed };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        pid_t pid;

        strscpy(address.sun_path, sizeof(address.sun_path), path);
        ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                _exit(job_server_run(&server, accept4(listener, NULL, NULL, SOCK_CLOEXEC), true));
        closep(&listener);
        return pid;
}

/* One that has a connection for as long as kdumpd runs, and notes its end. */
START_TEST(test_service) {
        char path[96];
        ScanSetup scan_setup = { .service = path,
                                 .patience_usec = PATIENCE_USEC,
                                 .newest = on_newest,
                                 .tested = on_tested,
                                 .asked = on_asked };
        pid_t pid;

        strscpyf(path, sizeof(path), "%s/socket", tree.path);
        tree_text(&tree, "/proc/sys/kernel/random/boot_id", "11111111");
        tree_dir(&tree, "/var/lib/kdumpd/");
        ck_assert_int_eq(scan_new(event, &scan_setup, &scan), 0);
        /* It is not there yet, and nothing is kept of that. */
        scan_look(scan, monotonic_usec(), false);
        pid = start_service(path);
        scan_look(scan, monotonic_usec(), true);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(newest.usec, 5);
        ck_assert(exists_below(tree.fd, "/urgent"));
        tree_unlink(&tree, "/urgent");
        scan_look(scan, monotonic_usec() + SCAN_RARELY_USEC, false);
        run_loop(PATIENCE_USEC);
        ck_assert_uint_eq(n_newest, 2);
        ck_assert(!exists_below(tree.fd, "/urgent"));
        ck_assert(!exists_below(tree.fd, "/closed"));
        if (_i == 0)
                scan = scan_free(scan);
        else
                ck_assert_int_eq(kill(pid, SIGTERM), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        ck_assert(exists_below(tree.fd, "/closed"));
        /* The next boot has nothing to tell of this one. */
        tree_text(&tree, "/proc/sys/kernel/random/boot_id", "22222222");
        last_boot_begin(tree.fd, 2);
        ck_assert(!exists_below(tree.fd, LAST_BOOT_UNCLEAN));
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, test_lines);
        ADD_FIXTURE_TEST(suite, test_hangs);
        ADD_FIXTURE_TEST(suite, test_rhythm);
        ADD_FIXTURE_TEST(suite, test_urgent);
        ADD_FIXTURE_TEST(suite, test_no_program);
        ADD_FIXTURE_TEST(suite, test_real);
        ADD_FIXTURE_LOOP_TEST(suite, test_service, 2);
}

TEST_MAIN("scan", add_cases)
