/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus object: the vtable over a socket pair, all of it over a dbus-daemon of the test's own. */
#include "test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "daemon/bus-private.h"
#include "fake-world.h"
#include "sys/log.h"
#include "tree.h"

/* So long does the slowest machine take for anything here. */
#define PATIENCE_USEC (20 * USEC_PER_SEC)

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define NOBODY               65534

typedef struct Client {
        sd_bus *bus;
        unsigned n_replies, n_errors;
        char error[128], message[512]; /* of the last error */

        /* PropertiesChanged as they came. */
        unsigned n_changes;
        char changed[1024]; /* " Name" for each of the last one */
        unsigned n_decided;
        char decided[512]; /* the last one, as text */
} Client;

typedef struct Scene {
        World world;
        sd_event *event;
        Bus *bus;
        Client client;
        unsigned n_refreshed;

        /* The dbus-daemon. */
        Tree tree;
        pid_t daemon;
} Scene;

/* --- the two ends ----------------------------------------------------------------------------- */

static void turn(Scene *s) {
        ck_assert_int_ge(sd_event_run(s->event, 50 * USEC_PER_MSEC), 0);
}

#define AWAIT(scene, condition)                                                 \
        do {                                                                    \
                uint64_t start = monotonic_usec();                              \
                while (!(condition)) {                                          \
                        turn(scene);                                            \
                        ck_assert_msg(monotonic_usec() < start + PATIENCE_USEC, \
                                      "waited in vain for %s", #condition);     \
                }                                                               \
        } while (0)

static void on_decided(void *userdata, const Decision *decision) {
        Scene *s = userdata;

        if (s->bus)
                bus_decided(s->bus, decision);
}

static void on_answer(void *userdata, unsigned requests, Failure failure, const char *text) {
        Scene *s = userdata;

        if (s->bus)
                bus_answer(s->bus, requests, failure, text);
}

static void on_refresh(void *userdata) {
        Scene *s = userdata;

        s->n_refreshed++;
}

static void scene_init(Scene *s) {
        *s = (Scene){ 0 };
        world_init(&s->world);
        s->world.userdata = s;
        s->world.on_decided = on_decided;
        s->world.on_answer = on_answer;
        ck_assert_int_ge(sd_event_new(&s->event), 0);
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Client *c = userdata;
        const char *interface, *name, *contents;
        size_t used = 0;

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
        /* Values are told, not just that there are new ones. */
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "s"), 0);
        ck_assert_int_eq(sd_bus_message_read(m, "s", &name), 0);
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
static void scene_pair(Scene *s) {
        sd_bus *server, *client;
        sd_id128_t id;
        int fds[2];

        scene_init(s);
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
        ck_assert_int_ge(bus_add_manager(s->bus), 0);
        AWAIT(s, sd_bus_is_ready(server) > 0 && sd_bus_is_ready(client) > 0);
}

static void scene_pair_done(Scene *s) {
        bus_forget_callers(s->bus);
        sd_bus_close_unref(s->bus->bus);
        free(s->bus);
        sd_bus_close_unref(s->client.bus);
        sd_event_unref(s->event);
        world_done(&s->world);
}

static void start_daemon(Scene *s) {
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

static void stop_daemon(Scene *s) {
        if (s->daemon <= 0)
                return;
        ck_assert_int_eq(kill(s->daemon, SIGKILL), 0);
        ck_assert_int_eq(waitpid(s->daemon, NULL, 0), s->daemon);
        s->daemon = 0;
        /* As a package's unit does: a stale socket would be another case. */
        (void)unlinkat(s->tree.fd, "run/bus", 0);
}

static void connect_client(Scene *s, Client *c) {
        *c = (Client){ 0 };
        ck_assert_int_ge(sd_bus_open_system(&c->bus), 0);
        ck_assert_int_ge(sd_bus_attach_event(c->bus, s->event, 0), 0);
        client_listen(c, BUS_NAME);
}

static void disconnect_client(Client *c) {
        c->bus = sd_bus_close_unref(c->bus);
}

/* The service alone, with a dbus-daemon or still without. */
static void scene_service(Scene *s) {
        char address[128];

        scene_init(s);
        tree_init(&s->tree);
        ck_assert_int_eq(chmod(s->tree.path, 0755), 0);
        strscpyf(address, sizeof(address), "unix:path=%s/run/bus", s->tree.path);
        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
}

static void start_service(Scene *s) {
        ck_assert_int_eq(bus_new(s->event, &s->world.manager, on_refresh, s, &s->bus), 0);
}

static int on_has_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int *owned = userdata;

        ck_assert_int_ge(sd_bus_message_read(m, "b", owned), 0);
        return 0;
}

