/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A world for the shipped manager: a table of operations over a fake kernel, a clock that stands
 * until it is moved, and a job that ends when it is told to. */
#pragma once

#include <check.h>

#include "daemon/manager.h"

typedef struct FakeWorld {
        Manager manager;
        Settings settings;

        uint64_t now_usec;
        uint64_t timer_usec;
        Facts kernel; /* what a look finds; answers as if all were asked */

        /* The job. */
        bool running;
        JobOrder order;
        int start_error; /* what the next starts fail with, 0: they work */
        unsigned n_started[_JOB_MAX];
        uint64_t job_mtime;    /* of the kernel file that its reports tell */
        const char *job_error; /* what it says when it fails */

        /* What was done. */
        unsigned n_looks, n_kills, n_saved, n_dropped, n_changed, n_timers, n_ready, n_quit;
        unsigned n_decisions, n_answers, n_built;
        BuildState build_state;
        unsigned attributes_read; /* how many attributes, over all looks */
        bool record_kept, record_must_reload;
        Decision decision; /* the last one */
        unsigned answered; /* REQUEST_BIT()s, of the last answer */
        Failure failure;   /* of the last answer */
        char text[DECISION_DETAILS_MAX];

        /* For who wants to hear of them. */
        void *userdata;
        void (*on_decided)(void *userdata, const Decision *decision);
        void (*on_answer)(void *userdata, unsigned requests, Failure failure, const char *text);
} FakeWorld;

/* A machine of x86_64 with a reservation, nothing loaded, and a kernel that updates no image. */
void fake_world_init(FakeWorld *w);
void fake_world_done(FakeWorld *w);

/* Where nothing is loaded when a job has failed, it is looked at twice. */
#define WORLD_SECOND_LOOK_USEC (100 * USEC_PER_MSEC)

/* Starts it and lets the first load end well. */
void fake_world_arm(FakeWorld *w);

/* Ends the job that is running. FAILURE_NONE does to the kernel what it was started for. */
void fake_world_job_ends(FakeWorld *w, Failure failure);

/* The same for one that builds. error is what it says when it fails, NULL: it works. */
void fake_world_build_ends(FakeWorld *w, const char *error);

/* Lets time pass, with the timer going off at each of its times. */
void fake_world_pass(FakeWorld *w, uint64_t usec);

void fake_world_input(FakeWorld *w, InputType type);
void fake_world_request(FakeWorld *w, Request request);
void fake_world_uevent(FakeWorld *w, Subsystem subsystem, HotplugAction action);

/* Makes crash_hotplug read so for both subsystems. */
void fake_world_answers(FakeWorld *w, HotplugAnswer answer);
