/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load and kdump-mkinitramfs, as services or child processes. */
#include "daemon/job-runner.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/child.h"
#include "daemon/remote.h"
#include "sys/build-report-json.h"
#include "sys/log.h"
#include "sys/report-json.h"

/* One byte more than a report may have tells one that just fits from one that is too long. */
#define TEXT_SIZE (REPORT_JSON_LONGEST + 1)

/* One that runs: either of the two, or neither. */
typedef struct Run {
        Child *child;
        Remote *remote;
} Run;

struct JobRunner {
        sd_event *event;
        JobRunnerSetup setup;

        Job job;
        Remote *loader; /* whose connection is kept */
        Run run;
        Run aside; /* a build that did not end although it was killed */
        void (*idle)(void *userdata);
};

/* How it ended. */
typedef struct End {
        int error; /* see RemoteEnd */
        const siginfo_t *si;
        char *text;
        size_t size;
} End;

static bool runs(const Run *run) {
        return run->child || run->remote;
}

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

/* The loader's connection is for the next load, too. */
static void run_done(JobRunner *runner, Run *run) {
        run->child = child_free(run->child);
        if (run->remote != runner->loader)
                remote_free(run->remote);
        run->remote = NULL;
}

JobRunner *job_runner_free(JobRunner *runner) {
        if (!runner)
                return NULL;
        /* One that is loading goes on: it tears nothing apart by ending after us. */
        run_done(runner, &runner->run);
        run_done(runner, &runner->aside);
        remote_free(runner->loader);
        sd_event_unref(runner->event);
        free(runner);
        return NULL;
}

static bool ended_by_itself(const End *end) {
        return end->error >= 0 && end->si->si_code == CLD_EXITED;
}

static void describe_end(Job job, const End *end, char **ret) {
        const char *name = job_program(job), *service = job == JOB_BUILD ? "build" : "load";
        int n;

        if (end->error == -ECONNRESET)
                n = asprintf(ret,
                             "kdumpd-%s@.service ended before it answered: see 'journalctl -u "
                             "kdumpd-%s@*'",
                             service, service);
        else if (end->error < 0)
                n = asprintf(ret, "kdumpd-%s@.service did not start %s: %s", service, name,
                             strerrordesc_np(-end->error));
        else if (end->si->si_code == CLD_EXITED)
                n = asprintf(ret, "%s ended with status %d and without a report", name,
                             end->si->si_status);
        else
                n = asprintf(ret, "%s was ended by signal %s", name,
                             sigabbrev_np(end->si->si_status) ?: "?");
        if (n < 0)
                *ret = NULL;
}

