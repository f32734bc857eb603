/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service that works for kdumpd, and may what kdumpd may not: the caller's side of
 * core/job-packet.h, in the event loop. The connection is kept, so that neither systemd nor
 * starting a program comes between an event and what is done about it. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/macro.h"
#include "core/job-packet.h"

#define REMOTE_FDS_MOST 2u

typedef struct Remote Remote;

/* How a job has ended. */
typedef struct RemoteEnd {
        int error;    /* 0: by itself, see si; -ECONNRESET: the service went away before; other
                       * negative errno: it did not begin the job */
        siginfo_t si; /* si_code, si_status */
        char *text;   /* what it printed: size bytes and a NUL behind them, to be changed at will */
        size_t size;
        int fds[REMOTE_FDS_MOST]; /* that came with it, -EBADF for none; whoever keeps one sets it
                                   * to -EBADF */
} RemoteEnd;

typedef struct RemoteCall {
        JobVerb verb;
        uint32_t flags; /* JOB_FLAG_* */
        size_t most;    /* bytes of text that are kept; the rest is dropped */
        /* Told when the job has ended, not from within remote_start(). It may start another one,
         * and may free the remote. */
        void (*ended)(void *userdata, RemoteEnd *end);
        void *userdata;
} RemoteCall;

/* Whether what serves at that socket is to be asked, instead of doing the same here: where there is
 * such a socket, and by all who are not root. Not for a system below another root, NULL or "" for
 * none. */
bool remote_serves(const char *root, const char *path);

/* path: of the socket, which must stay valid. Nothing is connected yet. Returns 0 or -ENOMEM. */
int remote_new(sd_event *event, const char *path, Remote **ret) _must_check_;

/* Closes the connection; whether a job that runs goes on is the service's to know. Returns NULL. */
Remote *remote_free(Remote *remote);
DEFINE_CLEANUP(Remote *, remote_free);

/* Connects if need be, and asks for a job. Never blocks. Returns 0; -EBUSY if one runs; -ENOENT or
 * -ECONNREFUSED if nobody listens, or another negative errno. */
int remote_start(Remote *remote, const RemoteCall *call) _must_check_;

/* Has the job killed. Its end is still told. */
void remote_kill(Remote *remote);

/* Has its end told like this instead. */
void remote_tell_other(Remote *remote, void (*ended)(void *userdata, RemoteEnd *end),
                       void *userdata);
