/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first program of the capture kernel on a fake machine: how that ends, whatever becomes of
 * the capture. */
#include "capture/supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#include "base/time-util.h"
#include "fake-capture.h"
#include "test.h"

/* So long does the slowest machine take for anything here. */
#define PATIENCE_MSEC 20000

#define ENDED    "/ended"
#define MOUNTED  "/mounted"
#define WATCHDOG "/dev/watchdog0"

static SuperviseOps supervise_ops;
static Supervisor supervisor;
static CapturePlan plan;
static const char *plan_text; /* instead, unless NULL */
static char said[16384];      /* on the console */

static void add(const char *path, const char *text) {
        int fd = openat(tree.fd, path + 1, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_ge(write_all(fd, text, strlen(text)), 0);
        (void)close(fd);
}

static int note_mount(const char *type, const char *path, unsigned long flags,
                      const char *options) {
        const char *place = startswith(path, tree.path);
        char line[256];

        strscpyf(line, sizeof(line), "%s %s%s%s%s %s\n", type, strempty(place),
                 flags & MS_NOSUID ? " nosuid" : "", flags & MS_NODEV ? " nodev" : "",
                 flags & MS_NOEXEC ? " noexec" : "", options);
        add(MOUNTED, line);
        return streq(type, "proc") ? -EBUSY : streq(type, "tmpfs") ? -ENOMEM : 0;
}

static void make_no_console(const char *path) {
        add("/console-wanted", path);
}

static void kill_nobody(void) {
        add(ENDED, "kill ");
}

static void note_sync(void) {
        add(ENDED, "sync ");
}

static void note_end(int command) {
        add(ENDED, command == RB_AUTOBOOT    ? "restart"
                   : command == RB_POWER_OFF ? "poweroff "
                                             : "halt ");
}

static void begin(void) {
        setup();
        supervise_ops = (SuperviseOps){
                .mount = note_mount,
                .make_console = make_no_console,
                .kill_others = kill_nobody,
                .sync = note_sync,
                .end = note_end,
        };
        supervisor = (Supervisor){
                .root = tree.path,
                .ops = &supervise_ops,
                .capture_ops = &ops,
                .no_progress_usec = 10 * USEC_PER_SEC,
                .sync_limit_usec = 10 * USEC_PER_SEC,
                .end_limit_usec = 60 * USEC_PER_SEC,
        };
        plan = plan_with(collector("echo x >\"$n\"", ""));
        tree_text(&tree, WATCHDOG, "");
        plan_text = NULL;
        said[0] = '\0';
}

static void end(void) {
        free(plan.core_collector);
        teardown();
}

/* Returns the end that is not the console's. */
static int make_console(void) {
        int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(unlockpt(fd), 0);
        tree_link(&tree, "/dev/console", ptsname(fd));
        return fd;
}

/* What is said on the console, to the end of whoever says it. */
static void listen_to(int fd, pid_t pid) {
        uint64_t start = monotonic_usec();
        struct pollfd p = { .fd = fd, .events = POLLIN };
        size_t at = 0;
        bool ended = false;

        for (;;) {
                bool more = poll(&p, 1, 10) > 0 && p.revents & POLLIN;
                ssize_t n = more ? read(fd, said + at, sizeof(said) - 1 - at) : 0;

                at += (size_t)MAX(n, 0);
                said[at] = '\0';
                if (ended && n <= 0)
                        return;
                ended = ended || waitpid(pid, NULL, WNOHANG) == pid;
                ck_assert_msg(monotonic_usec() - start < PATIENCE_MSEC * USEC_PER_MSEC,
                              "it does not end; it said:\n%s", said);
        }
}

/* A whole life of process 1, which is said to end as wanted. */
static void lives(const char *wanted) {
        int fd = make_console();
        pid_t pid;

        write_plan(&plan);
        if (plan_text)
                tree_text(&tree, CAPTURE_PLAN_PATH, plan_text);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
                supervise(&supervisor);
                _exit(0);
        }
        listen_to(fd, pid);
        (void)close(fd);
        check_text(ENDED, wanted);
}

static void check_said(const char *words) {
        ck_assert_msg(strstr(said, words), "\"%s\" is not in:\n%s", words, said);
}

static int attach_nothing(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                          char ret_device[static 64], Error *reterr) {
        return -ENODEV;
}

