/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first program of the capture kernel. */
#include "capture/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "capture/capture.h"
#include "capture/console.h"
#include "capture/devices.h"
#include "capture/run.h"
#include "capture/say.h"
#include "sys/watchdog.h"

#define TICK_MSEC        100
#define FEED_EVERY_USEC  USEC_PER_SEC
#define SYNC_LIMIT_USEC  (120 * USEC_PER_SEC)
#define SHELL_LIMIT_USEC (24 * USEC_PER_HOUR)

static void mount_kernel_file_systems(void) {
        static const struct {
                const char *type, *path, *options;
                unsigned long flags;
        } table[] = {
                { "proc", "/proc", "", MS_NOSUID | MS_NOEXEC | MS_NODEV },
                { "sysfs", "/sys", "", MS_NOSUID | MS_NOEXEC | MS_NODEV },
                { "devtmpfs", "/dev", "mode=0755", MS_NOSUID | MS_NOEXEC },
                { "devpts", "/dev/pts", "mode=0600", MS_NOSUID | MS_NOEXEC },
                { "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                (void)mkdir(table[i].path, 0755);
                if (mount(table[i].type, table[i].path, table[i].type, table[i].flags,
                          table[i].options) < 0 &&
                    errno != EBUSY)
                        capture_say("%s cannot be mounted: %s", table[i].path, strerror(errno));
        }
        (void)mkdir("/tmp", 0700);
}

/* An initramfs need not have a /dev/console of its own. */
static void open_console(Console *console) {
        int r;

        r = console_open(console, "/dev/console");
        if (r < 0) {
                (void)mkdir("/dev", 0755);
                (void)mknod("/dev/console", S_IFCHR | 0600, makedev(5, 1));
                r = console_open(console, "/dev/console");
        }
        (void)r; /* nobody would hear of it */
}

static int worker(CaptureShared *shared, const CaptureSkip *skip) {
        Devices devices = { 0 };
        Capture c = {
                .root_fd = open_root("/"),
                .root = "",
                .ops = &capture_ops,
                .userdata = &devices,
                .shared = shared,
                .skip = *skip,
                .vmcore_fd = -EBADF,
                .base_fd = -EBADF,
                .dir_fd = -EBADF,
        };
        int r;

        if (c.root_fd < 0)
                return c.root_fd;
        capture_oom_score("-900");
        r = capture_run(&c);
        capture_done(&c);
        devices_done(&devices);
        (void)close(c.root_fd);
        return r;
}

typedef struct Watch {
        Console console;
        Watchdogs dogs;
        uint64_t fed_usec;
        int root_fd;
} Watch;

static void feed(Watch *watch) {
        uint64_t now = monotonic_usec();

        if (watch->fed_usec != 0 && now - watch->fed_usec < FEED_EVERY_USEC)
                return;
        watch->fed_usec = now;
        watchdogs_feed(&watch->dogs, watch->root_fd);
}

/* Waits for one child, feeding watchdogs, and buries others that were left to us. Returns its wait
 * status, or -ETIME when *progress_usec is limit_usec ago. */
static int wait_child(Watch *watch, pid_t child, _Atomic uint64_t *progress_usec,
                      uint64_t limit_usec) {
        for (;;) {
                int status;
                pid_t pid = waitpid(-1, &status, WNOHANG);

                if (pid == child)
                        return status;
                if (pid > 0)
                        continue;
                feed(watch);
                if (monotonic_usec() > add_saturated(*progress_usec, limit_usec))
                        return -ETIME;
                (void)poll(NULL, 0, TICK_MSEC);
        }
}

/* In a child, as a device that is gone can hold it for ever. */
static void sync_bounded(Watch *watch) {
        _Atomic uint64_t start = monotonic_usec();
        pid_t pid = fork();

        if (pid == 0) {
                sync();
                _exit(0);
        }
        if (pid > 0 && wait_child(watch, pid, &start, SYNC_LIMIT_USEC) < 0)
                capture_say("what was written may not all be on the disk");
}

static void run_shell(Watch *watch) {
        _Atomic uint64_t start = monotonic_usec();
        sigset_t none;
        pid_t pid;

        if (access("/bin/sh", X_OK) < 0) {
                capture_say("there is no /bin/sh in the initramfs");
                return;
        }
        capture_say("a shell; the machine restarts at its end");
        pid = fork();
        if (pid == 0) {
                (void)sigemptyset(&none);
                (void)sigprocmask(SIG_SETMASK, &none, NULL);
                console_hand_over(&watch->console);
                (void)setsid();
                (void)ioctl(STDIN_FILENO, TIOCSCTTY, 1);
                (void)execl("/bin/sh", "sh", (char *)NULL);
                _exit(127);
        }
        if (pid > 0)
                (void)wait_child(watch, pid, &start, SHELL_LIMIT_USEC);
}

static _Noreturn void end_machine(Watch *watch, FinalAction action) {
        /* Whoever is left may be stuck on the target, or write to it. */
        (void)kill(-1, SIGKILL);
        sync_bounded(watch);
        if (action == FINAL_SHELL) {
                run_shell(watch);
                sync_bounded(watch);
        }
        if (action == FINAL_POWEROFF) {
                capture_say("powering off");
                (void)reboot(RB_POWER_OFF);
        } else if (action == FINAL_HALT) {
                capture_say("halting");
                watchdogs_disarm(&watch->dogs);
                (void)reboot(RB_HALT_SYSTEM);
        }
        capture_say("restarting");
        (void)reboot(RB_AUTOBOOT);
        /* Nobody feeds the watchdogs any more. A process 1 that ends would panic, and that
         * restarts the machine as well. */
        _exit(1);
}

static void judge(int status) {
        if (status == -ETIME)
                capture_say("the capture hangs: no progress for %u minutes",
                            (unsigned)(NO_PROGRESS_USEC / USEC_PER_MINUTE));
        else if (WIFSIGNALED(status))
                capture_say("the capture was killed by signal %d", WTERMSIG(status));
}

/* Returns the wait status of a worker, or -ETIME if it hangs; then it was killed, but may hang
 * on. */
static int run_worker(Watch *watch, CaptureShared *shared, const CaptureSkip *skip) {
        sigset_t none;
        pid_t pid;
        int r;

        shared->progress_usec = monotonic_usec();
        shared->is_reading = false;
        shared->attaching = 0;
        pid = fork();
        if (pid == 0) {
                (void)sigemptyset(&none);
                (void)sigprocmask(SIG_SETMASK, &none, NULL);
                _exit(worker(shared, skip) < 0);
        }
        if (pid < 0) {
                capture_say("the capture cannot be started: %s", strerror(errno));
                return 0;
        }
        r = wait_child(watch, pid, &shared->progress_usec, NO_PROGRESS_USEC);
        if (r < 0)
                (void)kill(pid, SIGKILL);
        return r;
}

static void capture(Watch *watch, CaptureShared *shared) {
        CaptureSkip skip = { 0 };
        int status;

        do {
                status = run_worker(watch, shared, &skip);
                judge(status);
        } while ((status < 0 || WIFSIGNALED(status)) && capture_again(shared, status < 0, &skip));
}

_Noreturn void supervise(void) {
        CaptureShared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CaptureShared nothing = { 0 };
        Watch watch = { 0 };
        sigset_t all;

        (void)sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)umask(0077);
        open_console(&watch.console);
        mount_kernel_file_systems();
        open_console(&watch.console); /* the one of devtmpfs */
        if (shared == MAP_FAILED)
                shared = &nothing;
        watch.root_fd = open_root("/");
        if (shared != &nothing)
                capture(&watch, shared);
        else
                capture_say("there is no memory for the capture");
        end_machine(&watch, !shared->knows_actions ? FINAL_REBOOT
                            : shared->is_complete  ? shared->final_action
                                                   : shared->failure_action);
}
