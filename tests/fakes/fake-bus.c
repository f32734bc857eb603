/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus object and its clients, over a socket pair or a dbus-daemon of the test's own. */
#include "fake-bus.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* --- the two ends ----------------------------------------------------------------------------- */

void turn(FakeBus *s) {
        ck_assert_int_ge(sd_event_run(s->event, 50 * USEC_PER_MSEC), 0);
}

static void on_decided(void *userdata, const Decision *decision) {
        FakeBus *s = userdata;

        if (s->bus)
                bus_decided(s->bus, decision);
}

static void on_answer(void *userdata, unsigned requests, Failure failure, const char *text) {
        FakeBus *s = userdata;

        if (s->bus)
                bus_answer(s->bus, requests, failure, text);
}

static void on_refresh(void *userdata) {
        FakeBus *s = userdata;

        s->n_refreshed++;
}

static void fake_bus_init(FakeBus *s) {
        *s = (FakeBus){ 0 };
        fake_world_init(&s->world);
        s->world.userdata = s;
        s->world.on_decided = on_decided;
        s->world.on_answer = on_answer;
        ck_assert_int_ge(sd_event_new(&s->event), 0);
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Client *c = userdata;
        const char *interface, *name, *contents;
        size_t used = 0, n;

        ck_assert_int_ge(sd_bus_message_read(m, "s", &interface), 0);
        ck_assert_str_eq(interface, BUS_INTERFACE);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
        c->changed[0] = '\0';
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                ck_assert_int_ge(sd_bus_message_read(m, "s", &name), 0);
                ck_assert_int_ge(sd_bus_message_peek_type(m, NULL, &contents), 0);
                ck_assert_int_ge(sd_bus_message_skip(m, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
                strscpyf(c->changed + used, sizeof(c->changed) - used, " %s", name);
                used += strlen(c->changed + used);
        }
        ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        c->invalidated[0] = '\0';
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "s"), 0);
        while (sd_bus_message_read(m, "s", &name) > 0) {
                strscpyf(c->changed + used, sizeof(c->changed) - used, " %s", name);
                used += strlen(c->changed + used);
                n = strlen(c->invalidated);
                strscpyf(c->invalidated + n, sizeof(c->invalidated) - n, " %s", name);
        }
        c->n_changes++;
        return 0;
}

static int on_decided_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Client *c = userdata;
        const char *subsystems, *decision, *reason, *result, *details;
        uint64_t time;
        uint32_t events;

        ck_assert_int_gt(sd_bus_message_read(m, "tsussss", &time, &subsystems, &events, &decision,
                                             &reason, &result, &details),
                         0);
        ck_assert_uint_gt(time, 0);
        strscpyf(c->decided, sizeof(c->decided), "%s|%u|%s|%s|%s|%s", subsystems, events, decision,
                 reason, result, details);
        c->n_decided++;
        return 0;
}

static void client_listen(Client *c, const char *sender) {
        ck_assert_int_ge(sd_bus_match_signal(c->bus, NULL, sender, BUS_PATH, PROPERTIES_INTERFACE,
                                             "PropertiesChanged", on_properties_changed, c),
                         0);
        ck_assert_int_ge(sd_bus_match_signal(c->bus, NULL, sender, BUS_PATH, BUS_INTERFACE,
                                             "Decided", on_decided_signal, c),
                         0);
}

