/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/lock: one load at a time, and what tells that root wants an unload. */
#include "load/lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file-util.h"
#include "test.h"
#include "tree.h"

static Tree tree;

static void setup(void) {
        tree_init(&tree);
        tree_dir(&tree, "/run");
}

static void teardown(void) {
        tree_done(&tree);
}

/* Whoever comes second waits, also if the first is killed, and nothing is left to clean up. */
START_TEST(one_at_a_time) {
        uint64_t begin = monotonic_usec();
        int pipe_fds[2], fd;
        pid_t pid;
        char byte;

        ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                if (load_lock(tree.fd, false) < 0 || write(pipe_fds[1], "x", 1) != 1)
                        _exit(EXIT_FAILURE);
                (void)poll(NULL, 0, 200);
                if (_i == 1)
                        (void)raise(SIGKILL);
                _exit(EXIT_SUCCESS);
        }
        ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 1);
        fd = load_lock(tree.fd, true);
        ck_assert_int_ge(fd, 0);
        ck_assert_uint_ge(monotonic_usec() - begin, 200 * USEC_PER_MSEC);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        closep(&fd);
        fd = load_lock(tree.fd, false);
        ck_assert_int_ge(fd, 0);
        closep(&fd);
        closep(&pipe_fds[0]);
        closep(&pipe_fds[1]);
}
END_TEST

/* Others could hold it forever. */
START_TEST(nobody_elses) {
        struct stat st;
        int fd = load_lock(tree.fd, false);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        closep(&fd);
}
END_TEST

/* No lock is no reason not to load: there is the kernel's. */
START_TEST(no_place) {
        tree_text(&tree, LOAD_DIRECTORY, "");
        ck_assert_int_eq(load_lock(tree.fd, false), -EBADF);
}
END_TEST

static void set_age(time_t seconds) {
        struct timespec times[2] = { { .tv_sec = time(NULL) - seconds },
                                     { .tv_sec = time(NULL) - seconds } };

        ck_assert_int_eq(utimensat(tree.fd, &(UNLOAD_WANTED_PATH)[1], times, 0), 0);
}

START_TEST(unload_wanted) {
        bool is_root = geteuid() == 0;

        ck_assert(!unload_is_wanted(tree.fd));
        tree_text(&tree, UNLOAD_WANTED_PATH, "");
        ck_assert_int_eq(unload_is_wanted(tree.fd), is_root);
        set_age(UNLOAD_WANTED_USEC / USEC_PER_SEC - 60);
        ck_assert_int_eq(unload_is_wanted(tree.fd), is_root);
        set_age(UNLOAD_WANTED_USEC / USEC_PER_SEC + 60);
        ck_assert(!unload_is_wanted(tree.fd));
        set_age(0);
        if (is_root) {
                ck_assert_int_eq(
                        fchownat(tree.fd, &(UNLOAD_WANTED_PATH)[1], TREE_NOBODY, TREE_NOBODY, 0),
                        0);
                ck_assert(!unload_is_wanted(tree.fd));
        }
        tree_unlink(&tree, UNLOAD_WANTED_PATH);
        tree_dir(&tree, UNLOAD_WANTED_PATH);
        ck_assert(!unload_is_wanted(tree.fd));
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_LOOP_TEST(suite, one_at_a_time, 2);
        ADD_FIXTURE_TEST(suite, nobody_elses);
        ADD_FIXTURE_TEST(suite, no_place);
        ADD_FIXTURE_TEST(suite, unload_wanted);
}

TEST_MAIN("load-lock", add_cases)
