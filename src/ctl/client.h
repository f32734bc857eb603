/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with kdumpd. The client's only user of sd-bus. */
#pragma once

#include <stdint.h>

#include "core/failure.h"
#include "core/status.h"

typedef struct Client Client;

/* One decision, as ListDecisions() and the signal Decided tell it. */
typedef struct DaemonDecision {
        uint64_t time_usec; /* since the epoch */
        char *subsystems;
        uint32_t events;
        char *decision;
        char *reason;
        char *result;
        char *details;
} DaemonDecision;

typedef struct DaemonDecisions {
        DaemonDecision *items; /* oldest first */
        size_t n;
} DaemonDecisions;

/* Adds an empty decision at the end and returns it, or NULL if there is no memory. */
DaemonDecision *daemon_decisions_add(DaemonDecisions *decisions);
void daemon_decisions_done(DaemonDecisions *decisions);

/* Connects to the system bus, which DBUS_SYSTEM_BUS_ADDRESS may name. Returns 0 or negative errno.
 * None of the calls here starts a daemon that is not running. */
int client_new(Client **ret, Error *reterr) _must_check_;
Client *client_free(Client *client);

static inline void client_freep(Client **client) {
        (void)client_free(*client);
}
#define _cleanup_client_ _cleanup_(client_freep)

/* Asks for all properties. Those that this version does not know are left out. Returns 0 with what
 * status_done() frees, or negative errno. */
int client_get_status(Client *client, Status *ret, Error *reterr) _must_check_;

/* Asks for the newest max decisions. Returns 0 with what daemon_decisions_done() frees, or negative
 * errno. */
int client_list_decisions(Client *client, uint32_t max, DaemonDecisions *ret,
                          Error *reterr) _must_check_;

/* Calls a method without arguments ("Load", "Unload", "Reload",
 * "Rebuild") and waits for as long as it takes:
 * the daemon bounds a load, and systemd's watchdog the daemon. Returns 0 or negative errno,
 * -ESRCH if there is no daemon. */
int client_call(Client *client, const char *method, Error *reterr) _must_check_;
