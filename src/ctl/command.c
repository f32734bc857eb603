/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that kdumpctl runs and waits for. */
#include "ctl/command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"

#define CHUNK 65536u

/* Its end shows as that of its output, as a rule. It is looked for this often besides, as what it
 * started may keep that open, and that often when there is no output left to show it. */
#define LOOK_MSEC      1000u
#define LOOK_SOON_MSEC 10u

/* What was killed and does not end by then hangs in the kernel, and is left there. */
#define KILLED_USEC (5 * USEC_PER_SEC)

enum { OUTPUT, ERRORS, INPUT, _PIPES };

typedef struct Running {
        const Command *command;
        pid_t pid;
        int fds[_PIPES];                /* our ends; -EBADF: there is none, or it is at its end */
        char chunk[CHUNK];              /* what is to be written */
        size_t chunk_start, chunk_size; /* of it, what is left */
        uint64_t last_usec, written;
        bool has_ended;
        int status;
} Running;

static void pass(int fd, const char *data, size_t size) {
        (void)fflush(fd == STDOUT_FILENO ? stdout : stderr);
        (void)!write_all(fd, data, size);
}

void command_pass_on(void *userdata, int fd, const char *data, size_t size) {
        pass(fd, data, size);
}

void command_pass_to_stderr(void *userdata, int fd, const char *data, size_t size) {
        pass(STDERR_FILENO, data, size);
}

size_t command_enter(const char *root, const char *program, const char **argv, char **ret_below) {
        size_t n = 0;

        if (*root && geteuid() == 0) {
                argv[n++] = "chroot";
                argv[n++] = root;
        } else if (*root) {
                if (asprintf(ret_below, "%s%s", root, program) < 0) {
                        *ret_below = NULL;
                        return 0;
                }
                program = *ret_below;
        }
        argv[n++] = program;
        return n;
}

uint64_t command_patience_usec(const char *variable, uint64_t usec) {
        const char *text = secure_getenv(variable);
        uint64_t other;

        return text && parse_timespan(text, &other) >= 0 && other >= USEC_PER_SEC ? other : usec;
}

