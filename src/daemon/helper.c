/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load as a child process. */
#include "daemon/helper.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file-util.h"
#include "sys/log.h"
#include "sys/report-json.h"

/* One byte more than a report may have tells one that just fits from one that is too long. */
#define TEXT_SIZE (REPORT_JSON_LONGEST + 1)

/* Enough for all that a pipe holds; whoever writes without end does not get the whole loop. */
#define READS_AT_ONCE 32

struct Helper {
        sd_event *event;
        const char *program;
        const char *root;
        HelperEnded ended;
        void *userdata;

        HelperKind kind;
        pid_t pid;
        int output; /* the reading end of its standard output */
        sd_event_source *child_source, *output_source;
        char *text;
        size_t size;
};

int helper_new(sd_event *event, const char *program, const char *root, HelperEnded ended,
               void *userdata, Helper **ret) {
        Helper *h = calloc(1, sizeof(*h));

        if (!h)
                return -ENOMEM;
        *h = (Helper){
                .event = sd_event_ref(event),
                .program = program,
                .root = root,
                .ended = ended,
                .userdata = userdata,
                .output = -EBADF,
        };
        *ret = h;
        return 0;
}

static void helper_reset(Helper *h) {
        h->child_source = sd_event_source_disable_unref(h->child_source);
        h->output_source = sd_event_source_disable_unref(h->output_source);
        closep(&h->output);
        h->output = -EBADF;
        free(TAKE_PTR(h->text));
        h->size = 0;
        h->pid = 0;
}

Helper *helper_free(Helper *h) {
        if (!h)
                return NULL;
        /* A child that is loading goes on: it tears nothing apart by ending after us. */
        helper_reset(h);
        sd_event_unref(h->event);
        free(h);
        return NULL;
}

/* Reads what is there, and drops what is too much for a report: a child that is blocked on its
 * output would hang until it is killed. Returns 1 at the end of the output, 0 if there may be
 * more. */
static int drain(Helper *h) {
        char dropped[4096];

        for (unsigned i = 0; i < READS_AT_ONCE; i++) {
                size_t room = TEXT_SIZE - h->size;
                ssize_t n = read(h->output, room > 0 ? h->text + h->size : dropped,
                                 room > 0 ? room : sizeof(dropped));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : 1;
                if (n == 0)
                        return 1;
                if (room > 0)
                        h->size += (size_t)n;
        }
        return 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Helper *h = userdata;

        if (drain(h) > 0)
                (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static void describe_end(const siginfo_t *si, char **ret) {
        if (si->si_code == CLD_EXITED) {
                if (asprintf(ret, "kdump-load ended with status %d and without a report",
                             si->si_status) < 0)
                        *ret = NULL;
        } else if (asprintf(ret, "kdump-load was ended by signal %s",
                            sigabbrev_np(si->si_status) ?: "?") < 0)
                *ret = NULL;
}

static int on_exit_of_child(sd_event_source *source, const siginfo_t *si, void *userdata) {
        Helper *h = userdata;
        HelperKind kind = h->kind;
        LoadReport report = { 0 };
        int r;

        (void)drain(h);
        r = report_from_json(h->text, h->size, &report);
        if (r < 0 || si->si_code != CLD_EXITED) {
                load_report_done(&report);
                report.failure = FAILURE_CRASHED;
                describe_end(si, &report.message);
        } else if (si->si_status != 0 && report.failure == FAILURE_NONE) {
                /* It says that it worked and ends as if it had not: believe the worse. */
                report.failure = FAILURE_CRASHED;
                describe_end(si, &report.message);
        }
        log_debug("kdump-load[%d] ended: %s", (int)h->pid, failure_to_string(report.failure));
        helper_reset(h);
        h->ended(h->userdata, kind, &report);
        load_report_done(&report);
        return 0;
}

static int spawn_child(Helper *h, int output, pid_t *ret_pid) {
        static const char *const verbs[] = {
                [HELPER_PLAN] = "--dry-run",
                [HELPER_LOAD] = NULL,
                [HELPER_UNLOAD] = "--unload",
        };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        char *argv[5], *root = NULL;
        int n = 0, r;

        argv[n++] = (char *)h->program;
        argv[n++] = (char *)"--json";
        if (verbs[h->kind])
                argv[n++] = (char *)verbs[h->kind];
        if (h->root) {
                if (asprintf(&root, "--root=%s", h->root) < 0)
                        return -ENOMEM;
                argv[n++] = root;
        }
        argv[n] = NULL;

        (void)sigemptyset(&none);
        (void)sigfillset(&all);
        r = -posix_spawnattr_init(&attributes);
        if (r < 0)
                goto finish_root;
        r = -posix_spawn_file_actions_init(&actions);
        if (r < 0)
                goto finish_attributes;
        /* The event loop's blocked signals must not be inherited, nor must ignored ones. */
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setsigdefault(&attributes, &all);
        r = -posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r >= 0)
                r = -posix_spawn(ret_pid, h->program, &actions, &attributes, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
finish_attributes:
        (void)posix_spawnattr_destroy(&attributes);
finish_root:
        free(root);
        return r;
}

int helper_start(Helper *h, HelperKind kind) {
        _cleanup_close_ int output = -EBADF;
        int fds[2], r;

        if (h->pid > 0)
                return -EBUSY;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        h->output = fds[0];
        output = fds[1];
        h->kind = kind;
        h->text = malloc(TEXT_SIZE);
        r = h->text ? 0 : -ENOMEM;
        if (r >= 0 && fcntl(h->output, F_SETFL, O_NONBLOCK) < 0)
                r = -errno;
        if (r >= 0)
                r = sd_event_add_io(h->event, &h->output_source, h->output, EPOLLIN, on_output, h);
        if (r >= 0)
                r = spawn_child(h, output, &h->pid);
        if (r < 0) {
                helper_reset(h);
                return r;
        }
        r = sd_event_add_child(h->event, &h->child_source, h->pid, WEXITED, on_exit_of_child, h);
        if (r < 0) {
                /* Nobody would ever hear of its end. */
                (void)kill(h->pid, SIGKILL);
                (void)waitpid(h->pid, NULL, 0);
                helper_reset(h);
                return r;
        }
        return 0;
}

void helper_kill(Helper *h) {
        if (h->pid > 0)
                (void)kill(h->pid, SIGKILL);
}