static void await_name(Scene *s) {
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

static void scene_daemon(Scene *s) {
        scene_service(s);
        start_daemon(s);
        start_service(s);
        connect_client(s, &s->client);
        await_name(s);
}

static void scene_daemon_done(Scene *s) {
        bus_free(s->bus);
        disconnect_client(&s->client);
        stop_daemon(s);
        sd_event_unref(s->event);
        world_done(&s->world);
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

static const char *destination(Scene *s) {
        return s->daemon > 0 ? BUS_NAME : NULL;
}

static void send_call(Scene *s, Client *c, const char *method) {
        ck_assert_int_ge(sd_bus_call_method_async(c->bus, NULL, destination(s), BUS_PATH,
                                                  BUS_INTERFACE, method, on_reply, c, NULL),
                         0);
}

static int keep_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message **kept = userdata;

        *kept = sd_bus_message_ref(m);
        return 0;
}

static void unref_message(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}
#define _cleanup_message_ _cleanup_(unref_message)

static sd_bus_message *call(Scene *s, const char *path, const char *interface, const char *method,
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
static void barrier(Scene *s) {
        sd_bus_message_unref(call(s, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", ""));
}

/* --- properties ------------------------------------------------------------------------------- */

/* The interface as it is promised. */
static const struct {
        const char *name, *type;
} promised[] = {
        { "Version", "s" },
        { "State", "s" },
        { "StateReason", "s" },
        { "Armed", "b" },
        { "Foreign", "b" },
        { "Stale", "b" },
        { "StaleReason", "s" },
        { "Loader", "s" },
        { "LoaderReason", "s" },
        { "KernelFile", "s" },
        { "KernelRelease", "s" },
        { "InitrdFile", "s" },
        { "InitrdState", "s" },
        { "InitrdMessage", "s" },
        { "InitrdUnpackedBytes", "t" },
        { "CommandLine", "s" },
        { "ReservationBytes", "t" },
        { "ElfcorehdrBytes", "t" },
        { "CpuHotplug", "s" },
        { "MemoryHotplug", "s" },
        { "EventsReceived", "t" },
        { "Batches", "t" },
        { "BatchesSkipped", "t" },
        { "Reloads", "t" },
        { "LoadFailures", "t" },
        { "Overflows", "t" },
        { "LastEventUSec", "t" },
        { "LastLoadUSec", "t" },
        { "LastLoadDurationUSec", "t" },
        { "LastUnprotectedUSec", "t" },
        { "TotalUnprotectedUSec", "t" },
        { "NextRetryUSec", "t" },
        { "SettleUSec", "t" },
        { "MaxDelayUSec", "t" },
        { "LastCrashUSec", "t" },
        { "LastCrashDirectory", "s" },
        { "LastCrashMessage", "s" },
        { "LastCrashState", "s" },
        { "LastCrashComplete", "b" },
        { "LastTestUSec", "t" },
        { "LastTestResult", "s" },
        { "LastTestSameImage", "b" },
};

static void get(Scene *s, const char *name, const char *type, char *ret, size_t size) {
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
        } else if (streq(type, "b")) {
                ck_assert_int_gt(sd_bus_message_read(reply, "b", &boolean), 0);
                strscpyf(ret, size, "%d", boolean);
        } else {
                ck_assert_int_gt(sd_bus_message_read(reply, "t", &number), 0);
                strscpyf(ret, size, "%llu", (unsigned long long)number);
        }
}

static void check_properties(Scene *s) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *name, *contents;
        char text[512];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(promised); i++)
                get(s, promised[i].name, promised[i].type, text, sizeof(text));
        reply = call(s, BUS_PATH, PROPERTIES_INTERFACE, "GetAll", "s", BUS_INTERFACE);
        ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                ck_assert_int_gt(sd_bus_message_read(reply, "s", &name), 0);
                ck_assert_int_gt(sd_bus_message_peek_type(reply, NULL, &contents), 0);
                ck_assert_uint_lt(n, ELEMENTSOF(promised));
                ck_assert_str_eq(name, promised[n].name);
                ck_assert_str_eq(contents, promised[n].type);
                n++;
                ck_assert_int_gt(sd_bus_message_skip(reply, "v"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        ck_assert_uint_eq(n, ELEMENTSOF(promised));
}

#define ck_get(scene, name, type, value)                            \
        do {                                                        \
                char _text[512];                                    \
                get((scene), (name), (type), _text, sizeof(_text)); \
                ck_assert_str_eq(_text, (value));                   \
        } while (0)

START_TEST(properties) {
        Scene s;

        scene_pair(&s);
        check_properties(&s);
        ck_get(&s, "State", "s", "loading");
        ck_get(&s, "Version", "s", PACKAGE_VERSION);
        world_arm(&s.world);
        (void)manager_status(&s.world.manager);
        check_properties(&s);
        ck_get(&s, "State", "s", "armed");
        ck_get(&s, "Armed", "b", "1");
        ck_get(&s, "Foreign", "b", "0");
        ck_get(&s, "ReservationBytes", "t", "268435456");
        ck_get(&s, "KernelFile", "s", "/boot/vmlinuz");
        ck_get(&s, "CpuHotplug", "s", "userspace");
        ck_get(&s, "SettleUSec", "t", "500000");
        ck_get(&s, "MaxDelayUSec", "t", "10000000");
        ck_get(&s, "LastLoadDurationUSec", "t", "21000");
        scene_pair_done(&s);
}
END_TEST

START_TEST(read_only) {
        Scene s;

        scene_pair(&s);
        for (size_t i = 0; i < ELEMENTSOF(promised); i++) {
                _cleanup_message_ sd_bus_message *reply = NULL;

                reply = call(&s, BUS_PATH, PROPERTIES_INTERFACE, "Set", "ssv", BUS_INTERFACE,
                             promised[i].name, "s", "x");
                ck_assert_int_gt(
                        sd_bus_message_is_method_error(reply, SD_BUS_ERROR_PROPERTY_READ_ONLY), 0);
        }
        scene_pair_done(&s);
}
END_TEST

/* --- introspection ---------------------------------------------------------------------------- */

/* Cuts one interface out of a description and writes it with one tag on each line, empty elements
 * as start and end. Annotations that repeat a default or that sd-bus adds are left out. */
static char *normalize(const char *xml, const char *interface) {
        char start[128], *text = malloc(2 * strlen(xml) + 1), *out = text;
        const char *p;

        ck_assert_ptr_nonnull(text);
        strscpyf(start, sizeof(start), "<interface name=\"%s\">", interface);
        p = strstr(xml, start);
        ck_assert_ptr_nonnull(p);
        while ((p = strchr(p, '<'))) {
                const char *end;

                if (startswith(p, "<!--")) {
                        p = strstr(p, "-->");
                        ck_assert_ptr_nonnull(p);
                        continue;
                }
                end = strchr(p, '>');
                ck_assert_ptr_nonnull(end);
                size_t n = (size_t)(end - p);
                bool empty = p[n - 1] == '/';
                _cleanup_free_ char *tag = strndup(p + 1, n - 1 - empty);

                ck_assert_ptr_nonnull(tag);
                p = end;
                if (streq(tag, "/interface"))
                        break;
                if (startswith(tag, "annotation ") &&
                    (strstr(tag, "org.freedesktop.systemd1.Privileged") ||
                     (strstr(tag, "EmitsChangedSignal") && strstr(tag, "\"true\""))))
                        continue;
                out += sprintf(out, "%s\n", strstrip(tag));
                if (empty)
                        out += sprintf(out, "/%.*s\n", (int)strcspn(tag, " "), tag);
        }
        ck_assert_ptr_nonnull(p);
        *out = '\0';
        return text;
}

START_TEST(introspection) {
        static const char *const privileged[] = { "Load", "Unload", "Reload" };
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_free_ char *golden = NULL, *path = NULL;
        _cleanup_free_ char *expected = NULL, *found = NULL;
        const char *srcdir = getenv("srcdir"), *xml;
        Scene s;

        scene_pair(&s);
        reply = call(&s, BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "");
        ck_assert_int_gt(sd_bus_message_read(reply, "s", &xml), 0);
        for (size_t i = 0; i < ELEMENTSOF(promised); i++) {
                char tag[128];

                strscpyf(tag, sizeof(tag), "<property name=\"%s\" type=\"%s\" access=\"read\">",
                         promised[i].name, promised[i].type);
                ck_assert_msg(strstr(xml, tag) != NULL, "%s", tag);
        }
        /* Every property is constant or tells its changes. */
        ck_assert_ptr_null(strstr(strstr(xml, BUS_INTERFACE), "\"false\""));
        for (size_t i = 0; i < ELEMENTSOF(privileged); i++) {
                char tag[128];
                const char *method, *annotation;

                strscpyf(tag, sizeof(tag), "<method name=\"%s\">", privileged[i]);
                method = strstr(xml, tag);
                ck_assert_ptr_nonnull(method);
                annotation = strstr(method, "systemd1.Privileged\" value=\"true\"");
                ck_assert(annotation && annotation < strstr(method, "</method>"));
        }

        ck_assert_int_gt(asprintf(&path, "%s/conf/org.kdumpd1.xml", srcdir ?: "."), 0);
        if (read_file_below(AT_FDCWD, path, 1 << 20, &golden, NULL) >= 0) {
                expected = normalize(golden, BUS_INTERFACE);
                found = normalize(xml, BUS_INTERFACE);
                ck_assert_str_eq(found, expected);
        }
        scene_pair_done(&s);
}
END_TEST

/* --- changes ---------------------------------------------------------------------------------- */

static void set_text(char **field) {
        free(*field);
        *field = strdup("another text");
        ck_assert_ptr_nonnull(*field);
}

static void change_aftermath(Manager *manager, const char *name) {
        const LoadReport *r = &manager->machine.record.report;
        LastCrash *crash = &manager->aftermath.crash;
        CrashTest *test = &manager->aftermath.test;

        if (streq(name, "LastCrashUSec"))
                crash->usec = 17;
        else if (streq(name, "LastCrashDirectory"))
                strscpy(crash->directory, sizeof(crash->directory), "/var/crash/x");
        else if (streq(name, "LastCrashMessage"))
                strscpy(crash->message, sizeof(crash->message), "BUG: x");
        else if (streq(name, "LastCrashState"))
                crash->state = "copied";
        else if (streq(name, "LastCrashComplete"))
                crash->complete = true;
        else if (streq(name, "LastTestUSec")) {
                test->id[0] = '1';
                test->started_usec = 18;
        } else if (streq(name, "LastTestResult"))
                test->result = CRASH_TEST_COMPLETE;
        else if (streq(name, "LastTestSameImage")) {
                test->kernel = r->kernel;
                test->initrd = r->initrd;
                test->kernel.path = strdup(r->kernel.path);
                test->initrd.path = strdup(r->initrd.path);
        } else
                ck_abort_msg("nothing changes %s", name);
}

/* Changes what a property is made of, in the machine itself. */
static void change(World *w, const char *name) {
        Machine *m = &w->manager.machine;
        const struct {
                const char *name;
                uint64_t *number;
                char **text;
        } fields[] = {
                { "Loader", NULL, &m->record.report.loader },
                { "LoaderReason", NULL, &m->record.report.loader_reason },
                { "KernelFile", NULL, &m->record.report.kernel.path },
                { "KernelRelease", NULL, &m->record.report.kernel_release },
                { "InitrdFile", NULL, &m->record.report.initrd.path },
                { "CommandLine", NULL, &m->record.report.command_line },
                { "ReservationBytes", &m->facts.reservation_bytes, NULL },
                { "ElfcorehdrBytes", &m->facts.elfcorehdr_bytes, NULL },
                { "EventsReceived", &m->events_received, NULL },
                { "Batches", &m->batches, NULL },
                { "BatchesSkipped", &m->batches_skipped, NULL },
                { "Reloads", &m->reloads, NULL },
                { "LoadFailures", &m->load_failures, NULL },
                { "Overflows", &m->overflows, NULL },
                { "LastEventUSec", &m->last_event_usec, NULL },
                { "LastLoadUSec", &m->last_load_usec, NULL },
                { "LastLoadDurationUSec", &m->last_load_duration_usec, NULL },
                { "LastUnprotectedUSec", &m->last_unprotected_usec, NULL },
                { "TotalUnprotectedUSec", &m->total_unprotected_usec, NULL },
                { "SettleUSec", &w->settings.settle_usec, NULL },
                { "MaxDelayUSec", &w->settings.max_delay_usec, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(fields[i].name, name)) {
                        if (fields[i].number)
                                *fields[i].number += UINT64_C(1) << 40;
                        else
                                set_text(fields[i].text);
                        return;
                }
        if (streq(name, "InitrdState")) {
                free(w->settings.initrd);
                w->settings.initrd = strdup("auto");
        } else if (streq(name, "InitrdMessage"))
                strscpy(m->build_text, sizeof(m->build_text), "7.0 MiB");
        else if (streq(name, "InitrdUnpackedBytes"))
                m->unpacked_bytes = 17;
        else if (streq(name, "State"))
                m->ready = false;
        else if (streq(name, "StateReason")) {
                m->ready = true;
                m->batch.met_load = true;
        } else if (streq(name, "Armed"))
                m->facts.loaded = 0;
        else if (streq(name, "Foreign")) {
                m->facts.loaded = 1;
                m->foreign = true;
        } else if (streq(name, "Stale")) {
                /* It was, since StateReason changed. */
                m->batch.met_load = false;
        } else if (streq(name, "StaleReason"))
                m->record.removed_blocks = 2;
        else if (streq(name, "CpuHotplug"))
                m->answers[SUBSYSTEM_CPU] = HOTPLUG_KERNEL_UPDATES;
        else if (streq(name, "MemoryHotplug"))
                m->answers[SUBSYSTEM_MEMORY] = HOTPLUG_GARBAGE;
        else if (streq(name, "NextRetryUSec")) {
                m->retry_usec = 1;
                m->retry_realtime_usec = 17;
        } else
                change_aftermath(&w->manager, name);
}

static bool has_word(const char *words, const char *word) {
        size_t n = strlen(word);

        for (const char *p = words; (p = strstr(p, word)); p++)
                if (p > words && p[-1] == ' ' && (p[n] == ' ' || p[n] == '\0'))
                        return true;
        return false;
}

static void check_changes(Scene *s) {
        unsigned n;

        bus_flush_changes(s->bus);
        barrier(s);
        for (size_t i = 0; i < ELEMENTSOF(promised); i++) {
                const char *name = promised[i].name;

                if (streq(name, "Version"))
                        continue;
                n = s->client.n_changes;
                bus_flush_changes(s->bus);
                barrier(s);
                ck_assert_msg(s->client.n_changes == n, "%s: nothing had changed, yet%s were told",
                              name, s->client.changed);
                change(&s->world, name);
                bus_flush_changes(s->bus);
                barrier(s);
                ck_assert_msg(s->client.n_changes == n + 1, "%s is not told", name);
                ck_assert_msg(has_word(s->client.changed, name), "%s is not in%s", name,
                              s->client.changed);
                ck_assert(!has_word(s->client.changed, "Version"));
        }
}

START_TEST(changes) {
        Scene s;

        scene_pair(&s);
        world_arm(&s.world);
        check_changes(&s);
        scene_pair_done(&s);
}
END_TEST

/* Whoever was there from the beginning hears of the first change, too. */
START_TEST(first_change) {
        Scene s;

        scene_pair(&s);
        barrier(&s);
        world_arm(&s.world);
        bus_flush_changes(s.bus);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_changes, 1);
        ck_assert(has_word(s.client.changed, "State"));
        ck_assert(has_word(s.client.changed, "Armed"));
        ck_assert(!has_word(s.client.changed, "SettleUSec"));
        scene_pair_done(&s);
}
END_TEST

/* --- methods ---------------------------------------------------------------------------------- */

START_TEST(methods) {
        Scene s;

        scene_pair(&s);
        world_arm(&s.world);
        /* Done already. */
        send_call(&s, &s.client, "Load");
        AWAIT(&s, s.client.n_replies == 1);
        ck_assert(!s.world.running);

        send_call(&s, &s.client, "Reload");
        barrier(&s);
        ck_assert(s.world.running);
        ck_assert_uint_eq(s.client.n_replies, 1);
        send_call(&s, &s.client, "Load");
        send_call(&s, &s.client, "Unload");
        barrier(&s);
        ck_assert_uint_eq(s.client.n_replies, 1);
        world_helper_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_replies, 3);
        ck_assert_int_eq(s.world.kind, HELPER_UNLOAD);
        world_helper_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_replies, 4);
        ck_assert_uint_eq(s.client.n_errors, 0);
        ck_assert_int_eq(s.world.kernel.loaded, 0);

        send_call(&s, &s.client, "Load");
        barrier(&s);
        s.world.helper_error = "no \"100%s\" kernel";
        world_helper_ends(&s.world, FAILURE_BAD_KERNEL);
        world_pass(&s.world, WORLD_SECOND_LOOK_USEC);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_errors, 1);
        ck_assert_str_eq(s.client.error, "org.kdumpd1.Error.BadKernel");
        ck_assert_str_eq(s.client.message, "no \"100%s\" kernel");
        ck_assert_uint_eq(s.bus->n_callers, 0);

        world_request(&s.world, REQUEST_LOAD);
        send_call(&s, &s.client, "Reload");
        barrier(&s);
        world_input(&s.world, INPUT_STOP);
        barrier(&s);
        world_helper_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_errors, 2);
        ck_assert_str_eq(s.client.error, "org.kdumpd1.Error.Busy");
        ck_assert_uint_eq(s.world.n_quit, 1);
        scene_pair_done(&s);
}
END_TEST

