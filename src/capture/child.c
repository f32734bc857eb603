/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other processes: the core collector, scripts, what may hang or crash. */
#include "capture/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "capture/say.h"

#define TICK_MSEC          1000
#define SHOW_PROGRESS_USEC (3 * USEC_PER_SEC) /* a slow console would slow the dump down */
#define LINE_MOST          512u

typedef struct Run {
        const Child *child;
        pid_t pid;
        int said_fd, data_fd; /* -EBADF once they have ended */
        char line[LINE_MOST];
        size_t length;
        uint64_t progress_usec, shown_usec;
} Run;

/* A terminal, so that a program's output comes line by line, and not when a buffer of 4 KiB is
 * full; a pipe if there are none. */
static int open_channel(int *ret_ours, int *ret_theirs) {
        int ours, theirs, ends[2];
        struct termios mode;

        ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (ours >= 0 && unlockpt(ours) == 0) {
                theirs = ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
                if (theirs >= 0) {
                        if (tcgetattr(theirs, &mode) == 0) {
                                cfmakeraw(&mode);
                                (void)tcsetattr(theirs, TCSANOW, &mode);
                        }
                        *ret_ours = ours;
                        *ret_theirs = theirs;
                        return 0;
                }
        }
        closep(&ours);
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        *ret_ours = ends[0];
        *ret_theirs = ends[1];
        return 0;
}

static void execute(const Child *child, int said_fd, int data_fd, int error_fd) {
        static char *const environment[] = {
                (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                (char *)"HOME=/",
                (char *)"LC_ALL=C",
                NULL,
        };
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), r;
        sigset_t none;
        ssize_t n;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        capture_oom_score("0");
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        if (null_fd >= 0)
                (void)dup2(null_fd, STDIN_FILENO);
        if (child->function) {
                (void)close(error_fd);
                (void)dup2(said_fd, STDERR_FILENO);
                _exit(child->function(child->userdata, data_fd));
        }
        if (dup2(data_fd >= 0 ? data_fd : said_fd, STDOUT_FILENO) >= 0 &&
            dup2(said_fd, STDERR_FILENO) >= 0)
                (void)execvpe(child->words[0], child->words, environment);
        r = -errno;
        n = write(error_fd, &r, sizeof(r));
        (void)n;
        _exit(127);
}

/* Starts it. Whether exec worked is known when the pipe for its error closes without one. */
static int start(Run *run) {
        _cleanup_close_ int theirs = -EBADF, data_theirs = -EBADF, error_ours = -EBADF;
        int ends[2], error, r;
        ssize_t n;

        r = open_channel(&run->said_fd, &theirs);
        if (r < 0)
                return r;
        if (run->child->on_data) {
                if (pipe2(ends, O_CLOEXEC) < 0)
                        return -errno;
                run->data_fd = ends[0];
                data_theirs = ends[1];
        }
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        error_ours = ends[0];
        run->pid = fork();
        if (run->pid == 0)
                execute(run->child, theirs, data_theirs, ends[1]);
        (void)close(ends[1]);
        if (run->pid < 0)
                return -errno;
        n = read(error_ours, &error, sizeof(error));
        if (n == (ssize_t)sizeof(error)) {
                (void)waitpid(run->pid, NULL, 0);
                return error;
        }
        return 0;
}

static void show(Run *run, bool is_progress) {
        uint64_t now = monotonic_usec();

        if (is_progress && now - run->shown_usec < SHOW_PROGRESS_USEC)
                return;
        if (is_progress)
                run->shown_usec = now;
        capture_say("%s", strstrip(run->line));
}

/* Takes what it said apart into lines; those that end with a carriage return are for a terminal,
 * which would show the next one over them. */
