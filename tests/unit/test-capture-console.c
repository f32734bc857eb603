/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The console of a capture, on a terminal of our own: that nothing on it holds the capture up. */
#include "capture/console.h"

#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/file-util.h"
#include "capture/say.h"

static int other_end, saved[3];
static Console console;

static struct termios mode_now(void) {
        struct termios mode;

        ck_assert_int_eq(tcgetattr(STDIN_FILENO, &mode), 0);
        return mode;
}

/* As a console that was given with flow control. */
static void setup(void) {
        struct termios mode;
        int fd;

        other_end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert_int_ge(other_end, 0);
        ck_assert_int_eq(unlockpt(other_end), 0);
        fd = open(ptsname(other_end), O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert_int_eq(tcgetattr(fd, &mode), 0);
        cfmakeraw(&mode);
        mode.c_iflag |= IXON;
        mode.c_cflag |= CRTSCTS;
        ck_assert_int_eq(tcsetattr(fd, TCSANOW, &mode), 0);
        for (int i = 0; i < 3; i++)
                saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
        console = (Console){ 0 };
        ck_assert_int_eq(console_open(&console, ptsname(other_end)), 0);
        ck_assert_int_eq(console_open(&console, ptsname(other_end)), 0);
        (void)close(fd);
}

static void teardown(void) {
        for (int i = 0; i < 3; i++) {
                (void)dup2(saved[i], i);
                (void)close(saved[i]);
        }
        (void)close(other_end);
}

static bool is_waiting(int fd) {
        return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* What has arrived at the other end, within a while. */
static void check_arrives(const char *expected) {
        struct pollfd fd = { other_end, POLLIN, 0 };
        char text[256] = "";
        ssize_t n;

        ck_assert_int_eq(poll(&fd, 1, 3000), 1);
        n = read(other_end, text, sizeof(text) - 1);
        ck_assert_int_gt(n, 0);
        ck_assert_str_eq(text, expected);
}

START_TEST(no_flow_control) {
        ck_assert(!(mode_now().c_iflag & IXON));
        ck_assert(!(mode_now().c_cflag & CRTSCTS));
        ck_assert(is_waiting(STDIN_FILENO) && is_waiting(STDOUT_FILENO));
        ck_assert(!is_waiting(STDERR_FILENO));
        /* Ctrl-S. */
        ck_assert_int_eq(write(other_end, "\x13", 1), 1);
        capture_say("heard");
        check_arrives("kdump-capture: heard\n");
}
END_TEST

/* Whatever it is that holds it: the words are lost, and the capture goes on. */
START_TEST(stuck) {
        ck_assert_int_eq(tcflow(STDOUT_FILENO, TCOOFF), 0);
        capture_say("not heard");
        ck_assert_int_eq(tcflow(STDOUT_FILENO, TCOON), 0);
        capture_say("heard");
        check_arrives("kdump-capture: heard\n");
}
END_TEST

/* A shell gets what people expect. */
START_TEST(handed_over) {
        console_hand_over(&console);
        ck_assert(mode_now().c_iflag & IXON);
        ck_assert(mode_now().c_cflag & CRTSCTS);
        ck_assert(is_waiting(STDERR_FILENO));
}
END_TEST

START_TEST(none_before) {
        for (int i = 0; i < 3; i++)
                (void)close(i);
        ck_assert_int_eq(console_open(&console, ptsname(other_end)), 0);
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(fcntl(i, F_GETFD), 0);
        capture_say("heard");
        check_arrives("kdump-capture: heard\n");
}
END_TEST

START_TEST(absent) {
        ck_assert_int_eq(console_open(&console, "/nowhere"), -ENOENT);
        capture_say("heard");
        check_arrives("kdump-capture: heard\n");
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, no_flow_control);
        ADD_FIXTURE_TEST(s, stuck);
        ADD_FIXTURE_TEST(s, handed_over);
        ADD_FIXTURE_TEST(s, none_before);
        ADD_FIXTURE_TEST(s, absent);
}

TEST_MAIN("capture-console", add_cases)