/* All errors have names that D-Bus takes. */
START_TEST(error_names) {
        Scene s;

        scene_pair(&s);
        world_arm(&s.world);
        for (Failure f = FAILURE_NONE + 1; f < _FAILURE_MAX; f++) {
                char name[128];

                send_call(&s, &s.client, "Reload");
                barrier(&s);
                bus_answer(s.bus, REQUEST_BIT(REQUEST_RELOAD), f, NULL);
                AWAIT(&s, s.client.n_errors == (unsigned)f);
                strscpyf(name, sizeof(name), "org.kdumpd1.Error.%s", failure_to_string(f));
                ck_assert_str_eq(s.client.error, name);
        }
        scene_pair_done(&s);
}
END_TEST

START_TEST(too_many_callers) {
        Scene s;

        scene_pair(&s);
        world_arm(&s.world);
        for (unsigned i = 0; i < BUS_CALLERS_MAX; i++)
                send_call(&s, &s.client, "Reload");
        barrier(&s);
        ck_assert_uint_eq(s.client.n_replies, 0);
        send_call(&s, &s.client, "Reload");
        send_call(&s, &s.client, "Load");
        barrier(&s);
        ck_assert_uint_eq(s.client.n_errors, 2);
        ck_assert_str_eq(s.client.error, SD_BUS_ERROR_LIMITS_EXCEEDED);
        /* All who came after the first wait for another one. */
        world_helper_ends(&s.world, FAILURE_NONE);
        if (s.world.running)
                world_helper_ends(&s.world, FAILURE_NONE);
        AWAIT(&s, s.client.n_replies == BUS_CALLERS_MAX + 2);
        ck_assert_uint_eq(s.client.n_errors, 2);
        ck_assert_uint_eq(s.bus->n_callers, 0);
        send_call(&s, &s.client, "Load");
        AWAIT(&s, s.client.n_replies == BUS_CALLERS_MAX + 3);
        ck_assert_uint_eq(s.client.n_errors, 2);
        scene_pair_done(&s);
}
END_TEST