/* Both ends of a socket pair: no dbus-daemon, no name, the vtable alone. */
void fake_bus_pair(FakeBus *s) {
        sd_bus *server, *client;
        sd_id128_t id;
        int fds[2];

        fake_bus_init(s);
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        ck_assert_int_ge(sd_id128_randomize(&id), 0);
        ck_assert_int_ge(sd_bus_new(&server), 0);
        ck_assert_int_ge(sd_bus_set_fd(server, fds[0], fds[0]), 0);
        ck_assert_int_ge(sd_bus_set_server(server, 1, id), 0);
        ck_assert_int_ge(sd_bus_start(server), 0);
        ck_assert_int_ge(sd_bus_attach_event(server, s->event, 0), 0);
        ck_assert_int_ge(sd_bus_new(&client), 0);
        ck_assert_int_ge(sd_bus_set_fd(client, fds[1], fds[1]), 0);
        ck_assert_int_ge(sd_bus_start(client), 0);
        ck_assert_int_ge(sd_bus_attach_event(client, s->event, 0), 0);
        s->client.bus = client;
        client_listen(&s->client, NULL);

        s->bus = calloc(1, sizeof(*s->bus));
        ck_assert_ptr_nonnull(s->bus);
        s->bus->manager = &s->world.manager;
        s->bus->bus = server;
        s->bus->asked_by_root = bus_asked_by_root;
        ck_assert_int_ge(bus_add_manager(s->bus), 0);
        AWAIT(s, sd_bus_is_ready(server) > 0 && sd_bus_is_ready(client) > 0);
}

void fake_bus_pair_done(FakeBus *s) {
        bus_forget_callers(s->bus);
        sd_bus_close_unref(s->bus->bus);
        free(s->bus);
        sd_bus_close_unref(s->client.bus);
        sd_event_unref(s->event);
        fake_world_done(&s->world);
}

void start_daemon(FakeBus *s) {
        _cleanup_free_ char *config = NULL, *option = NULL;
        int fds[2];
        char byte;

        ck_assert_int_gt(
                asprintf(&config,
                         "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration "
                         "1.0//EN\" "
                         "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                         "<busconfig><listen>unix:path=%s/run/bus</listen><auth>EXTERNAL</auth>"
                         "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>"
                         "<allow send_destination=\"*\" eavesdrop=\"true\"/>"
                         "<allow eavesdrop=\"true\"/>"
                         "</policy></busconfig>\n",
                         s->tree.path),
                0);
        tree_text(&s->tree, "/bus.conf", config);
        tree_dir(&s->tree, "/run");
        ck_assert_int_gt(asprintf(&option, "--config-file=%s/bus.conf", s->tree.path), 0);
        ck_assert_int_eq(pipe2(fds, 0), 0);
        s->daemon = fork();
        ck_assert_int_ge(s->daemon, 0);
        if (s->daemon == 0) {
                sigset_t none;

                /* It ends with us, however we end. */
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)sigemptyset(&none);
                (void)sigprocmask(SIG_SETMASK, &none, NULL);
                (void)dup2(fds[1], STDOUT_FILENO);
                (void)close(fds[0]);
                (void)execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--nopidfile",
                             "--print-address=1", NULL);
                _exit(127);
        }
        (void)close(fds[1]);
        ck_assert_int_eq(read(fds[0], &byte, 1), 1);
        (void)close(fds[0]);
}

void stop_daemon(FakeBus *s) {
        if (s->daemon <= 0)
                return;
        ck_assert_int_eq(kill(s->daemon, SIGKILL), 0);
        ck_assert_int_eq(waitpid(s->daemon, NULL, 0), s->daemon);
        s->daemon = 0;
        /* As a package's unit does: a stale socket would be another case. */
        (void)unlinkat(s->tree.fd, "run/bus", 0);
}

void connect_client(FakeBus *s, Client *c) {
        *c = (Client){ 0 };
        ck_assert_int_ge(sd_bus_open_system(&c->bus), 0);
        ck_assert_int_ge(sd_bus_attach_event(c->bus, s->event, 0), 0);
        client_listen(c, BUS_NAME);
}

void disconnect_client(Client *c) {
        c->bus = sd_bus_close_unref(c->bus);
}

/* The service alone, with a dbus-daemon or still without. */
void fake_bus_service(FakeBus *s) {
        char address[128];

        fake_bus_init(s);
        tree_init(&s->tree);
        ck_assert_int_eq(chmod(s->tree.path, 0755), 0);
        strscpyf(address, sizeof(address), "unix:path=%s/run/bus", s->tree.path);
        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
}

void start_service(FakeBus *s) {
        ck_assert_int_eq(bus_new(s->event, &s->world.manager, on_refresh, s, &s->bus), 0);
}

