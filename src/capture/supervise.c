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
#define END_LIMIT_USEC   (60 * USEC_PER_SEC)
#define SHELL_LIMIT_USEC (24 * USEC_PER_HOUR)

#define SUPERVISE_PATH_MAX 256u

typedef struct Watch {
        const Supervisor *s;
        Console console;
        Watchdogs dogs;
        uint64_t fed_usec;
        int root_fd;
} Watch;

static const char *below(const Watch *watch, const char *path,
                         char ret[static SUPERVISE_PATH_MAX]) {
        strscpyf(ret, SUPERVISE_PATH_MAX, "%s%s", watch->s->root, path);
        return ret;
}

static void mount_kernel_file_systems(const Watch *watch) {
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
        char path[SUPERVISE_PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int r;

                (void)mkdir(below(watch, table[i].path, path), 0755);
                r = watch->s->ops->mount(table[i].type, path, table[i].flags, table[i].options);
                if (r < 0 && r != -EBUSY)
                        capture_say("%s cannot be mounted: %s", table[i].path, strerror(-r));
        }
        (void)mkdir(below(watch, "/tmp", path), 0700);
}

static void open_console(Watch *watch) {
        char path[SUPERVISE_PATH_MAX];
        int r;

        r = console_open(&watch->console, below(watch, "/dev/console", path));
        if (r < 0) {
                (void)mkdir(below(watch, "/dev", path), 0755);
                watch->s->ops->make_console(below(watch, "/dev/console", path));
                r = console_open(&watch->console, path);
        }
        (void)r; /* nobody would hear of it */
}

static int worker(const Supervisor *s, CaptureShared *shared, const CaptureSkip *skip) {
        Devices devices = { 0 };
        Capture c = {
                .root_fd = open_root(isempty(s->root) ? "/" : s->root),
                .root = s->root,
                .ops = s->capture_ops,
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
                watch->s->ops->sync();
                _exit(0);
        }
        if (pid > 0 && wait_child(watch, pid, &start, watch->s->sync_limit_usec) < 0)
                capture_say("what was written may not all be on the disk");
}

static void run_shell(Watch *watch) {
        _Atomic uint64_t start = monotonic_usec();
        char path[SUPERVISE_PATH_MAX];
        sigset_t none;
        pid_t pid;

        if (access(below(watch, "/bin/sh", path), X_OK) < 0) {
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
                (void)execl(path, "sh", (char *)NULL);
                _exit(127);
        }
        if (pid > 0)
                (void)wait_child(watch, pid, &start, SHELL_LIMIT_USEC);
}

/* The kernel asks each driver before it ends the machine, and one can hang in that for ever. Then,
 * another process has the machine restarted without (emergency_restart() in kernel/reboot.c, by
 * drivers/tty/sysrq.c); also one that was to be switched off. */
static void end_within_limit(Watch *watch, int command) {
        char path[SUPERVISE_PATH_MAX];
        pid_t pid = fork();

        if (pid == 0) {
                int fd;

                (void)poll(NULL, 0, (int)(watch->s->end_limit_usec / USEC_PER_MSEC));
                capture_say("a driver hangs; restarting without it");
                fd = open(below(watch, "/proc/sysrq-trigger", path), O_WRONLY | O_CLOEXEC);
                _exit(fd < 0 || write_all(fd, "b", 1) < 0);
        }
        watch->s->ops->end(command);
        if (pid > 0) {
                (void)kill(pid, SIGKILL);
                (void)waitpid(pid, NULL, 0);
        }
}

static void end_machine(Watch *watch, FinalAction action) {
        const SuperviseOps *ops = watch->s->ops;

        /* Whoever is left may be stuck on the target, or write to it. */
        ops->kill_others();
        sync_bounded(watch);
        if (action == FINAL_SHELL) {
                run_shell(watch);
                sync_bounded(watch);
        }
        if (action == FINAL_POWEROFF) {
                capture_say("powering off");
                end_within_limit(watch, RB_POWER_OFF);
        } else if (action == FINAL_HALT) {
                capture_say("halting");
                watchdogs_disarm(&watch->dogs);
                ops->end(RB_HALT_SYSTEM);
        }
        capture_say("restarting");
        end_within_limit(watch, RB_AUTOBOOT);
}

static void judge(const Supervisor *s, int status) {
        char span[TIMESPAN_MAX];

        if (status == -ETIME)
                capture_say("the capture hangs: no progress for %s",
                            format_timespan(span, s->no_progress_usec));
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
                _exit(worker(watch->s, shared, skip) < 0);
        }
        if (pid < 0) {
                capture_say("the capture cannot be started: %s", strerror(errno));
                return 0;
        }
        r = wait_child(watch, pid, &shared->progress_usec, watch->s->no_progress_usec);
        if (r < 0)
                (void)kill(pid, SIGKILL);
        return r;
}

static void capture(Watch *watch, CaptureShared *shared) {
        CaptureSkip skip = { 0 };
        int status;

        do {
                status = run_worker(watch, shared, &skip);
                judge(watch->s, status);
        } while ((status < 0 || WIFSIGNALED(status)) && capture_again(shared, status < 0, &skip));
}

void supervise(const Supervisor *s) {
        CaptureShared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CaptureShared nothing = { 0 };
        Watch watch = { .s = s };
        sigset_t all;

        (void)sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)umask(0077);
        open_console(&watch);
        mount_kernel_file_systems(&watch);
        open_console(&watch); /* the one of devtmpfs */
        if (shared == MAP_FAILED)
                shared = &nothing;
        watch.root_fd = open_root(isempty(s->root) ? "/" : s->root);
        if (shared != &nothing)
                capture(&watch, shared);
        else
                capture_say("there is no memory for the capture");
        end_machine(&watch, !shared->knows_actions ? FINAL_REBOOT
                            : shared->is_complete  ? shared->final_action
                                                   : shared->failure_action);
}

static int system_mount(const char *type, const char *path, unsigned long flags,
                        const char *options) {
        return mount(type, path, type, flags, options) < 0 ? -errno : 0;
}

static void system_make_console(const char *path) {
        (void)mknod(path, S_IFCHR | 0600, makedev(5, 1));
}

static void system_kill_others(void) {
        (void)kill(-1, SIGKILL);
}

static void system_end(int command) {
        (void)reboot(command);
}

static const SuperviseOps system_ops = {
        .mount = system_mount,
        .make_console = system_make_console,
        .kill_others = system_kill_others,
        .sync = sync,
        .end = system_end,
};

const Supervisor system_supervisor = {
        .root = "",
        .ops = &system_ops,
        .capture_ops = &capture_ops,
        .no_progress_usec = NO_PROGRESS_USEC,
        .sync_limit_usec = SYNC_LIMIT_USEC,
        .end_limit_usec = END_LIMIT_USEC,
};