static unsigned list(Scene *s, uint32_t max, uint32_t *ret_first_events) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *subsystems, *decision, *reason, *result, *details;
        uint64_t time, previous = UINT64_MAX;
        unsigned n = 0;
        uint32_t events;
        int r;

        reply = call(s, BUS_PATH, BUS_INTERFACE, "ListDecisions", "u", max);
        ck_assert(sd_bus_message_has_signature(reply, "a(tsussss)"));
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "(tsussss)"), 0);
        while ((r = sd_bus_message_read(reply, "(tsussss)", &time, &subsystems, &events, &decision,
                                        &reason, &result, &details)) > 0) {
                ck_assert_uint_lt(time, previous);
                previous = time;
                if (n++ == 0)
                        *ret_first_events = events;
        }
        ck_assert_int_eq(r, 0);
        return n;
}

START_TEST(decisions) {
        uint32_t events = 0;
        Scene s;

        scene_pair(&s);
        ck_assert_uint_eq(list(&s, 5, &events), 0);
        world_answers(&s.world, HOTPLUG_KERNEL_UPDATES);
        world_arm(&s.world);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_decided, 1);
        ck_assert_str_eq(s.client.decided, "|0|load|no crash image is loaded|ok|loaded in 21.0 ms");
        for (unsigned i = 1; i <= HISTORY_MAX + 6; i++) {
                for (unsigned j = 0; j < i; j++)
                        world_uevent(&s.world, SUBSYSTEM_MEMORY, HOTPLUG_ADD);
                world_pass(&s.world, USEC_PER_SEC);
        }
        barrier(&s);
        ck_assert_uint_eq(s.client.n_decided, HISTORY_MAX + 7);
        ck_assert_str_eq(s.client.decided,
                         "memory|70|skip|crash_hotplug reads 1: the kernel updates the image "
                         "itself|ok|");
        /* The newest first, no more than asked for, no more than there are. */
        ck_assert_uint_eq(list(&s, 0, &events), 0);
        ck_assert_uint_eq(list(&s, 1, &events), 1);
        ck_assert_uint_eq(events, HISTORY_MAX + 6);
        ck_assert_uint_eq(list(&s, 3, &events), 3);
        ck_assert_uint_eq(events, HISTORY_MAX + 6);
        ck_assert_uint_eq(list(&s, UINT32_MAX, &events), HISTORY_MAX);
        scene_pair_done(&s);
}
END_TEST