/* It ends with whoever waits for it, as it would be killed at the end of the machine. */
static _Noreturn void hang(void) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
                (void)pause();
}

/* And the next one waits for its end. */
static int attach_never(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                        char ret_device[static 64], Error *reterr) {
        int fd = openat(tree.fd, "lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || flock(fd, LOCK_EX) < 0)
                return -errno;
        if (streq(target->label, "the target"))
                hang();
        return capture_tree_ops.attach(c, target, deadline_usec, ret_device, reterr);
}

static int attach_dies(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                       char ret_device[static 64], Error *reterr) {
        (void)raise(SIGKILL);
        return 0;
}

static const char *const ends[_FINAL_ACTION_MAX] = {
        [FINAL_REBOOT] = "kill sync restart",
        [FINAL_POWEROFF] = "kill sync poweroff restart",
        [FINAL_HALT] = "kill sync halt restart",
        [FINAL_SHELL] = "kill sync sync restart",
};

/* FinalAction= after a complete dump, and what is to be done otherwise plays no part. */
START_TEST(complete) {
        plan.final_action = (FinalAction)_i;
        plan.failure_action = _i == FINAL_POWEROFF ? FINAL_HALT : FINAL_POWEROFF;
        lives(ends[_i]);
        check_text(DUMP "/vmcore", "x\n");
        check_said("the dump is complete");
}
END_TEST

/* And FailureAction= after any other. */
START_TEST(failed) {
        plan.failure_action = (FinalAction)_i;
        plan.final_action = _i == FINAL_POWEROFF ? FINAL_HALT : FINAL_POWEROFF;
        ops.attach = attach_nothing;
        lives(ends[_i]);
        check_said("there is no complete dump");
}
END_TEST

/* Nobody knows what it is to do then: it restarts, as an ordinary machine after a panic. */
START_TEST(no_plan) {
        plan.final_action = plan.failure_action = FINAL_POWEROFF;
        plan_text = "{";
        lives("kill sync restart");
        check_said(CAPTURE_PLAN_PATH " cannot be used");
}
END_TEST

/* Its watchdogs are fed, and disarmed where nobody feeds them any more but the machine stays on. */
START_TEST(watchdogs) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        plan.final_action = _i ? FINAL_HALT : FINAL_REBOOT;
        lives(ends[plan.final_action]);
        ck_assert_int_eq(read_file_below(tree.fd, WATCHDOG, 4096, &text, &size), 0);
        ck_assert_uint_ge(size, 1U + (unsigned)_i);
        ck_assert_int_eq(text[0], '\0');
        ck_assert_int_eq(text[size - 1], _i ? 'V' : '\0');
}
END_TEST

START_TEST(shell) {
        plan.failure_action = FINAL_SHELL;
        ops.attach = attach_nothing;
        tree_text(&tree, "/bin/sh",
                  "#!/bin/sh\n: </dev/tty && echo in control of $(tty)\n"
                  "case \"$(stty -a)\" in *' -ixon'*) ;; *' ixon'*) echo with flow control;; esac");
        ck_assert_int_eq(fchmodat(tree.fd, "bin/sh", 0755, 0), 0);
        lives(ends[FINAL_SHELL]);
        check_said("a shell; the machine restarts at its end");
        check_said("in control of /dev/");
        check_said("with flow control");
}
END_TEST

START_TEST(no_shell) {
        plan.failure_action = FINAL_SHELL;
        ops.attach = attach_nothing;
        lives(ends[FINAL_SHELL]);
        check_said("there is no /bin/sh in the initramfs");
}
END_TEST

/* The memory of the crashed kernel holds up whoever looks at it: once more, without. */
START_TEST(memory_hangs) {
        supervisor.no_progress_usec = 2 * USEC_PER_SEC;
        on_log = hang;
        plan.final_action = FINAL_POWEROFF;
        lives(ends[FINAL_POWEROFF]);
        check_said("the capture hangs: no progress for 2");
        check_said("looking at the crashed kernel's memory: once more without");
        check_said("the dump is complete");
}
END_TEST