static bool take_said(Run *run, const char *data, size_t size) {
        bool stop = false;

        for (size_t i = 0; i < size && !stop; i++) {
                bool is_end = data[i] == '\n' || data[i] == '\r';

                if (!is_end && data[i] != '\0')
                        run->line[run->length++] = data[i];
                if ((!is_end && run->length < LINE_MOST - 1) || run->length == 0)
                        continue;
                run->line[run->length] = '\0';
                run->length = 0;
                if (!run->child->is_quiet && !isempty(strstrip(run->line)))
                        show(run, data[i] == '\r');
                if (run->child->on_line)
                        stop = run->child->on_line(run->child->userdata, run->line);
        }
        return stop;
}

static void note_progress(Run *run) {
        run->progress_usec = monotonic_usec();
        capture_progress(run->child->capture);
}

/* Reads once from a descriptor that is ready; closes it at its end. Returns 0 or why to stop. */
static int read_once(Run *run, int *fd, bool is_data) {
        char buffer[65536];
        ssize_t n = read(*fd, buffer, sizeof(buffer));

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return 0;
        if (n <= 0) {
                /* EIO is how a terminal says that the other side is closed. */
                closep(fd);
                *fd = -EBADF;
                return 0;
        }
        note_progress(run);
        if (is_data)
                return run->child->on_data(run->child->userdata, buffer, (size_t)n);
        return take_said(run, buffer, (size_t)n) ? -ECANCELED : 0;
}

/* Until both ends are closed, or something says stop. */
static int attend(Run *run) {
        int r = 0;

        note_progress(run);
        while (r == 0 && (run->said_fd >= 0 || run->data_fd >= 0)) {
                struct pollfd fds[] = { { run->said_fd, POLLIN, 0 }, { run->data_fd, POLLIN, 0 } };
                siginfo_t info = { 0 };
                int n;

                n = poll(fds, ELEMENTSOF(fds), TICK_MSEC);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0 && fds[1].revents)
                        r = read_once(run, &run->data_fd, true);
                if (n > 0 && r == 0 && fds[0].revents)
                        r = read_once(run, &run->said_fd, false);
                if (n != 0)
                        continue;
                /* A child of its own may hold the channel open when it has ended. */
                if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                    info.si_pid == run->pid)
                        break;
                if (run->child->has_progressed && run->child->has_progressed(run->child->userdata))
                        note_progress(run);
                if (monotonic_usec() - run->progress_usec > run->child->silence_usec)
                        r = -ETIME;
        }
        return r;
}

/* Bounded: a program that hangs in the kernel cannot be killed, and is left behind. */
#define REAP_EVERY_MSEC 10
#define END_LIMIT_MSEC  60000 /* for ending, once its output is closed */
#define KILL_LIMIT_MSEC 5000

static int reap(Run *run, int limit_msec, int64_t *ret_status) {
        int status;
        pid_t pid;

        for (int waited = 0; waited < limit_msec; waited += REAP_EVERY_MSEC) {
                pid = waitpid(run->pid, &status, WNOHANG);
                if (pid == run->pid) {
                        *ret_status =
                                WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
                        return 0;
                }
                if (pid < 0 && errno != EINTR)
                        return -errno;
                (void)poll(NULL, 0, REAP_EVERY_MSEC);
        }
        return -ETIME;
}

int child_run(const Child *child, int64_t *ret_status) {
        Run run = { .child = child, .pid = -1, .said_fd = -EBADF, .data_fd = -EBADF };
        int64_t status = 256 + SIGKILL;
        int r;

        r = start(&run);
        if (r >= 0) {
                r = attend(&run);
                if (r < 0)
                        (void)kill(run.pid, SIGKILL);
                if (reap(&run, r < 0 ? KILL_LIMIT_MSEC : END_LIMIT_MSEC, &status) < 0) {
                        /* It closed its output and goes on: it is not waited for. */
                        (void)kill(run.pid, SIGKILL);
                        if (reap(&run, KILL_LIMIT_MSEC, &status) < 0 || r == 0)
                                r = -ETIME;
                }
                *ret_status = status;
        }
        closep(&run.said_fd);
        closep(&run.data_fd);
        return r;
}
