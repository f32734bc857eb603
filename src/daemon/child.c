/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child process whose output is read by the event loop. */
#include "daemon/child.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"

/* Enough for all that a pipe holds; whoever writes without end does not get the whole loop. */
#define READS_AT_ONCE 32

struct Child {
        ChildSetup setup;
        pid_t pid;
        int output; /* the reading end */
        sd_event_source *child_source, *output_source;
        char *text;
        size_t size;
};

Child *child_free(Child *child) {
        if (!child)
                return NULL;
        sd_event_source_disable_unref(child->child_source);
        sd_event_source_disable_unref(child->output_source);
        closep(&child->output);
        free(child->text);
        free(child);
        return NULL;
}

/* Reads what is there, and drops what is too much: a child that is blocked on its output would hang
 * until it is killed. Returns 1 at the end of the output, 0 if there may be more. */
static int drain(Child *child) {
        char dropped[4096];

        for (unsigned i = 0; i < READS_AT_ONCE; i++) {
                size_t room = child->setup.most - child->size;
                ssize_t n = read(child->output, room > 0 ? child->text + child->size : dropped,
                                 room > 0 ? room : sizeof(dropped));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : 1;
                if (n == 0)
                        return 1;
                if (room > 0)
                        child->size += (size_t)n;
        }
        return 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        if (drain(userdata) > 0)
                (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static int on_exit_of_child(sd_event_source *source, const siginfo_t *si, void *userdata) {
        Child *child = userdata;
        _cleanup_free_ char *text = NULL;
        size_t size;

        (void)drain(child);
        text = TAKE_PTR(child->text);
        size = child->size;
        text[size] = '\0';
        child->setup.ended(child->setup.userdata, si, text, size);
        return 0;
}

static int spawn_child(const ChildSetup *setup, int output, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        int r;

        (void)sigemptyset(&none);
        (void)sigfillset(&all);
        r = -posix_spawnattr_init(&attributes);
        if (r < 0)
                return r;
        r = -posix_spawn_file_actions_init(&actions);
        if (r < 0)
                goto finish;
        /* The event loop's blocked signals must not be inherited, nor must ignored ones. */
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setsigdefault(&attributes, &all);
        r = -posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r >= 0 && setup->takes_errors)
                r = -posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
        if (r >= 0)
                r = -posix_spawn(ret, setup->argv[0], &actions, &attributes,
                                 (char *const *)setup->argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
finish:
        (void)posix_spawnattr_destroy(&attributes);
        return r;
}

/* What hangs keeps nothing open that others wait for the end of, as the bus does. */
static int fork_child(const ChildSetup *setup, int output, pid_t *ret) {
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                if (dup2(output, STDOUT_FILENO) < 0 || close_range(3, UINT_MAX, 0) < 0)
                        _exit(EXIT_FAILURE);
                setup->function(setup->userdata);
                _exit(EXIT_SUCCESS);
        }
        *ret = pid;
        return 0;
}

int child_start(sd_event *event, const ChildSetup *setup, Child **ret) {
        _cleanup_(child_freep) Child *child = calloc(1, sizeof(*child));
        _cleanup_close_ int output = -EBADF;
        int fds[2], r;

        if (!child)
                return -ENOMEM;
        *child = (Child){ .setup = *setup, .output = -EBADF, .text = malloc(setup->most + 1) };
        if (!child->text)
                return -ENOMEM;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        child->output = fds[0];
        output = fds[1];
        if (fcntl(child->output, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(event, &child->output_source, child->output, EPOLLIN, on_output, child);
        if (r >= 0)
                r = setup->function ? fork_child(setup, output, &child->pid)
                                    : spawn_child(setup, output, &child->pid);
        if (r < 0)
                return r;
        r = sd_event_add_child(event, &child->child_source, child->pid, WEXITED, on_exit_of_child,
                               child);
        if (r < 0) {
                /* Nobody would ever hear of its end. */
                (void)kill(child->pid, SIGKILL);
                (void)waitpid(child->pid, NULL, 0);
                return r;
        }
        /* What argv points to is the caller's, and was needed to start it only. */
        child->setup.argv = NULL;
        *ret = TAKE_PTR(child);
        return 0;
}

pid_t child_pid(const Child *child) {
        return child->pid;
}

void child_kill(Child *child) {
        (void)kill(child->pid, SIGKILL);
}

bool child_await(Child *child, unsigned msec) {
        uint64_t end_usec = monotonic_usec() + msec * USEC_PER_MSEC;
        siginfo_t si = { 0 };

        for (;;) {
                uint64_t now = monotonic_usec();
                struct pollfd output = { .fd = child->output, .events = POLLIN };
                bool is_closed = drain(child) > 0;

                if (waitid(P_PID, (id_t)child->pid, &si, WEXITED | WNOHANG) < 0)
                        return false;
                if (si.si_pid != 0)
                        break;
                if (now >= end_usec)
                        return false;
                /* Its end is not far when it has nothing more to say. */
                (void)poll(&output, is_closed ? 0 : 1,
                           is_closed ? 1 : (int)((end_usec - now) / USEC_PER_MSEC) + 1);
        }
        (void)on_exit_of_child(NULL, &si, child);
        return true;
}

void child_tell_other(Child *child,
                      void (*ended)(void *userdata, const siginfo_t *si, char *text, size_t size),
                      void *userdata) {
        child->setup.ended = ended;
        child->setup.userdata = userdata;
}