static void load_ended(JobRunner *runner, const End *end) {
        JobReport ended = { .job = runner->job };
        LoadReport *report = &ended.load;
        int r;

        r = report_from_json(end->text, end->size, report);
        /* If it says that it worked and ends as if it had not: believe the worse. */
        if (r < 0 || !ended_by_itself(end) ||
            (end->si->si_status != 0 && report->failure == FAILURE_NONE)) {
                load_report_done(report);
                report->failure = FAILURE_CRASHED;
                describe_end(ended.job, end, &report->message);
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

static void build_ended(JobRunner *runner, const End *end) {
        char *line = last_line(end->text);
        bool ended_well = ended_by_itself(end) && end->si->si_status == 0;
        JobReport ended = { .job = JOB_BUILD };
        BuildReport *report = &ended.build;

        if (build_report_from_json(line, strlen(line), report) < 0 ||
            report->failed == ended_well) {
                build_report_done(report);
                *report = (BuildReport){ .failed = true };
                if (ended_by_itself(end))
                        report->message = sentence(line);
                if (!report->message)
                        describe_end(JOB_BUILD, end, &report->message);
        }
        log_debug("kdump-mkinitramfs ended: %s", report->failed  ? "failed"
                                                 : report->built ? "built"
                                                                 : "fresh");
        runner->setup.ended(runner->setup.userdata, &ended);
        job_report_done(&ended);
}

static void on_end(JobRunner *runner, const End *end) {
        /* Whoever hears of the end may start the next one. */
        run_done(runner, &runner->run);
        if (runner->job == JOB_BUILD)
                build_ended(runner, end);
        else
                load_ended(runner, end);
}

static void on_child_ended(void *userdata, const siginfo_t *si, char *text, size_t size) {
        on_end(userdata, &(End){ .si = si, .text = text, .size = size });
}

static void on_remote_ended(void *userdata, RemoteEnd *end) {
        on_end(userdata,
               &(End){ .error = end->error, .si = &end->si, .text = end->text, .size = end->size });
}

/* An image is loaded already. What cannot be lowered stays as it is. */
static void lower_priority(pid_t pid) {
        if (setpriority(PRIO_PROCESS, (id_t)pid, 19) < 0 ||
            syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
                    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) < 0)
                log_debug("Cannot lower the priority of %s, ignoring: %s", job_program(JOB_BUILD),
                          strerrordesc_np(errno));
}

/* What a service is asked. */
static JobVerb job_verb(const JobOrder *order) {
        switch (order->job) {
        case JOB_PLAN:
                return JOB_VERB_PLAN;
        case JOB_UNLOAD:
                return JOB_VERB_UNLOAD;
        case JOB_BUILD:
                return order->force ? JOB_VERB_REBUILD : JOB_VERB_BUILD;
        default:
                return JOB_VERB_LOAD;
        }
}

static int start_remote(JobRunner *runner, const JobOrder *order) {
        const RemoteCall call = { .verb = job_verb(order),
                                  .flags = order->job != JOB_BUILD || order->urgent
                                                   ? JOB_FLAG_URGENT
                                                   : 0,
                                  .most = TEXT_SIZE,
                                  .ended = on_remote_ended,
                                  .userdata = runner };
        _cleanup_(remote_freep) Remote *builder = NULL;
        Remote **remote = order->job == JOB_BUILD ? &builder : &runner->loader;
        int r = 0;

        if (!*remote)
                r = remote_new(runner->event,
                               order->job == JOB_BUILD ? runner->setup.build_service
                                                       : runner->setup.load_service,
                               remote);
        if (r >= 0)
                r = remote_start(*remote, &call);
        if (r < 0)
                return r;
        runner->run.remote = *remote;
        builder = NULL;
        return 0;
}

static int start_child(JobRunner *runner, const JobOrder *order) {
        bool builds = order->job == JOB_BUILD;
        const char *option = job_option(order);
        _cleanup_free_ char *root = NULL;
        const char *argv[5];
        const ChildSetup setup = {
                .argv = argv,
                /* Its report is on standard output if it worked; else it has said why. */
                .takes_errors = builds,
                .most = TEXT_SIZE,
                .ended = on_child_ended,
                .userdata = runner,
        };
        int n = 0, r;

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
        r = child_start(runner->event, &setup, &runner->run.child);
        if (r >= 0 && builds && !order->urgent)
                lower_priority(child_pid(runner->run.child));
        return r;
}

int job_runner_start(JobRunner *runner, const JobOrder *order) {
        const char *service =
                order->job == JOB_BUILD ? runner->setup.build_service : runner->setup.load_service;

        if (runs(&runner->run))
                return -EBUSY;
        runner->job = order->job;
        return service ? start_remote(runner, order) : start_child(runner, order);
}

static void on_idle(void *userdata, RemoteEnd *end) {
        JobRunner *runner = userdata;

        if (end->error < 0)
                log_warning("Cannot wait for a load that may be running: %s",
                            strerrordesc_np(-end->error));
        runner->idle(runner->setup.userdata);
}

void job_runner_await_idle(JobRunner *runner, void (*idle)(void *userdata)) {
        const RemoteCall call = { .verb = JOB_VERB_AWAIT,
                                  .flags = JOB_FLAG_URGENT,
                                  .ended = on_idle,
                                  .userdata = runner };
        int r = -EOPNOTSUPP;

        runner->idle = idle;
        if (runner->setup.load_service) {
                r = remote_new(runner->event, runner->setup.load_service, &runner->loader);
                if (r >= 0)
                        r = remote_start(runner->loader, &call);
                if (r < 0)
                        log_warning("Cannot connect to %s: %s: is kdumpd-load.socket active?",
                                    runner->setup.load_service, strerrordesc_np(-r));
        }
        if (r < 0)
                idle(runner->setup.userdata);
}

void job_runner_kill(JobRunner *runner) {
        if (runner->run.child)
                child_kill(runner->run.child);
        if (runner->run.remote)
                remote_kill(runner->run.remote);
}

static void aside_ended(JobRunner *runner) {
        run_done(runner, &runner->aside);
        runner->setup.aside_ended(runner->setup.userdata);
}

static void on_aside_child_ended(void *userdata, const siginfo_t *si, char *text, size_t size) {
        aside_ended(userdata);
}

static void on_aside_remote_ended(void *userdata, RemoteEnd *end) {
        aside_ended(userdata);
}

void job_runner_set_aside(JobRunner *runner) {
        if (!runs(&runner->run) || runs(&runner->aside))
                return;
        if (runner->run.child)
                child_tell_other(runner->run.child, on_aside_child_ended, runner);
        else
                remote_tell_other(runner->run.remote, on_aside_remote_ended, runner);
        runner->aside = runner->run;
        runner->run = (Run){ 0 };
}
