/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that kdumpctl runs. */
#include "ctl/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "ctl/helper.h"
#include "test.h"

#define SOON_USEC (300 * USEC_PER_MSEC)
#define LONG_USEC (60 * USEC_PER_SEC)

static char out[4096], err[4096];
static size_t fed, to_feed;
static ssize_t feed_error;
static Error error;
static int status;

static void on_output(void *userdata, int fd, const char *data, size_t size) {
        char *text = fd == STDOUT_FILENO ? out : err;
        size_t n = strlen(text);

        ck_assert(fd == STDOUT_FILENO || fd == STDERR_FILENO);
        strscpyf(text + n, sizeof(out) - n, "%.*s", (int)size, data);
}

static ssize_t feed(void *userdata, char *buf, size_t size) {
        size_t n = MIN(size, to_feed - fed);

        if (feed_error < 0 && fed > 0)
                return feed_error;
        memset(buf, 'x', n);
        fed += n;
        return (ssize_t)n;
}

static void setup(void) {
        out[0] = err[0] = '\0';
        fed = to_feed = 0;
        feed_error = 0;
        status = -1;
}

static int run(const char *script, uint64_t silence_usec, uint64_t most, bool fed_by_us) {
        const char *const argv[] = { "sh", "-c", script, NULL };
        const Command command = {
                .argv = argv,
                .directory_fd = -EBADF,
                .feed = fed_by_us ? feed : NULL,
                .on_output = on_output,
                .silence_usec = silence_usec,
                .most = most,
        };

        return command_run(&command, &status, &error);
}

START_TEST(test_ends) {
        setup();
        ck_assert_int_eq(run("echo out; echo err >&2; exit 3", LONG_USEC, 4096, false), 0);
        ck_assert_int_eq(status, 3);
        ck_assert_str_eq(out, "out\n");
        ck_assert_str_eq(err, "err\n");
        /* What was written right before the end is not lost, and closed outputs are no end. */
        setup();
        ck_assert_int_eq(
                run("exec 2>&-; echo a; exec >&-; sleep 0.1; exit 4", LONG_USEC, 4096, false), 0);
        ck_assert_int_eq(status, 4);
        ck_assert_str_eq(out, "a\n");
}
END_TEST

START_TEST(test_cannot_be_run) {
        const char *const argv[] = { "/no/such/program", NULL };
        const Command command = { .argv = argv,
                                  .directory_fd = -EBADF,
                                  .on_output = on_output,
                                  .silence_usec = LONG_USEC,
                                  .most = 4096 };

        ck_assert_int_eq(command_run(&command, &status, &error), -ENOENT);
        ck_assert_str_eq(error.text,
                         "\"/no/such/program\" cannot be run: No such file or directory");
}
END_TEST

/* Also one that does not listen to signals, that has closed all of its outputs, or whose program
 * reads nothing. */
START_TEST(test_silent) {
        static const char *const scripts[] = {
                "exec sleep 60",
                "trap '' TERM INT HUP; exec sleep 60",
                "exec >&- 2>&-; exec sleep 60",
                "echo begun; exec sleep 60",
        };

        for (size_t i = 0; i < 2 * ELEMENTSOF(scripts); i++) {
                uint64_t start = monotonic_usec();

                setup();
                to_feed = 1u << 20;
                ck_assert_int_eq(run(scripts[i / 2], SOON_USEC, 4096, i % 2 > 0), -ETIME);
                ck_assert_str_eq(error.text, "\"sh\" was ended: it was silent for 300 ms");
                ck_assert_uint_ge(monotonic_usec() - start, SOON_USEC);
                ck_assert_uint_lt(monotonic_usec() - start, LONG_USEC / 2);
        }
        ck_assert_str_eq(out, "begun\n");
}
END_TEST

/* Something now and then is enough, be it said or read. */
START_TEST(test_slow) {
        setup();
        ck_assert_int_eq(
                run("for i in 1 2 3 4; do sleep 0.5; echo $i; done", 2 * USEC_PER_SEC, 4096, false),
                0);
        ck_assert_str_eq(out, "1\n2\n3\n4\n");
        setup();
        to_feed = 4u << 20;
        ck_assert_int_eq(run("for i in 1 2 3 4; do sleep 0.5; head -c 200000 >/dev/null; done; "
                             "cat >/dev/null",
                             2 * USEC_PER_SEC, 4096, true),
                         0);
        ck_assert_uint_eq(fed, to_feed);
}
END_TEST

START_TEST(test_floods) {
        static const char *const scripts[] = { "exec yes", "exec yes >&2",
                                               "yes | head -c 4097; sleep 60" };

        for (size_t i = 0; i < ELEMENTSOF(scripts); i++) {
                setup();
                ck_assert_int_eq(run(scripts[i], LONG_USEC, 4096, false), -EFBIG);
                ck_assert_str_eq(error.text, "\"sh\" was ended: it wrote more than 4096 bytes");
        }
        setup();
        ck_assert_int_eq(run("yes | head -c 4096", LONG_USEC, 4096, false), 0);
}
END_TEST

START_TEST(test_signal) {
        setup();
        ck_assert_int_eq(run("echo last; kill -SEGV $$", LONG_USEC, 4096, false), -ECHILD);
        ck_assert_str_eq(error.text, "\"sh\" was ended by a signal: Segmentation fault");
        ck_assert_str_eq(out, "last\n");
        ck_assert_int_eq(run("kill -KILL $$", LONG_USEC, 4096, false), -ECHILD);
        ck_assert_str_eq(error.text, "\"sh\" was ended by a signal: Killed");
}
END_TEST

