/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load and kdump-mkinitramfs as child processes. */
#include "daemon/job-runner.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/child.h"
#include "sys/build-report-json.h"
#include "sys/log.h"
#include "sys/report-json.h"

/* One byte more than a report may have tells one that just fits from one that is too long. */
#define TEXT_SIZE (REPORT_JSON_LONGEST + 1)

struct JobRunner {
        sd_event *event;
        JobRunnerSetup setup;

        Job job;
        Child *child; /* NULL if none is running */
        Child *aside; /* that did not end although it was killed */
};

/* What a program is told besides --json. */
static const char *job_option(const JobOrder *order) {
        switch (order->job) {
        case JOB_PLAN:
                return "--dry-run";
        case JOB_UNLOAD:
                return "--unload";
        case JOB_BUILD:
                return order->force ? NULL : "--if-needed";
        default:
                return NULL;
        }
}

int job_runner_new(sd_event *event, const JobRunnerSetup *setup, JobRunner **ret) {
        JobRunner *runner = calloc(1, sizeof(*runner));

        if (!runner)
                return -ENOMEM;
        *runner = (JobRunner){ .event = sd_event_ref(event), .setup = *setup };
        *ret = runner;
        return 0;
}

JobRunner *job_runner_free(JobRunner *runner) {
        if (!runner)
                return NULL;
        /* A child that is loading goes on: it tears nothing apart by ending after us. */
        child_free(runner->child);
        child_free(runner->aside);
        sd_event_unref(runner->event);
        free(runner);
        return NULL;
}

static void describe_end(Job job, const siginfo_t *si, char **ret) {
        const char *name = job_program(job);

        if (si->si_code == CLD_EXITED) {
                if (asprintf(ret, "%s ended with status %d and without a report", name,
                             si->si_status) < 0)
                        *ret = NULL;
        } else if (asprintf(ret, "%s was ended by signal %s", name,
                            sigabbrev_np(si->si_status) ?: "?") < 0)
                *ret = NULL;
}

static void load_ended(JobRunner *runner, const siginfo_t *si, const char *text, size_t size) {
        JobReport ended = { .job = runner->job };
        LoadReport *report = &ended.load;
        int r;

        r = report_from_json(text, size, report);
        if (r < 0 || si->si_code != CLD_EXITED) {
                load_report_done(report);
                report->failure = FAILURE_CRASHED;
                describe_end(ended.job, si, &report->message);
        } else if (si->si_status != 0 && report->failure == FAILURE_NONE) {
                /* It says that it worked and ends as if it had not: believe the worse. */
                report->failure = FAILURE_CRASHED;
                describe_end(ended.job, si, &report->message);
        }
        log_debug("kdump-load ended: %s", failure_to_string(report->failure));
        runner->setup.ended(runner->setup.userdata, &ended);
        job_report_done(&ended);
}

/* Both its outputs go into one pipe: what counts is what it said last. */
static char *last_line(char *text) {
        char *line = strstrip(text);

        return strrchr(line, '\n') ? strrchr(line, '\n') + 1 : line;
}

static char *sentence(char *line) {
        const char *prefix = "kdump-mkinitramfs: ";

        utf8_mend(line);
        return *line ? strdup(startswith(line, prefix) ?: line) : NULL;
}

static void build_ended(JobRunner *runner, const siginfo_t *si, char *text) {
        char *line = last_line(text);
        bool ended_well = si->si_code == CLD_EXITED && si->si_status == 0;
        JobReport ended = { .job = JOB_BUILD };
        BuildReport *report = &ended.build;

        if (build_report_from_json(line, strlen(line), report) < 0 ||
            report->failed == ended_well) {
                build_report_done(report);
                *report = (BuildReport){ .failed = true };
                if (si->si_code == CLD_EXITED)
                        report->message = sentence(line);
                if (!report->message)
                        describe_end(JOB_BUILD, si, &report->message);
        }
        log_debug("kdump-mkinitramfs ended: %s", report->failed  ? "failed"
                                                 : report->built ? "built"
                                                                 : "fresh");
        runner->setup.ended(runner->setup.userdata, &ended);
        job_report_done(&ended);
}

static void on_ended(void *userdata, const siginfo_t *si, char *text, size_t size) {
        JobRunner *runner = userdata;

        /* Whoever hears of the end may start the next one. */
        runner->child = child_free(runner->child);
        if (runner->job == JOB_BUILD)
                build_ended(runner, si, text);
        else
                load_ended(runner, si, text, size);
}

/* An image is loaded already. What cannot be lowered stays as it is. */
static void lower_priority(pid_t pid) {
        if (setpriority(PRIO_PROCESS, (id_t)pid, 19) < 0 ||
            syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
                    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) < 0)
                log_debug("Cannot lower the priority of %s, ignoring: %s", job_program(JOB_BUILD),
                          strerrordesc_np(errno));
}

int job_runner_start(JobRunner *runner, const JobOrder *order) {
        bool builds = order->job == JOB_BUILD;
        const char *option = job_option(order);
        _cleanup_free_ char *root = NULL;
        const char *argv[5];
        const ChildSetup setup = {
                .argv = argv,
                /* Its report is on standard output if it worked; else it has said why. */
                .takes_errors = builds,
                .most = TEXT_SIZE,
                .ended = on_ended,
                .userdata = runner,
        };
        int n = 0, r;

        if (runner->child)
                return -EBUSY;
        argv[n++] = builds ? runner->setup.mkinitramfs : runner->setup.load;
        argv[n++] = "--json";
        if (option)
                argv[n++] = option;
        if (runner->setup.root) {
                if (asprintf(&root, "--root=%s", runner->setup.root) < 0) {
                        root = NULL;
                        return -ENOMEM;
                }
                argv[n++] = root;
        }
        argv[n] = NULL;
        runner->job = order->job;
        r = child_start(runner->event, &setup, &runner->child);
        if (r >= 0 && builds && !order->urgent)
                lower_priority(child_pid(runner->child));
        return r;
}

void job_runner_kill(JobRunner *runner) {
        if (runner->child)
                child_kill(runner->child);
}

static void on_aside_ended(void *userdata, const siginfo_t *si, char *text, size_t size) {
        JobRunner *runner = userdata;

        runner->aside = child_free(runner->aside);
        runner->setup.aside_ended(runner->setup.userdata);
}

void job_runner_set_aside(JobRunner *runner) {
        if (!runner->child || runner->aside)
                return;
        child_tell_other(runner->child, on_aside_ended, runner);
        runner->aside = TAKE_PTR(runner->child);
}
