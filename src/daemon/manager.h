/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager: hands inputs to the guard and carries out what it answers, through a table
 * of operations. It knows nothing about kdump; the guard knows nothing about the world. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/configuration.h"
#include "daemon/guard.h"
#include "daemon/status.h"

/* Everything the manager does to the world. Tests put fakes here; each gets the userdata of
 * manager_init(). */
typedef struct Ops {
        /* The clocks and the dice. */
        void (*moment)(void *userdata, Moment *ret);

        /* Gathers facts: crash_hotplug of the subsystems in attributes, and the fingerprint if
         * asked for. */
        void (*look)(void *userdata, unsigned attributes, bool fingerprint, Facts *ret);

        /* Starts a job. Its end is told by manager_job_ended(), once, and never from within this
         * call. Returns 0, or negative errno if it could not be started. */
        int (*start_job)(void *userdata, const JobOrder *order);
        void (*kill_job)(void *userdata);

        /* It was killed and has not ended. After a JOB_BUILD others are to be started beside it,
         * and its end is manager_input(INPUT_UNSTUCK). */
        void (*job_stuck)(void *userdata, Job job);

        void (*save_record)(void *userdata, const ImageRecord *record);
        void (*drop_record)(void *userdata);

        void (*decided)(void *userdata, const Decision *decision);
        void (*built)(void *userdata, BuildState state, const char *text);
        void (*too_little)(void *userdata, const LoadReport *report);
        void (*answer)(void *userdata, unsigned requests, Failure failure, const char *text);

        /* The guard may be in another state than before; what it is, manager_status() tells. */
        void (*changed)(void *userdata);

        /* Wants manager_input(INPUT_TIMER) once at that monotonic time; USEC_INFINITY: never. */
        void (*set_timer)(void *userdata, uint64_t usec);

        void (*ready)(void *userdata);
        void (*quit)(void *userdata);
} Ops;

typedef struct Manager {
        const Ops *ops;
        void *userdata;
        Guard guard;
        Aftermath aftermath; /* whoever changes this or the next calls ops->changed() */
        Configuration configuration;
        Status status;
        uint64_t timer_usec;
} Manager;

/* Sets up a manager; ops, userdata and settings must outlive it. architecture is uname's
 * machine. */
void manager_init(Manager *m, const Ops *ops, void *userdata, const Settings *settings,
                  const char *architecture);
void manager_done(Manager *m);

/* Hands in one input and carries out everything that follows from it. */
void manager_input(Manager *m, Input *input);

/* The job that start_job() started has ended. What is of use in the report is taken. */
void manager_job_ended(Manager *m, JobReport *report);

/* The status as it is now; valid until the next call of any of these functions. */
const Status *manager_status(Manager *m);
