/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makedumpfile says of the running kernel. */
#include "ctl/collector.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "core/collector.h"

#define PATIENCE_USEC (20 * USEC_PER_SEC)
#define ANSWER_MOST   65536u

/* Spawns it with both outputs into a pipe. Returns the reading end, or negative errno. */
static int ask(const char *program, pid_t *ret_pid) {
        const char *const argv[] = { program, "--mem-usage", "/proc/kcore", NULL };
        posix_spawn_file_actions_t actions;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r = -posix_spawn_file_actions_init(&actions);
        if (r >= 0) {
                r = -posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
                if (r >= 0)
                        r = -posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
                if (r >= 0)
                        r = -posix_spawnp(ret_pid, program, &actions, NULL, (char *const *)argv,
                                          environ);
                (void)posix_spawn_file_actions_destroy(&actions);
        }
        (void)close(fds[1]);
        if (r < 0)
                (void)close(fds[0]);
        return r < 0 ? r : fds[0];
}

/* Reads until the end, the limit, or the end of our patience. Returns whether it ended. */
static bool listen(int fd, char answer[static ANSWER_MOST + 1]) {
        uint64_t end = monotonic_usec() + PATIENCE_USEC;
        size_t n = 0;

        for (;;) {
                uint64_t now = monotonic_usec();
                struct pollfd p = { .fd = fd, .events = POLLIN };
                ssize_t k;

                if (now >= end || n == ANSWER_MOST ||
                    poll(&p, 1, (int)((end - now) / USEC_PER_MSEC) + 1) == 0)
                        break;
                k = read(fd, answer + n, ANSWER_MOST - n);
                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0) {
                        answer[n] = '\0';
                        return k == 0;
                }
                n += (size_t)k;
        }
        answer[n] = '\0';
        return false;
}

CollectorKnows collector_knows_kernel(const char *core_collector) {
        _cleanup_free_ char *program = strndup(core_collector, strcspn(core_collector, " \t"));
        _cleanup_free_ char *answer = malloc(ANSWER_MOST + 1);
        _cleanup_close_ int fd = -EBADF;
        bool ended;
        int status;
        pid_t pid;

        if (!program || !answer || !streq(path_name(program), "makedumpfile"))
                return COLLECTOR_SILENT;
        fd = ask(program, &pid);
        if (fd < 0)
                return COLLECTOR_SILENT;
        ended = listen(fd, answer);
        if (!ended)
                (void)kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (collector_says_unknown(answer))
                return COLLECTOR_DOES_NOT_KNOW;
        return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? COLLECTOR_KNOWS
                                                                      : COLLECTOR_SILENT;
}
