/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.kdumpd1 on the system bus: the state, the methods, the signal. The machine is armed with or
 * without it: the connection is made when the bus appears, and again when it comes back. */
#pragma once

#include <stdio.h>

#include <systemd/sd-event.h>

#include "daemon/manager.h"

typedef struct Bus Bus;

/* What a property is asked for by root or anybody: an image may have been loaded or unloaded by
 * others since the last look. Called before properties are read. */
typedef void (*BusRefresh)(void *userdata);

/* Starts to connect, and keeps trying. userdata is refresh's. Returns 0 or -ENOMEM: a bus that is
 * not there is no error. */
int bus_new(sd_event *event, Manager *manager, BusRefresh refresh, void *userdata,
            Bus **ret) _must_check_;
Bus *bus_free(Bus *b);
DEFINE_CLEANUP(Bus *, bus_free);

/* Asks for our name again if the bus has refused it. Called now and then, as nothing tells of a new
 * policy of the bus. */
void bus_ask_again(Bus *b);

/* Sends PropertiesChanged for what differs from the last time, if there is somebody to hear it. */
void bus_flush_changes(Bus *b);

/* Sends the Decided signal. */
void bus_decided(Bus *b, const Decision *d);

/* Replies to every caller that waits for one of requests (REQUEST_BIT()s). */
void bus_answer(Bus *b, unsigned requests, Failure failure, const char *text);

/* Sends out what is queued; for the very end. */
void bus_drain(Bus *b);

/* Writes the interface as the XML of D-Bus introspection; needs no bus. Returns 0 or negative
 * errno. */
int bus_introspect(FILE *f) _must_check_;