/* --- over a dbus-daemon ---------------------------------------------------------------------- */

START_TEST(on_the_bus) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        Scene s;

        scene_daemon(&s);
        world_arm(&s.world);
        bus_flush_changes(s.bus);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_changes, 1);
        ck_assert(has_word(s.client.changed, "State"));
        check_properties(&s);
        check_changes(&s);
        /* Whoever reads is told what is true now, without a flush in between. */
        s.n_refreshed = 0;
        s.world.manager.machine.overflows = 12345;
        ck_get(&s, "Overflows", "t", "12345");
        ck_assert_uint_eq(s.n_refreshed, 1);
        barrier(&s);
        ck_assert_uint_eq(s.n_refreshed, 1);
        reply = call(&s, "/", PROPERTIES_INTERFACE, "GetAll", "s", BUS_INTERFACE);
        ck_assert_int_gt(sd_bus_message_is_method_error(reply, NULL), 0);
        scene_daemon_done(&s);
}
END_TEST

START_TEST(caller_vanishes) {
        Client other;
        Scene s;

        scene_daemon(&s);
        world_arm(&s.world);
        connect_client(&s, &other);
        send_call(&s, &other, "Reload");
        AWAIT(&s, s.world.running);
        disconnect_client(&other);
        barrier(&s);
        world_helper_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.bus->n_callers, 0);
        send_call(&s, &s.client, "Load");
        AWAIT(&s, s.client.n_replies == 1);
        ck_assert_uint_eq(s.client.n_errors, 0);
        scene_daemon_done(&s);
}
END_TEST