START_TEST(test_feed) {
        setup();
        to_feed = (1u << 20) + 7;
        ck_assert_int_eq(run("wc -c", LONG_USEC, 4096, true), 0);
        ck_assert_str_eq(out, "1048583\n");
        /* It need not want all of it, and that does not end us. */
        setup();
        to_feed = 1u << 20;
        ck_assert_int_eq(run("head -c 5; exit 2", LONG_USEC, 4096, true), 0);
        ck_assert_int_eq(status, 2);
        ck_assert_str_eq(out, "xxxxx");
        /* What it was to read is gone. */
        setup();
        to_feed = 1u << 20;
        feed_error = -EIO;
        ck_assert_int_eq(run("cat >/dev/null", LONG_USEC, 4096, true), -EIO);
        ck_assert_ptr_nonnull(strstr(error.text, "Input/output error"));
}
END_TEST

/* A program is at its end when it has ended, whoever still has its output. */
START_TEST(test_left_behind) {
        uint64_t start = monotonic_usec();

        setup();
        ck_assert_int_eq(run("sleep 60 & echo $!", LONG_USEC, 4096, false), 0);
        ck_assert_uint_lt(monotonic_usec() - start, LONG_USEC / 2);
        (void)kill((pid_t)strtol(out, NULL, 10), SIGKILL);
}
END_TEST

START_TEST(test_patience) {
        ck_assert_int_eq(setenv("TEST_PATIENCE", "3s", 1), 0);
        ck_assert_uint_eq(command_patience_usec("TEST_PATIENCE", 7), 3 * USEC_PER_SEC);
        ck_assert_int_eq(setenv("TEST_PATIENCE", "3ms", 1), 0);
        ck_assert_uint_eq(command_patience_usec("TEST_PATIENCE", 7), 7);
        ck_assert_int_eq(setenv("TEST_PATIENCE", "long", 1), 0);
        ck_assert_uint_eq(command_patience_usec("TEST_PATIENCE", 7), 7);
        ck_assert_int_eq(unsetenv("TEST_PATIENCE"), 0);
        ck_assert_uint_eq(command_patience_usec("TEST_PATIENCE", 7), 7);
}
END_TEST

static int run_quietly(const char *script) {
        const char *const argv[] = { "sh", "-c", script, NULL };

        return command_run_quietly(argv, LONG_USEC, &error);
}

START_TEST(test_quietly) {
        ck_assert_int_eq(run_quietly("echo all is well"), 0);
        ck_assert_int_eq(run_quietly("echo no >&2; echo more; exit 3"), -EIO);
        ck_assert_str_eq(error.text, "\"sh\" failed with exit status 3: no");
        ck_assert_int_eq(run_quietly("echo; echo that is why; exit 1"), -EIO);
        ck_assert_str_eq(error.text, "\"sh\" failed with exit status 1: that is why");
        ck_assert_int_eq(run_quietly("exit 1"), -EIO);
        ck_assert_str_eq(error.text, "\"sh\" failed with exit status 1");
        /* Far more than is kept. */
        ck_assert_int_eq(run_quietly("yes | head -c 100000; exit 1"), -EIO);
        ck_assert_str_eq(error.text, "\"sh\" failed with exit status 1: y");
        ck_assert_int_eq(run_quietly("kill $$"), -ECHILD);
}
END_TEST

/* The beginning of what is printed counts, and the end of what is complained about. */
START_TEST(test_helper) {
        const char *const short_one[] = { "/bin/sh", "-c", "echo a; echo b >&2; exit 3", NULL };
        const char *const long_one[] = { "/bin/sh", "-c",
                                         "seq 20000 | tee /proc/self/fd/2; echo why >&2", NULL };
        char root[] = "", nowhere[] = "/proc/self/fdinfo";
        HelperResult result;

        ck_assert_int_eq(helper_run_command(root, short_one, &result, &error), 0);
        ck_assert_int_eq(result.status, 3);
        ck_assert_str_eq(result.output, "a\n");
        ck_assert_str_eq(result.said, "b\n");
        ck_assert_int_eq(helper_run_command(root, long_one, &result, &error), 0);
        ck_assert_uint_eq(strlen(result.output), sizeof(result.output) - 1);
        ck_assert(startswith(result.output, "1\n2\n"));
        ck_assert_uint_eq(strlen(result.said), sizeof(result.said) - 1);
        ck_assert(endswith(result.said, "why\n"));
        /* Below another root it is that one's program, or none. */
        if (helper_run_command(nowhere, short_one, &result, &error) >= 0)
                ck_assert_int_ne(result.status, 3);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, test_ends);
        ADD_TEST(suite, test_cannot_be_run);
        ADD_TEST(suite, test_silent);
        ADD_TEST(suite, test_slow);
        ADD_TEST(suite, test_floods);
        ADD_TEST(suite, test_signal);
        ADD_TEST(suite, test_feed);
        ADD_TEST(suite, test_left_behind);
        ADD_TEST(suite, test_patience);
        ADD_TEST(suite, test_quietly);
        ADD_TEST(suite, test_helper);
}

TEST_MAIN("ctl-command", add_cases)
