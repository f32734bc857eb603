/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child process whose output the event loop reads, up to a limit, and whose end is awaited. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "base/macro.h"

typedef struct Child Child;

typedef struct ChildSetup {
        const char *const *argv; /* ended by NULL; the first is the path of the program */
        /* Instead of a program: runs in a fork of this process that has nothing open but its
         * standard streams, and is given userdata. It does not depend on the disk that the program
         * lies on. */
        void (*function)(void *userdata);
        bool takes_errors; /* standard error is read as well */
        size_t most;       /* bytes of output that are kept; the rest is dropped */
        /* Told when it has ended, with what it wrote: size bytes and a NUL behind them, to be used
         * and changed until this returns. It frees the child, and may start another one. */
        void (*ended)(void *userdata, const siginfo_t *si, char *text, size_t size);
        void *userdata;
} ChildSetup;

/* Starts it with no signals blocked or ignored. SIGCHLD must be blocked here. Returns 0 or negative
 * errno. */
int child_start(sd_event *event, const ChildSetup *setup, Child **ret) _must_check_;

pid_t child_pid(const Child *child);

/* Kills it. Its end is still told. */
void child_kill(Child *child);

/* Waits for its end, for a time. Returns whether that came; then it was told. */
bool child_await(Child *child, unsigned msec);

/* Has its end told like this instead. */
void child_tell_other(Child *child,
                      void (*ended)(void *userdata, const siginfo_t *si, char *text, size_t size),
                      void *userdata);

/* Forgets it; one that runs goes on. Returns NULL. */
Child *child_free(Child *child);
DEFINE_CLEANUP(Child *, child_free);
