/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service: what it does for its manager. */
#include "daemon/daemon-private.h"

#include "base/file-util.h"
#include "core/backoff.h"
#include "daemon/alert-files.h"
#include "daemon/journal.h"
#include "daemon/record.h"
#include "sys/log.h"

/* Changes are told at once if the last ones were long ago, and else together. */
#define CHANGES_USEC (250 * USEC_PER_MSEC)

/* The timer is for the moment at which it has been so for too long, and is off otherwise. */
static void step_alert(Daemon *d, const Status *status) {
        uint64_t after = d->settings.alert_after_usec, deadline;
        Protection told = d->alert.told;

        if (alert_step(&d->alert, protection_of(status), after, monotonic_usec()))
                alert_tell(d->root_fd, d->alert.told, status);
        else if (d->alert.told != told)
                alert_forget(d->root_fd);
        deadline = alert_deadline(&d->alert, after);
        if (deadline != USEC_INFINITY)
                (void)sd_event_source_set_time(d->alert_source, deadline);
        (void)sd_event_source_set_enabled(
                d->alert_source, deadline == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

void daemon_tell_changes(Daemon *d) {
        const Status *status = manager_status(&d->manager);
        char line[STATUS_TEXT_MAX];

        d->changes_told_usec = monotonic_usec();
        step_alert(d, status);
        status_line(status, line);
        if (!streq(line, d->status_line)) {
                strscpy(d->status_line, sizeof(d->status_line), line);
                (void)sd_notifyf(false, "STATUS=%s", line);
        }
        if (d->bus)
                bus_flush_changes(d->bus);
}

static void op_look(void *userdata, unsigned attributes, bool fingerprint, Facts *ret) {
        Daemon *d = userdata;

        facts_gather(d->root_fd, attributes, fingerprint, &d->reservation, ret);
        ret->calls = kexec_watch_count(d->calls);
}

static int op_start_job(void *userdata, const JobOrder *order) {
        Daemon *d = userdata;

        return job_runner_start(d->runner, order);
}

static void op_kill_job(void *userdata) {
        Daemon *d = userdata;

        if (backoff_tells(d->manager.guard.backoff.failures))
                journal_job_killed(d->manager.guard.job);
        job_runner_kill(d->runner);
}

static void op_job_stuck(void *userdata, Job job) {
        Daemon *d = userdata;

        journal_job_stuck(job);
        if (job == JOB_BUILD)
                job_runner_set_aside(d->runner);
}

static void op_save_record(void *userdata, const ImageRecord *record) {
        Daemon *d = userdata;
        /* A shallow copy: only the daemon knows how far it has read. */
        ImageRecord copy = *record;

        copy.log_seqnum = listener_log_seqnum(d->listener);
        (void)record_write(d->root_fd, &copy);
}

static void op_drop_record(void *userdata) {
        Daemon *d = userdata;

        (void)record_remove(d->root_fd);
}

static void op_decided(void *userdata, const Decision *decision) {
        Daemon *d = userdata;

        journal_decision(decision);
        if (d->bus)
                bus_decided(d->bus, decision);
}

static void op_built(void *userdata, BuildState state, const char *text) {
        journal_build(state == BUILD_FAILED, text);
}

static void op_too_little(void *userdata, const LoadReport *report) {
        journal_too_little(report);
}

static void op_answer(void *userdata, unsigned requests, Failure failure, const char *text) {
        Daemon *d = userdata;

        if (d->bus)
                bus_answer(d->bus, requests, failure, text);
}

void daemon_changed(Daemon *d) {
        int enabled;

        if (sd_event_source_get_enabled(d->changes_source, &enabled) < 0 || enabled != SD_EVENT_OFF)
                return;
        (void)sd_event_source_set_time(d->changes_source, d->changes_told_usec + CHANGES_USEC);
        (void)sd_event_source_set_enabled(d->changes_source, SD_EVENT_ONESHOT);
}

static void op_changed(void *userdata) {
        daemon_changed(userdata);
}

static void op_set_timer(void *userdata, uint64_t usec) {
        Daemon *d = userdata;

        if (usec == USEC_INFINITY) {
                (void)sd_event_source_set_enabled(d->timer_source, SD_EVENT_OFF);
                return;
        }
        (void)sd_event_source_set_time(d->timer_source, usec);
        (void)sd_event_source_set_enabled(d->timer_source, SD_EVENT_ONESHOT);
}

static void op_ready(void *userdata) {
        Daemon *d = userdata;

        daemon_tell_changes(d);
        (void)sd_notify(false, "READY=1");
}

static void op_quit(void *userdata) {
        Daemon *d = userdata;

        (void)sd_event_exit(d->event, 0);
}

const Ops daemon_ops = {
        .moment = facts_moment,
        .look = op_look,
        .start_job = op_start_job,
        .kill_job = op_kill_job,
        .job_stuck = op_job_stuck,
        .save_record = op_save_record,
        .drop_record = op_drop_record,
        .decided = op_decided,
        .built = op_built,
        .too_little = op_too_little,
        .answer = op_answer,
        .changed = op_changed,
        .set_timer = op_set_timer,
        .ready = op_ready,
        .quit = op_quit,
};
