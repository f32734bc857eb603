/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service with the interface of kdumpd and nothing behind it, for the tests of kdumpctl.
 *
 * usage: fake-kdumpd [NAME=VALUE | METHOD:ERROR:MESSAGE]...
 *        fake-kdumpd --systemd ACTIVESTATE
 *
 * A NAME is a property, a METHOD is one that fails with the D-Bus error name ERROR. METHOD:die
 * makes it end without an answer. Prints "ready" once it owns the name on the system bus. The
 * second form is as much of systemd as kdumpctl asks: whether kdumpd.service is active. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/string-util.h"
#include "core/bus-name.h"
#include "core/status.h"

typedef struct Fake {
        Status status;
        char **failures;
        int n_failures;
} Fake;

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *name,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Fake *fake = userdata;
        const StatusProperty *property = status_property((size_t)status_property_find(name));
        const void *field = status_member_const(&fake->status, property);

        switch (property->kind) {
        case STATUS_STRING:
                return sd_bus_message_append(reply, "s", strempty(*(const char *const *)field));
        case STATUS_STRINGS:
                return sd_bus_message_append_strv(reply, *(char **const *)field);
        case STATUS_BOOL:
                return sd_bus_message_append(reply, "b", *(const bool *)field);
        case STATUS_NUMBER:
        default:
                return sd_bus_message_append(reply, "t", *(const uint64_t *)field);
        }
}

/* 0 if the method is to succeed. */
static int fail(const Fake *fake, const char *method, sd_bus_error *error) {
        for (int i = 0; i < fake->n_failures; i++) {
                const char *rest = startswith(fake->failures[i], method);
                char name[128];
                size_t n;

                if (!rest || rest[0] != ':')
                        continue;
                n = strcspn(++rest, ":");
                if (strncmp(rest, "die", n) == 0)
                        _exit(EXIT_SUCCESS);
                strscpyf(name, sizeof(name), "%.*s", (int)n, rest);
                return sd_bus_error_set(error, name, rest[n] ? rest + n + 1 : NULL);
        }
        return 0;
}

static int on_command(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        int r = fail(userdata, sd_bus_message_get_member(call), error);

        return r < 0 ? r : sd_bus_reply_method_return(call, NULL);
}

