/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that a service does for kdumpd, or a program that it starts where there is no such service.
 * What takes too long is killed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/macro.h"
#include "core/job-packet.h"

typedef struct Task Task;

typedef struct TaskSetup {
        const char *service;     /* the path of its socket, or NULL */
        JobVerb verb;            /* what it is asked for */
        const char *const *argv; /* the program else, ended by NULL */
        size_t most;             /* bytes of output that are kept; the rest is dropped */
        uint64_t patience_usec;  /* how long it may take */
        /* Told when it was killed, which it may survive for as long as it hangs in the kernel. */
        void (*late)(void *userdata);
        /* Told when it has ended, not from within task_start(), with what it printed: size bytes
         * and a NUL behind them, to be used and changed until this returns. It may start again. */
        void (*ended)(void *userdata, char *text, size_t size);
        void *userdata;
} TaskSetup;

/* What setup points to must stay valid. Returns 0 or -ENOMEM. */
int task_new(sd_event *event, const TaskSetup *setup, Task **ret) _must_check_;

/* One that runs is killed. Returns NULL. */
Task *task_free(Task *task);

bool task_is_running(const Task *task);

/* flags: JOB_FLAG_*, for the service. Returns 0; -EBUSY if it runs; -ENOENT or -ECONNREFUSED if the
 * service is not there, or another negative errno. */
int task_start(Task *task, uint32_t flags) _must_check_;
