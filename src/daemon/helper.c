/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load and kdump-mkinitramfs as child processes. */
#include "daemon/helper.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file-util.h"
#include "sys/build-report-json.h"
#include "sys/log.h"
#include "sys/report-json.h"

/* One byte more than a report may have tells one that just fits from one that is too long. */
#define TEXT_SIZE (REPORT_JSON_LONGEST + 1)

/* Enough for all that a pipe holds; whoever writes without end does not get the whole loop. */
#define READS_AT_ONCE 32

struct Helper {
        sd_event *event;
        HelperSetup setup;

        HelperKind kind;
        pid_t pid;
        int output; /* the reading end of its standard output */
        sd_event_source *child_source, *output_source;
        char *text;
        size_t size;
};

/* By kind: which program, whether it can wait, and what it is told besides --json. */
static const struct {
        bool builds, can_wait;
        const char *option;
} kinds[_HELPER_KIND_MAX] = {
        [HELPER_PLAN] = { .option = "--dry-run" },
        [HELPER_LOAD] = { .option = NULL },
        [HELPER_UNLOAD] = { .option = "--unload" },
        [HELPER_BUILD] = { .builds = true, .can_wait = true, .option = "--if-needed" },
        [HELPER_BUILD_URGENTLY] = { .builds = true, .option = "--if-needed" },
        [HELPER_REBUILD] = { .builds = true, .can_wait = true },
};

static const char *program_name(HelperKind kind) {
        return kinds[kind].builds ? "kdump-mkinitramfs" : "kdump-load";
}

int helper_new(sd_event *event, const HelperSetup *setup, Helper **ret) {
        Helper *h = calloc(1, sizeof(*h));

        if (!h)
                return -ENOMEM;
        *h = (Helper){ .event = sd_event_ref(event), .setup = *setup, .output = -EBADF };
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

static void describe_end(HelperKind kind, const siginfo_t *si, char **ret) {
        const char *name = program_name(kind);

        if (si->si_code == CLD_EXITED) {
                if (asprintf(ret, "%s ended with status %d and without a report", name,
                             si->si_status) < 0)
                        *ret = NULL;
        } else if (asprintf(ret, "%s was ended by signal %s", name,
                            sigabbrev_np(si->si_status) ?: "?") < 0)
                *ret = NULL;
}

static void load_ended(Helper *h, const siginfo_t *si, const char *text, size_t size) {
        LoadReport report = { 0 };
        HelperKind kind = h->kind;
        int r;

        r = report_from_json(text, size, &report);
        if (r < 0 || si->si_code != CLD_EXITED) {
                load_report_done(&report);
                report.failure = FAILURE_CRASHED;
                describe_end(kind, si, &report.message);
        } else if (si->si_status != 0 && report.failure == FAILURE_NONE) {
                /* It says that it worked and ends as if it had not: believe the worse. */
                report.failure = FAILURE_CRASHED;
                describe_end(kind, si, &report.message);
        }
        log_debug("kdump-load ended: %s", failure_to_string(report.failure));
        h->setup.ended(h->setup.userdata, kind, &report);
        load_report_done(&report);
}

/* Both its outputs go into one pipe: what counts is what it said last. */
static char *last_line(char *text, size_t size) {
        char *line;

        text[size] = '\0';
        line = strstrip(text);
        return strrchr(line, '\n') ? strrchr(line, '\n') + 1 : line;
}

static char *sentence(char *line) {
        const char *prefix = "kdump-mkinitramfs: ";

        utf8_mend(line);
        return *line ? strdup(startswith(line, prefix) ?: line) : NULL;
}

static void build_ended(Helper *h, const siginfo_t *si, char *text, size_t size) {
        char *line = last_line(text, size);
        BuildReport report = { 0 };

        if (si->si_code != CLD_EXITED || si->si_status != 0 ||
            build_report_from_json(line, strlen(line), &report) < 0) {
                report.failed = true;
                if (si->si_code == CLD_EXITED)
                        report.message = sentence(line);
                if (!report.message)
                        describe_end(h->kind, si, &report.message);
        }
        log_debug("kdump-mkinitramfs ended: %s", report.failed  ? "failed"
                                                 : report.built ? "built"
                                                                : "fresh");
        h->setup.build_ended(h->setup.userdata, &report);
        build_report_done(&report);
}

static int on_exit_of_child(sd_event_source *source, const siginfo_t *si, void *userdata) {
        Helper *h = userdata;
        _cleanup_free_ char *text = NULL;
        size_t size;

        (void)drain(h);
        text = TAKE_PTR(h->text);
        size = h->size;
        /* Whoever hears of the end may start the next one. */
        helper_reset(h);
        if (kinds[h->kind].builds)
                build_ended(h, si, text, size);
        else
                load_ended(h, si, text, size);
        return 0;
}

/* An image is loaded already. What cannot be lowered stays as it is. */
static void lower_priority(pid_t pid) {
        if (setpriority(PRIO_PROCESS, (id_t)pid, 19) < 0 ||
            syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
                    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) < 0)
                log_debug("Cannot lower the priority of %s, ignoring: %s", "kdump-mkinitramfs",
                          strerrordesc_np(errno));
}

static int spawn_child(Helper *h, int output, pid_t *ret_pid) {
        bool builds = kinds[h->kind].builds;
        const char *program = builds ? h->setup.mkinitramfs : h->setup.load;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        char *argv[5], *root = NULL;
        int n = 0, r;

        argv[n++] = (char *)program;
        argv[n++] = (char *)"--json";
        if (kinds[h->kind].option)
                argv[n++] = (char *)kinds[h->kind].option;
        if (h->setup.root) {
                if (asprintf(&root, "--root=%s", h->setup.root) < 0)
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
        /* Its report is on standard output if it worked; else it has said why. */
        if (r >= 0 && builds)
                r = -posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
        if (r >= 0)
                r = -posix_spawn(ret_pid, program, &actions, &attributes, argv, environ);
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
        h->text = malloc(TEXT_SIZE + 1);
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
        if (kinds[kind].can_wait)
                lower_priority(h->pid);
        return 0;
}

void helper_kill(Helper *h) {
        if (h->pid > 0)
                (void)kill(h->pid, SIGKILL);
}