static int on_list(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const struct {
                uint64_t time;
                const char *subsystems;
                uint32_t events;
                const char *decision, *reason, *result, *details;
        } decisions[] = {
                /* The newest first. */
                { 1700000100000000, "memory", 16, "skip", "crash_hotplug reads 1", "ok", "" },
                { 1700000000000000, "", 0, "load", "no crash kernel image is loaded", "ok",
                  "loaded in 1.31 s" },
        };
        sd_bus_message *reply = NULL;
        uint32_t max, n;
        int r;

        r = fail(userdata, "ListDecisions", error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(call, "u", &max);
        if (r >= 0)
                r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(tsussss)");
        n = (uint32_t)MIN((size_t)max, ELEMENTSOF(decisions));
        for (size_t i = 0; i < n && r >= 0; i++)
                r = sd_bus_message_append(reply, "(tsussss)", decisions[i].time,
                                          decisions[i].subsystems, decisions[i].events,
                                          decisions[i].decision, decisions[i].reason,
                                          decisions[i].result, decisions[i].details);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        (void)sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

#define COMMAND(name) SD_BUS_METHOD(name, "", "", on_command, SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
#define X(Name, kind, member, audience, help)                            \
        SD_BUS_PROPERTY(#Name, STATUS_SIGNATURE_##kind, get_property, 0, \
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        STATUS_PROPERTIES(X)
#undef X
                COMMAND("Load"),
        COMMAND("Unload"),
        COMMAND("Reload"),
        COMMAND("Rebuild"),
        SD_BUS_METHOD_WITH_ARGS("ListDecisions", SD_BUS_ARGS("u", max),
                                SD_BUS_RESULT("a(tsussss)", decisions), on_list,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Decided",
                                SD_BUS_ARGS("t", time, "s", subsystems, "u", events, "s", decision,
                                            "s", reason, "s", result, "s", details),
                                0),
        SD_BUS_VTABLE_END,
};

/* What only this daemon's successor would have: kdumpctl must not mind. */
static int get_future(sd_bus *bus, const char *path, const char *interface, const char *name,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "a{ss}", 1, "key", "value");
}

static int set_property(Status *status, const char *assignment) {
        const char *value = strchr(assignment, '=') + 1;
        const StatusProperty *property;
        char name[64];
        int i;

        strscpyf(name, sizeof(name), "%.*s", (int)(value - assignment) - 1, assignment);
        i = status_property_find(name);
        if (i < 0)
                return i;
        property = status_property((size_t)i);
        switch (property->kind) {
        case STATUS_STRING:
                free((char *)*(const char **)status_member(status, property));
                *(const char **)status_member(status, property) = strdup(value);
                return 0;
        case STATUS_STRINGS: { /* one of them */
                char **strings = calloc(2, sizeof(char *));

                strings[0] = strdup(value);
                *(char ***)status_member(status, property) = strings;
                return 0;
        }
        case STATUS_BOOL:
                *(bool *)status_member(status, property) = parse_boolean(value) > 0;
                return 0;
        case STATUS_NUMBER:
        default:
                return parse_u64(value, 10, status_member(status, property));
        }
}

/* Until the bus goes away. */
static int serve(sd_bus *bus) {
        int r = 0;

        (void)puts("ready");
        (void)fflush(stdout);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        return r == -ENOTCONN || r == -ECONNRESET ? 0 : r;
}

static int get_active_state(sd_bus *bus, const char *path, const char *interface, const char *name,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", userdata);
}

static int be_systemd(char *state) {
        static const sd_bus_vtable unit[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_PROPERTY("ActiveState", "s", get_active_state, 0, 0),
                SD_BUS_VTABLE_END,
        };
        sd_bus *bus = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL,
                                             "/org/freedesktop/systemd1/unit/kdumpd_2eservice",
                                             "org.freedesktop.systemd1.Unit", unit, state);
        if (r >= 0)
                r = sd_bus_request_name(bus, "org.freedesktop.systemd1", 0);
        if (r >= 0)
                r = serve(bus);
        (void)sd_bus_flush_close_unref(bus);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        static const char *const presets[] = { "State=armed",
                                               "Armed=yes",
                                               "KernelFile=/boot/vmlinuz-6.12.0",
                                               "KernelRelease=6.12.0",
                                               "CpuHotplug=kernel",
                                               "MemoryHotplug=kernel",
                                               "ReservationBytes=268435456" };
        static const sd_bus_vtable future[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_PROPERTY("Future", "a{ss}", get_future, 0, SD_BUS_VTABLE_PROPERTY_CONST),
                SD_BUS_VTABLE_END,
        };
        Fake fake = { .failures = argv + 1, .n_failures = argc - 1 };
        sd_bus *bus = NULL;
        int r = 0;

        if (argc == 3 && streq(argv[1], "--systemd"))
                return be_systemd(argv[2]);
        for (size_t i = 0; i < ELEMENTSOF(presets) && r >= 0; i++)
                r = set_property(&fake.status, presets[i]);
        for (int i = 1; i < argc && r >= 0; i++)
                if (strchr(argv[i], '='))
                        r = set_property(&fake.status, argv[i]);
        if (r >= 0)
                r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_INTERFACE, vtable, &fake);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_INTERFACE, future, &fake);
        if (r >= 0)
                r = sd_bus_request_name(bus, BUS_NAME, 0);
        if (r >= 0)
                r = serve(bus);
        if (r < 0)
                (void)fprintf(stderr, "fake-kdumpd: %s\n", strerror(-r));
        (void)sd_bus_flush_close_unref(bus);
        status_done(&fake.status);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