START_TEST(bus_comes_back) {
        Scene s;

        scene_daemon(&s);
        world_arm(&s.world);
        for (unsigned i = 0; i < 2; i++) {
                send_call(&s, &s.client, "Reload");
                AWAIT(&s, s.world.running);
                ck_assert_uint_eq(s.bus->n_callers, 1);
                stop_daemon(&s);
                disconnect_client(&s.client);
                AWAIT(&s, s.bus->n_callers == 0);
                /* Life goes on without it. */
                world_helper_ends(&s.world, FAILURE_NONE);
                bus_flush_changes(s.bus);
                ck_assert_str_eq(manager_status(&s.world.manager)->state, "armed");

                start_daemon(&s);
                connect_client(&s, &s.client);
                await_name(&s);
                check_properties(&s);
                /* Nobody gets the answer that another one had asked for. */
                ck_assert_uint_eq(s.client.n_replies, 0);
                send_call(&s, &s.client, "Load");
                AWAIT(&s, s.client.n_replies == 1);
                ck_assert_uint_eq(s.client.n_errors, 0);
        }
        scene_daemon_done(&s);
}
END_TEST

START_TEST(before_the_bus) {
        uint64_t queued = 0;
        Scene s;

        scene_service(&s);
        start_service(&s);
        world_arm(&s.world);
        /* What nobody can hear is not kept, however long there is no bus. */
        for (unsigned i = 0; i < 1000; i++) {
                world_uevent(&s.world, SUBSYSTEM_CPU, HOTPLUG_ADD);
                bus_flush_changes(s.bus);
                bus_decided(s.bus, history_get(&s.world.manager.machine.history, 0));
                ck_assert_int_ge(sd_event_run(s.event, 0), 0);
        }
        ck_assert_int_ge(sd_bus_get_n_queued_write(s.bus->bus, &queued), 0);
        ck_assert_uint_le(queued, 8);
        /* The end does not wait for it, either. */
        bus_drain(s.bus);
        start_daemon(&s);
        connect_client(&s, &s.client);
        await_name(&s);
        check_properties(&s);
        ck_get(&s, "EventsReceived", "t", "1000");
        scene_daemon_done(&s);
}
END_TEST

