/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus object and its clients, over a socket pair or a dbus-daemon of the test's own. */
#pragma once

#include "daemon/bus-private.h"
#include "fake-world.h"
#include "test.h"
#include "tree.h"

/* So long does the slowest machine take for anything here. */
#define PATIENCE_USEC (20 * USEC_PER_SEC)

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

typedef struct Client {
        sd_bus *bus;
        unsigned n_replies, n_errors;
        char error[128], message[512]; /* of the last error */

        /* PropertiesChanged as they came. */
        unsigned n_changes;
        char changed[1024];    /* " Name" for each of the last one, with a value or without */
        char invalidated[256]; /* those without */
        unsigned n_decided;
        char decided[512]; /* the last one, as text */
} Client;

typedef struct FakeBus {
        FakeWorld world;
        sd_event *event;
        Bus *bus;
        Client client;
        unsigned n_refreshed;

        /* The dbus-daemon. */
        Tree tree;
        pid_t daemon;
} FakeBus;

/* One turn of the event loop. */
void turn(FakeBus *s);

#define AWAIT(scene, condition)                                                 \
        do {                                                                    \
                uint64_t start = monotonic_usec();                              \
                while (!(condition)) {                                          \
                        turn(scene);                                            \
                        ck_assert_msg(monotonic_usec() < start + PATIENCE_USEC, \
                                      "waited in vain for %s", #condition);     \
                }                                                               \
        } while (0)

/* Both ends of a socket pair: no dbus-daemon, no name, the vtable alone. */
void fake_bus_pair(FakeBus *s);
void fake_bus_pair_done(FakeBus *s);

/* The service with a dbus-daemon and a client, and the name taken. */
void fake_bus_daemon(FakeBus *s);
void fake_bus_daemon_done(FakeBus *s);

/* The parts of that: the service alone, with a dbus-daemon or still without. */
void fake_bus_service(FakeBus *s);
void start_service(FakeBus *s);
void start_daemon(FakeBus *s);
void stop_daemon(FakeBus *s);
void connect_client(FakeBus *s, Client *c);
void disconnect_client(Client *c);
void await_name(FakeBus *s);

static inline void unref_message(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}
#define _cleanup_message_ _cleanup_(unref_message)

/* Calls a method of the manager; the client counts the reply. */
void send_call(FakeBus *s, Client *c, const char *method);

/* Calls any method, and waits for the reply, which may be an error. */
sd_bus_message *call(FakeBus *s, const char *path, const char *interface, const char *method,
                     const char *types, ...);

/* Everything that the service sent before is there after this. */
void barrier(FakeBus *s);

/* A property of the manager, of that type, as text. */
void get_property(FakeBus *s, const char *name, const char *type, char *ret, size_t size);

#define ck_get(scene, name, type, value)                                     \
        do {                                                                 \
                char _text[512];                                             \
                get_property((scene), (name), (type), _text, sizeof(_text)); \
                ck_assert_str_eq(_text, (value));                            \
        } while (0)