static int on_has_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int *owned = userdata;

        ck_assert_int_ge(sd_bus_message_read(m, "b", owned), 0);
        return 0;
}

void await_name(FakeBus *s) {
        uint64_t start = monotonic_usec();
        int owned = false;

        while (!owned) {
                owned = -1;
                ck_assert_int_ge(sd_bus_call_method_async(
                                         s->client.bus, NULL, "org.freedesktop.DBus",
                                         "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                         "NameHasOwner", on_has_owner, &owned, "s", BUS_NAME),
                                 0);
                while (owned < 0)
                        turn(s);
                ck_assert_uint_lt(monotonic_usec(), start + PATIENCE_USEC);
        }
}

void fake_bus_daemon(FakeBus *s) {
        fake_bus_service(s);
        start_daemon(s);
        start_service(s);
        connect_client(s, &s->client);
        await_name(s);
}

void fake_bus_daemon_done(FakeBus *s) {
        bus_free(s->bus);
        disconnect_client(&s->client);
        stop_daemon(s);
        sd_event_unref(s->event);
        fake_world_done(&s->world);
        tree_done(&s->tree);
}

/* --- calls ------------------------------------------------------------------------------------ */

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Client *c = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);

        c->n_replies++;
        if (e) {
                c->n_errors++;
                strscpy(c->error, sizeof(c->error), e->name);
                strscpy(c->message, sizeof(c->message), e->message);
        }
        return 0;
}

static const char *destination(FakeBus *s) {
        return s->daemon > 0 ? BUS_NAME : NULL;
}

void send_call(FakeBus *s, Client *c, const char *method) {
        ck_assert_int_ge(sd_bus_call_method_async(c->bus, NULL, destination(s), BUS_PATH,
                                                  BUS_INTERFACE, method, on_reply, c, NULL),
                         0);
}

static int keep_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message **kept = userdata;

        *kept = sd_bus_message_ref(m);
        return 0;
}

sd_bus_message *call(FakeBus *s, const char *path, const char *interface, const char *method,
                     const char *types, ...) {
        sd_bus_message *m, *reply = NULL;
        va_list ap;

        ck_assert_int_ge(sd_bus_message_new_method_call(s->client.bus, &m, destination(s), path,
                                                        interface, method),
                         0);
        va_start(ap, types);
        ck_assert_int_ge(sd_bus_message_appendv(m, types, ap), 0);
        va_end(ap);
        ck_assert_int_ge(sd_bus_call_async(s->client.bus, NULL, m, keep_reply, &reply, 0), 0);
        sd_bus_message_unref(m);
        AWAIT(s, reply);
        return reply;
}

/* Everything that the service sent before is there after this. */
void barrier(FakeBus *s) {
        sd_bus_message_unref(call(s, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", ""));
}

void get_property(FakeBus *s, const char *name, const char *type, char *ret, size_t size) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *text;
        uint64_t number;
        int boolean;

        reply = call(s, BUS_PATH, PROPERTIES_INTERFACE, "Get", "ss", BUS_INTERFACE, name);
        ck_assert_msg(!sd_bus_message_is_method_error(reply, NULL), "%s", name);
        ck_assert_msg(sd_bus_message_enter_container(reply, 'v', type) > 0, "%s", name);
        if (streq(type, "s")) {
                ck_assert_int_gt(sd_bus_message_read(reply, "s", &text), 0);
                strscpy(ret, size, text);
        } else if (streq(type, "as")) {
                ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "s"), 0);
                ret[0] = '\0';
                while (sd_bus_message_read(reply, "s", &text) > 0)
                        strscpyf(ret + strlen(ret), size - strlen(ret), "%s\n", text);
        } else if (streq(type, "b")) {
                ck_assert_int_gt(sd_bus_message_read(reply, "b", &boolean), 0);
                strscpyf(ret, size, "%d", boolean);
        } else {
                ck_assert_int_gt(sd_bus_message_read(reply, "t", &number), 0);
                strscpyf(ret, size, "%llu", (unsigned long long)number);
        }
}