static int listen_as_bus(Scene *s, int backlog, struct sockaddr_un *ret) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        tree_dir(&s->tree, "/run");
        strscpyf(ret->sun_path, sizeof(ret->sun_path), "%s/run/bus", s->tree.path);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)ret, sizeof(*ret)), 0);
        ck_assert_int_eq(listen(fd, backlog), 0);
        return fd;
}

/* Leaving the event loop waits neither for a bus that is not there nor for one that is silent. */
START_TEST(exit_without_bus) {
        struct sockaddr_un address;
        int listener = -EBADF;
        Scene s;

        for (int hangs = 0; hangs < 2; hangs++) {
                scene_service(&s);
                if (hangs)
                        listener = listen_as_bus(&s, 5, &address);
                start_service(&s);
                world_arm(&s.world);
                turn(&s);
                bus_flush_changes(s.bus);
                ck_assert_int_ge(sd_event_exit(s.event, 0), 0);
                ck_assert_int_ge(sd_event_loop(s.event), 0);
                bus_drain(s.bus);
                scene_daemon_done(&s);
        }
        (void)close(listener);
}
END_TEST

/* A bus whose queue of connections is full, as when all services come back to it at once. */
START_TEST(crowded_bus) {
        struct sockaddr_un address;
        int listener, others[64], r = 0;
        size_t n = 0;
        Scene s;

        scene_service(&s);
        listener = listen_as_bus(&s, 0, &address);
        while (r == 0) {
                ck_assert_uint_lt(n, ELEMENTSOF(others));
                others[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                ck_assert_int_ge(others[n], 0);
                r = connect(others[n++], (struct sockaddr *)&address, sizeof(address));
        }
        ck_assert_int_eq(errno, EAGAIN);
        start_service(&s);
        turn(&s);
        while (n > 0)
                (void)close(others[--n]);
        (void)close(listener);
        ck_assert_int_eq(unlinkat(s.tree.fd, "run/bus", 0), 0);
        start_daemon(&s);
        connect_client(&s, &s.client);
        await_name(&s);
        check_properties(&s);
        scene_daemon_done(&s);
}
END_TEST

/* Somebody else has the name: it is ours as soon as he gives it back. */
START_TEST(name_is_taken) {
        Client other = { 0 };
        Scene s;

        scene_service(&s);
        start_daemon(&s);
        ck_assert_int_ge(sd_bus_open_system(&other.bus), 0);
        ck_assert_int_ge(sd_bus_request_name(other.bus, BUS_NAME, 0), 0);
        start_service(&s);
        connect_client(&s, &s.client);
        AWAIT(&s, sd_bus_is_ready(s.bus->bus) > 0);
        for (unsigned i = 0; i < 5; i++)
                turn(&s);
        ck_assert_int_ge(sd_bus_release_name(other.bus, BUS_NAME), 0);
        await_name(&s);
        check_properties(&s);
        disconnect_client(&other);
        scene_daemon_done(&s);
}
END_TEST

START_TEST(resume) {
        Client login = { 0 };
        Scene s;

        scene_daemon(&s);
        world_arm(&s.world);
        ck_assert_int_ge(sd_bus_open_system(&login.bus), 0);
        ck_assert_int_ge(sd_bus_request_name(login.bus, "org.freedesktop.login1", 0), 0);
        for (int going = 1; going >= 0; going--) {
                ck_assert(!s.world.manager.machine.batch.look_again);
                ck_assert_int_ge(sd_bus_emit_signal(login.bus, "/org/freedesktop/login1",
                                                    "org.freedesktop.login1.Manager",
                                                    "PrepareForSleep", "b", going),
                                 0);
                ck_assert_int_ge(sd_bus_flush(login.bus), 0);
                barrier(&s);
        }
        AWAIT(&s, s.world.manager.machine.batch.look_again);
        disconnect_client(&login);
        scene_daemon_done(&s);
}
END_TEST

static void get_log(Scene *s, const char *name, char *ret, size_t size) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *text;

        reply = call(s, "/org/freedesktop/LogControl1", PROPERTIES_INTERFACE, "Get", "ss",
                     "org.freedesktop.LogControl1", name);
        ck_assert_int_gt(sd_bus_message_read(reply, "v", "s", &text), 0);
        strscpy(ret, size, text);
}

static int set_log(Scene *s, const char *name, const char *value) {
        _cleanup_message_ sd_bus_message *reply = NULL;

        reply = call(s, "/org/freedesktop/LogControl1", PROPERTIES_INTERFACE, "Set", "ssv",
                     "org.freedesktop.LogControl1", name, "s", value);
        return sd_bus_message_is_method_error(reply, NULL) ? -sd_bus_message_get_errno(reply) : 0;
}

