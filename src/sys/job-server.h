/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The side of core/job-packet.h that does the work: the main loop of a service that a socket unit
 * with Accept=yes starts, one for each connection. It reads no file and holds nothing between two
 * requests: each is carried out by a fork, with an address space of its own, which is quicker than
 * starting a program and can be killed. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "core/job-packet.h"

typedef struct JobServer {
        const char *name; /* of the program, for its log */
        unsigned verbs;   /* 1 << JobVerb, of all that it takes, but for JOB_VERB_CANCEL */
        /* A job ends with the connection. If not, it goes on and the service ends after it. */
        bool ends_with_caller;
        /* Standard error is a part of the answer. */
        bool takes_errors;
        /* Carries out a request in the fork, where standard output is the answer. Returns the exit
         * status. */
        int (*run)(void *userdata, const JobRequest *request);
        /* Called once, not in a fork, when the caller has gone or SIGTERM has come, if anything was
         * asked for before; or NULL. It may hang. */
        void (*closed)(void *userdata);
        void *userdata;
} JobServer;

/* Serves the connection that systemd has passed (sd_listen_fds(3): descriptor 3 of one) until the
 * caller closes it, or SIGTERM comes. The caller has to be root or to own the socket. Returns the
 * exit status of the process. */
int job_server_main(const JobServer *server);

/* The same for a descriptor, which is taken. peer_is_checked: by whoever made it, as in tests. */
int job_server_run(const JobServer *server, int fd, bool peer_is_checked);

#define JOB_FDS_MOST 2u

/* For a service that is there to hand out descriptors, which it keeps: takes one request of that
 * verb on the connection that systemd has passed, and has run() carry it out in this process. What
 * that returns is told as an exit status: 0 with all of fds, others with *ret_text, which is
 * static. Returns the exit status of the process. */
int job_server_hand_out(const char *name, JobVerb verb,
                        int (*run)(int fds[static JOB_FDS_MOST], const char **ret_text));

/* For a run(): kills this process that many microseconds from now, whatever it does then (but for a
 * hang in the kernel). UINT64_MAX: never. Returns 0 or negative errno. */
int job_deadline(uint64_t usec) _must_check_;
