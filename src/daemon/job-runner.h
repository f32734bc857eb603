/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load and kdump-mkinitramfs, which services run, or kdumpd as child processes: started,
 * their report read, their end awaited, killed if need be. One at a time, beside one that cannot be
 * killed. */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/manager.h"

typedef struct JobRunner JobRunner;

typedef struct JobRunnerSetup {
        const char *load, *mkinitramfs; /* paths of the programs */
        const char *root;               /* the --root= that they get, or NULL */
        /* Paths of the sockets of the services that are asked instead, or NULL. */
        const char *load_service, *build_service;
        /* Told when a child has ended. Takes the contents of the report. */
        void (*ended)(void *userdata, JobReport *report);
        /* The one of job_runner_set_aside(), when it ends after all. */
        void (*aside_ended)(void *userdata);
        void *userdata;
} JobRunnerSetup;

/* What setup points to must stay valid. SIGCHLD must be blocked. Returns 0 or -ENOMEM. */
int job_runner_new(sd_event *event, const JobRunnerSetup *setup, JobRunner **ret) _must_check_;
JobRunner *job_runner_free(JobRunner *runner);
DEFINE_CLEANUP(JobRunner *, job_runner_free);

/* Has idle called when no load or unload runs any more, of which one may have outlived another
 * kdumpd; or at once, from within this call, if there is no service that could say so. */
void job_runner_await_idle(JobRunner *runner, void (*idle)(void *userdata));

/* Starts the child, a build that is not urgent with low priority. Returns 0; -EBUSY if one is
 * running, or another negative errno. */
int job_runner_start(JobRunner *runner, const JobOrder *order) _must_check_;

/* Kills the child, if there is one. Its end is still told. */
void job_runner_kill(JobRunner *runner);

/* A child that cannot be killed makes room for others. What it reports is nobody's any more. */
void job_runner_set_aside(JobRunner *runner);