/* A disk that does not answer does that, too: to the fallback, then. */
START_TEST(target_hangs) {
        supervisor.no_progress_usec = 2 * USEC_PER_SEC;
        ops.attach = attach_never;
        plan.fallback = plan.target;
        plan.fallback.label = (char *)"the other";
        plan.final_action = FINAL_POWEROFF;
        lives(ends[FINAL_POWEROFF]);
        check_said("it was waiting for the target: once more without");
        check_said("wrote vmcore-dmesg.txt");
        check_text(DUMP "/vmcore", "x\n");
}
END_TEST

START_TEST(capture_dies) {
        ops.attach = attach_dies;
        plan.final_action = FINAL_POWEROFF;
        plan.failure_action = FINAL_HALT;
        lives(ends[FINAL_HALT]);
        check_said("the capture was killed by signal 9");
}
END_TEST

/* So can the end. */
START_TEST(sync_hangs) {
        supervisor.sync_limit_usec = 300 * USEC_PER_MSEC;
        supervise_ops.sync = hang;
        plan.final_action = FINAL_HALT;
        lives("kill halt restart");
        check_said("what was written may not all be on the disk");
}
END_TEST

/* What is there already is no failure, and any other stops nothing. */
/* As a driver does; until somebody ends the machine for good. */
static void end_hangs(int command) {
        note_end(command);
        for (unsigned i = 0; i < PATIENCE_MSEC / 10 && !exists_below(tree.fd, "/forced"); i++) {
                _cleanup_free_ char *text = NULL;

                if (read_file_below(tree.fd, "/proc/sysrq-trigger", 64, &text, NULL) >= 0 &&
                    streq(text, "b"))
                        add("/forced", "yes");
                (void)poll(NULL, 0, 10);
        }
}

START_TEST(driver_hangs) {
        tree_text(&tree, "/proc/sysrq-trigger", "");
        supervise_ops.end = end_hangs;
        supervisor.end_limit_usec = 200 * USEC_PER_MSEC;
        lives("kill sync restart");
        ck_assert(has("/forced"));
        ck_assert_ptr_nonnull(strstr(said, "a driver hangs; restarting without it"));
}
END_TEST

/* Whoever waits for it goes, too. */
START_TEST(nothing_is_forced) {
        tree_text(&tree, "/proc/sysrq-trigger", "");
        lives("kill sync restart");
        check_text("/proc/sysrq-trigger", "");
}
END_TEST

START_TEST(mounts) {
        lives(ends[FINAL_REBOOT]);
        check_text(MOUNTED, "proc /proc nosuid nodev noexec \n"
                            "sysfs /sys nosuid nodev noexec \n"
                            "devtmpfs /dev nosuid noexec mode=0755\n"
                            "devpts /dev/pts nosuid noexec mode=0600\n"
                            "tmpfs /run nosuid nodev mode=0755\n");
        check_said("/run cannot be mounted: Cannot allocate memory");
        ck_assert_ptr_null(strstr(said, "/proc cannot be mounted"));
        ck_assert(has("/tmp/"));
        ck_assert(!has("/console-wanted"));
}
END_TEST

/* Without one it is asked for, and nothing is said. */
START_TEST(no_console) {
        pid_t pid;

        write_plan(&plan);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                supervise(&supervisor);
                _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        check_text(ENDED, ends[FINAL_REBOOT]);
        check_text(DUMP "/vmcore", "x\n");
        ck_assert(has("/console-wanted"));
}
END_TEST

#define ADD(suite, function, n)                               \
        do {                                                  \
                TCase *tcase = tcase_create(#function);       \
                tcase_add_checked_fixture(tcase, begin, end); \
                tcase_set_timeout(tcase, 30);                 \
                tcase_add_loop_test(tcase, function, 0, n);   \
                suite_add_tcase(suite, tcase);                \
        } while (0)

static void add_cases(Suite *s) {
        ADD(s, complete, _FINAL_ACTION_MAX);
        ADD(s, failed, _FINAL_ACTION_MAX);
        ADD(s, no_plan, 1);
        ADD(s, watchdogs, 2);
        ADD(s, shell, 1);
        ADD(s, no_shell, 1);
        ADD(s, memory_hangs, 1);
        ADD(s, target_hangs, 1);
        ADD(s, capture_dies, 1);
        ADD(s, sync_hangs, 1);
        ADD(s, driver_hangs, 1);
        ADD(s, nothing_is_forced, 1);
        ADD(s, mounts, 1);
        ADD(s, no_console, 1);
}

TEST_MAIN("capture-supervise", add_cases)