/* The ends are ours first. */
static int open_pipe(bool is_input, int ret[static 2]) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        ret[0] = fds[is_input ? 1 : 0];
        ret[1] = fds[is_input ? 0 : 1];
        /* Of ours alone: the other one is another open file. */
        return fcntl(ret[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int spawn(const Command *command, const int theirs[static _PIPES], pid_t *ret) {
        static const int numbers[_PIPES] = { STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t defaults;
        int r;

        (void)sigemptyset(&defaults);
        (void)sigaddset(&defaults, SIGPIPE);
        r = -posix_spawnattr_init(&attributes);
        if (r < 0)
                return r;
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
        r = -posix_spawn_file_actions_init(&actions);
        if (r >= 0) {
                for (size_t i = 0; i < _PIPES && r >= 0; i++)
                        if (theirs[i] >= 0)
                                r = -posix_spawn_file_actions_adddup2(&actions, theirs[i],
                                                                      numbers[i]);
                if (r >= 0 && command->directory_fd >= 0)
                        r = -posix_spawn_file_actions_addfchdir_np(&actions, command->directory_fd);
                if (r >= 0)
                        r = -posix_spawnp(ret, command->argv[0], &actions, &attributes,
                                          (char *const *)command->argv, environ);
                (void)posix_spawn_file_actions_destroy(&actions);
        }
        (void)posix_spawnattr_destroy(&attributes);
        return r;
}

static int start(Running *c) {
        int theirs[_PIPES] = { -EBADF, -EBADF, -EBADF }, r = 0;

        for (size_t i = 0; i < _PIPES && r >= 0; i++) {
                int ends[2] = { -EBADF, -EBADF };

                if (i == INPUT && !c->command->feed)
                        continue;
                r = open_pipe(i == INPUT, ends);
                c->fds[i] = ends[0];
                theirs[i] = ends[1];
        }
        if (r >= 0)
                r = spawn(c->command, theirs, &c->pid);
        for (size_t i = 0; i < _PIPES; i++)
                closep(&theirs[i]);
        return r;
}

static void shut(Running *c, size_t i) {
        closep(&c->fds[i]);
        c->fds[i] = -EBADF;
}

/* Takes what there is. Returns 0 or -EFBIG. */
static int take(Running *c, size_t i) {
        char buffer[CHUNK];
        ssize_t n;

        while (c->fds[i] >= 0) {
                n = read(c->fds[i], buffer, sizeof(buffer));
                if (n < 0 && errno == EAGAIN)
                        return 0;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        shut(c, i);
                        return 0;
                }
                c->last_usec = monotonic_usec();
                c->written += (uint64_t)n;
                if (c->written > c->command->most)
                        return -EFBIG;
                c->command->on_output(c->command->userdata,
                                      i == OUTPUT ? STDOUT_FILENO : STDERR_FILENO, buffer,
                                      (size_t)n);
        }
        return 0;
}

/* Gives it what it takes. Returns 0, or what feed() said. */
static int give(Running *c) {
        ssize_t n;

        while (c->fds[INPUT] >= 0) {
                if (c->chunk_size == 0) {
                        n = c->command->feed(c->command->userdata, c->chunk, sizeof(c->chunk));
                        c->last_usec = monotonic_usec();
                        if (n <= 0)
                                shut(c, INPUT);
                        if (n < 0)
                                return (int)n;
                        c->chunk_start = 0;
                        c->chunk_size = (size_t)n;
                        continue;
                }
                n = write(c->fds[INPUT], c->chunk + c->chunk_start, c->chunk_size);
                if (n < 0 && errno == EAGAIN)
                        return 0;
                if (n < 0 && errno == EINTR)
                        continue;
                /* It may have all that it wants of it. */
                if (n < 0) {
                        shut(c, INPUT);
                        return 0;
                }
                c->last_usec = monotonic_usec();
                c->chunk_start += (size_t)n;
                c->chunk_size -= (size_t)n;
        }
        return 0;
}

static void look_for_end(Running *c) {
        if (!c->has_ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
                c->has_ended = true;
}

/* Until it has ended by itself, or has to be ended. */
static int attend(Running *c) {
        int r = 0;

        while (r >= 0 && !c->has_ended) {
                uint64_t silent_usec = monotonic_usec() - c->last_usec, left_msec;
                struct pollfd polled[_PIPES];

                if (silent_usec >= c->command->silence_usec)
                        return -ETIME;
                left_msec = (c->command->silence_usec - silent_usec) / USEC_PER_MSEC + 1;
                left_msec = MIN(left_msec, c->fds[OUTPUT] < 0 && c->fds[ERRORS] < 0
                                                   ? (uint64_t)LOOK_SOON_MSEC
                                                   : (uint64_t)LOOK_MSEC);
                for (size_t i = 0; i < _PIPES; i++)
                        polled[i] = (struct pollfd){ .fd = c->fds[i],
                                                     .events = i == INPUT ? POLLOUT : POLLIN };
                (void)poll(polled, _PIPES, (int)left_msec);
                /* What it wrote before its end is there when the end is seen. */
                look_for_end(c);
                for (size_t i = 0; i < INPUT && r >= 0; i++)
                        r = take(c, i);
                if (r >= 0 && !c->has_ended)
                        r = give(c);
        }
        return r;
}

static void end(Running *c) {
        uint64_t start_usec = monotonic_usec();

        (void)kill(c->pid, SIGKILL);
        while (!c->has_ended && monotonic_usec() - start_usec < KILLED_USEC) {
                look_for_end(c);
                (void)poll(NULL, 0, c->has_ended ? 0 : 1);
        }
}

static int explain(const Running *c, int r, Error *reterr) {
        const char *program = c->command->argv[0];
        char span[TIMESPAN_MAX];

        if (r == -ETIME)
                return error_set(reterr, r, "\"%s\" was ended: it was silent for %s", program,
                                 format_timespan(span, c->command->silence_usec));
        if (r == -EFBIG)
                return error_set(reterr, r,
                                 "\"%s\" was ended: it wrote more than %" PRIu64 " bytes", program,
                                 c->command->most);
        if (r < 0)
                return error_set(reterr, r, "\"%s\" was ended: what it was to read is gone: %s",
                                 program, strerror(-r));
        if (WIFSIGNALED(c->status))
                return error_set(reterr, -ECHILD, "\"%s\" was ended by a signal: %s", program,
                                 sigdescr_np(WTERMSIG(c->status)) ?: "an unknown one");
        return 0;
}

int command_run(const Command *command, int *ret_status, Error *reterr) {
        Running c = { .command = command, .fds = { -EBADF, -EBADF, -EBADF } };
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        int r;

        (void)fflush(stdout);
        c.last_usec = monotonic_usec();
        r = start(&c);
        if (r < 0)
                r = error_set(reterr, r, "\"%s\" cannot be run: %s", command->argv[0],
                              strerror(-r));
        else {
                (void)sigaction(SIGPIPE, &ignore, &before);
                r = attend(&c);
                (void)sigaction(SIGPIPE, &before, NULL);
                if (r < 0)
                        end(&c);
                r = explain(&c, r, reterr);
        }
        for (size_t i = 0; i < _PIPES; i++)
                closep(&c.fds[i]);
        if (r >= 0)
                *ret_status = WEXITSTATUS(c.status);
        return r;
}

void command_keep_text(void *userdata, int fd, const char *data, size_t size) {
        CommandText *kept = userdata;

        size = MIN(size, sizeof(kept->text) - 1 - kept->n);
        memcpy(kept->text + kept->n, data, size);
        kept->n += size;
        kept->text[kept->n] = '\0';
}

/* What a program wrote to standard error, and to standard output. */
typedef struct Complaint {
        CommandText errors, output;
} Complaint;

static void keep_complaint(void *userdata, int fd, const char *data, size_t size) {
        Complaint *said = userdata;

        command_keep_text(fd == STDERR_FILENO ? &said->errors : &said->output, fd, data, size);
}

int command_run_quietly(const char *const *argv, uint64_t silence_usec, Error *reterr) {
        Complaint said = { 0 };
        const Command command = {
                .argv = argv,
                .directory_fd = -EBADF,
                .on_output = keep_complaint,
                .userdata = &said,
                .silence_usec = silence_usec,
                .most = COMMAND_PASSED_MOST,
        };
        char *text;
        int r, status;

        r = command_run(&command, &status, reterr);
        if (r < 0)
                return r;
        if (status == 0)
                return 0;
        text = strstrip(said.errors.text);
        if (*text == '\0')
                text = strstrip(said.output.text);
        text[strcspn(text, "\n")] = '\0';
        return error_set(reterr, -EIO, "\"%s\" failed with exit status %d%s%s", argv[0], status,
                         *text ? ": " : "", text);
}