START_TEST(log_control) {
        char text[64];
        Scene s;

        scene_daemon(&s);
        get_log(&s, "LogLevel", text, sizeof(text));
        ck_assert_str_eq(text, "info");
        get_log(&s, "LogTarget", text, sizeof(text));
        ck_assert_str_eq(text, "auto");
        get_log(&s, "SyslogIdentifier", text, sizeof(text));
        ck_assert_str_eq(text, "kdumpd");
        ck_assert_int_eq(set_log(&s, "LogLevel", "debug"), 0);
        ck_assert_int_eq(log_get_level(), LOG_DEBUG);
        ck_assert_int_eq(set_log(&s, "LogLevel", "loud"), -EINVAL);
        get_log(&s, "LogLevel", text, sizeof(text));
        ck_assert_str_eq(text, "debug");
        ck_assert_int_eq(set_log(&s, "LogTarget", "null"), 0);
        ck_assert_int_eq(log_get_target(), LOG_TARGET_NULL);
        ck_assert_int_eq(set_log(&s, "LogTarget", "printer"), -EINVAL);
        ck_assert_int_lt(set_log(&s, "SyslogIdentifier", "other"), 0);
        scene_daemon_done(&s);
}
END_TEST

/* --- privilege -------------------------------------------------------------------------------- */

/* In a process of its own, as nobody. Returns 0, or the number of what is wrong. */
static int calls_of_nobody(void) {
        static const struct {
                const char *path, *interface, *method, *types, *a, *b, *c;
                bool allowed;
        } calls[] = {
                { BUS_PATH, BUS_INTERFACE, "Load", "", NULL, NULL, NULL, false },
                { BUS_PATH, BUS_INTERFACE, "Unload", "", NULL, NULL, NULL, false },
                { BUS_PATH, BUS_INTERFACE, "Reload", "", NULL, NULL, NULL, false },
                { BUS_PATH, PROPERTIES_INTERFACE, "Get", "ss", BUS_INTERFACE, "State", NULL, true },
                { BUS_PATH, PROPERTIES_INTERFACE, "GetAll", "s", BUS_INTERFACE, NULL, NULL, true },
                { BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "", NULL, NULL,
                  NULL, true },
        };
        sd_bus *bus;

        if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0 || sd_bus_open_system(&bus) < 0)
                return 100;
        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = sd_bus_call_method(bus, BUS_NAME, calls[i].path, calls[i].interface,
                                           calls[i].method, &error, NULL, calls[i].types,
                                           calls[i].a, calls[i].b);

                if (calls[i].allowed ? r < 0
                                     : !sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED))
                        return (int)i + 1;
        }
        if (sd_bus_call_method(bus, BUS_NAME, BUS_PATH, BUS_INTERFACE, "ListDecisions", NULL, NULL,
                               "u", 5) < 0)
                return 50;
        if (sd_bus_set_property(bus, BUS_NAME, "/org/freedesktop/LogControl1",
                                "org.freedesktop.LogControl1", "LogLevel", NULL, "s",
                                "debug") != -EACCES)
                return 51;
        sd_bus_close_unref(bus);
        return 0;
}

START_TEST(privilege) {
        int status = -1;
        pid_t pid;
        Scene s;

        if (geteuid() != 0)
                return;
        scene_daemon(&s);
        world_arm(&s.world);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                _exit(calls_of_nobody());
        AWAIT(&s, waitpid(pid, &status, WNOHANG) == pid);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "call %d", status >> 8);
        ck_assert(!s.world.running);
        ck_assert_uint_eq(s.world.n_started[HELPER_LOAD], 1);
        ck_assert_uint_eq(s.world.n_started[HELPER_UNLOAD], 0);
        ck_assert_uint_eq(s.bus->n_callers, 0);
        ck_assert_int_eq(log_get_level(), LOG_INFO);
        scene_daemon_done(&s);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, properties);
        ADD_TEST(s, read_only);
        ADD_TEST(s, introspection);
        ADD_TEST(s, changes);
        ADD_TEST(s, first_change);
        ADD_TEST(s, methods);
        ADD_TEST(s, error_names);
        ADD_TEST(s, too_many_callers);
        ADD_TEST(s, decisions);
        /* Nothing that is missing here is reported as passed: the plan has fewer lines. */
        if (system("command -v dbus-daemon >/dev/null") != 0)
                return;
        ADD_TEST(s, on_the_bus);
        ADD_TEST(s, caller_vanishes);
        ADD_TEST(s, bus_comes_back);
        ADD_TEST(s, before_the_bus);
        ADD_TEST(s, exit_without_bus);
        ADD_TEST(s, crowded_bus);
        ADD_TEST(s, name_is_taken);
        ADD_TEST(s, resume);
        ADD_TEST(s, log_control);
        if (geteuid() == 0)
                ADD_TEST(s, privilege);
}

TEST_MAIN("bus", add_cases)
