/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with kdumpd. The client's only user of sd-bus. */
#pragma once

#include <stdint.h>

#include "ctl/daemon-status.h"

typedef struct Client Client;

/* What a person should read when a conversation failed: one sentence with its full stop. */
#define CLIENT_ERROR_MAX 1024

/* Connects to the system bus, which DBUS_SYSTEM_BUS_ADDRESS may name. Returns 0 or negative errno.
 * None of the calls here starts a daemon that is not running. */
int client_new(Client **ret, char reterr[static CLIENT_ERROR_MAX]) _must_check_;
Client *client_free(Client *client);

static inline void client_freep(Client **client) {
        (void)client_free(*client);
}
#define _cleanup_client_ _cleanup_(client_freep)

/* Asks for all properties. Those that this version does not know are left out. Returns 0 with what
 * daemon_status_done() frees, or negative errno. */
int client_get_status(Client *client, DaemonStatus *ret,
                      char reterr[static CLIENT_ERROR_MAX]) _must_check_;

/* Asks for the newest max decisions. Returns 0 with what daemon_decisions_done() frees, or negative
 * errno. */
int client_list_decisions(Client *client, uint32_t max, DaemonDecisions *ret,
                          char reterr[static CLIENT_ERROR_MAX]) _must_check_;

/* Calls a method without arguments ("Load", "Unload", "Reload",
 * "Rebuild") and waits for as long as it takes:
 * the daemon bounds a load, and systemd's watchdog the daemon. Returns 0 or negative errno,
 * -ESRCH if there is no daemon. */
int client_call(Client *client, const char *method,
                char reterr[static CLIENT_ERROR_MAX]) _must_check_;
