/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus object: its methods, and who may call them. */
#include "fake-bus.h"

#include <sys/wait.h>

#include "sys/log.h"

#define NOBODY 65534

/* --- methods ---------------------------------------------------------------------------------- */

START_TEST(methods) {
        FakeBus s;

        fake_bus_pair(&s);
        fake_world_arm(&s.world);
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
        fake_world_job_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_replies, 3);
        ck_assert_int_eq(s.world.order.job, JOB_UNLOAD);
        fake_world_job_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_replies, 4);
        ck_assert_uint_eq(s.client.n_errors, 0);
        ck_assert_int_eq(s.world.kernel.loaded, 0);

        send_call(&s, &s.client, "Load");
        barrier(&s);
        s.world.job_error = "no \"100%s\" kernel";
        fake_world_job_ends(&s.world, FAILURE_BAD_KERNEL);
        fake_world_pass(&s.world, WORLD_SECOND_LOOK_USEC);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_errors, 1);
        ck_assert_str_eq(s.client.error, "org.kdumpd1.Error.BadKernel");
        ck_assert_str_eq(s.client.message, "no \"100%s\" kernel");
        ck_assert_uint_eq(s.bus->n_callers, 0);

        fake_world_request(&s.world, REQUEST_LOAD);
        send_call(&s, &s.client, "Reload");
        barrier(&s);
        fake_world_input(&s.world, INPUT_STOP);
        barrier(&s);
        fake_world_job_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_errors, 2);
        ck_assert_str_eq(s.client.error, "org.kdumpd1.Error.Busy");
        ck_assert_uint_eq(s.world.n_quit, 1);
        fake_bus_pair_done(&s);
}
END_TEST

/* All errors have names that D-Bus takes. */
START_TEST(error_names) {
        FakeBus s;

        fake_bus_pair(&s);
        fake_world_arm(&s.world);
        for (Failure f = FAILURE_NONE + 1; f < _FAILURE_MAX; f++) {
                char name[128];

                send_call(&s, &s.client, "Reload");
                barrier(&s);
                bus_answer(s.bus, REQUEST_BIT(REQUEST_RELOAD), f, NULL);
                AWAIT(&s, s.client.n_errors == (unsigned)f);
                strscpyf(name, sizeof(name), "org.kdumpd1.Error.%s", failure_to_string(f));
                ck_assert_str_eq(s.client.error, name);
        }
        fake_bus_pair_done(&s);
}
END_TEST

START_TEST(too_many_callers) {
        FakeBus s;

        fake_bus_pair(&s);
        fake_world_arm(&s.world);
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
        fake_world_job_ends(&s.world, FAILURE_NONE);
        if (s.world.running)
                fake_world_job_ends(&s.world, FAILURE_NONE);
        AWAIT(&s, s.client.n_replies == BUS_CALLERS_MAX + 2);
        ck_assert_uint_eq(s.client.n_errors, 2);
        ck_assert_uint_eq(s.bus->n_callers, 0);
        send_call(&s, &s.client, "Load");
        AWAIT(&s, s.client.n_replies == BUS_CALLERS_MAX + 3);
        ck_assert_uint_eq(s.client.n_errors, 2);
        fake_bus_pair_done(&s);
}
END_TEST

static unsigned list(FakeBus *s, uint32_t max, uint32_t *ret_first_events) {
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
        FakeBus s;

        fake_bus_pair(&s);
        ck_assert_uint_eq(list(&s, 5, &events), 0);
        fake_world_answers(&s.world, HOTPLUG_KERNEL_UPDATES);
        fake_world_arm(&s.world);
        barrier(&s);
        ck_assert_uint_eq(s.client.n_decided, 1);
        ck_assert_str_eq(s.client.decided,
                         "|0|load|no crash kernel image is loaded|ok|loaded in 21.0 ms");
        for (unsigned i = 1; i <= HISTORY_MAX + 6; i++) {
                for (unsigned j = 0; j < i; j++)
                        fake_world_uevent(&s.world, SUBSYSTEM_MEMORY, HOTPLUG_ADD);
                fake_world_pass(&s.world, USEC_PER_SEC);
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
        fake_bus_pair_done(&s);
}
END_TEST

/* --- over a dbus-daemon ---------------------------------------------------------------------- */

START_TEST(caller_vanishes) {
        Client other;
        FakeBus s;

        fake_bus_daemon(&s);
        fake_world_arm(&s.world);
        connect_client(&s, &other);
        send_call(&s, &other, "Reload");
        AWAIT(&s, s.world.running);
        disconnect_client(&other);
        barrier(&s);
        fake_world_job_ends(&s.world, FAILURE_NONE);
        barrier(&s);
        ck_assert_uint_eq(s.bus->n_callers, 0);
        send_call(&s, &s.client, "Load");
        AWAIT(&s, s.client.n_replies == 1);
        ck_assert_uint_eq(s.client.n_errors, 0);
        fake_bus_daemon_done(&s);
}
END_TEST

START_TEST(resume) {
        Client login = { 0 };
        FakeBus s;

        fake_bus_daemon(&s);
        fake_world_arm(&s.world);
        ck_assert_int_ge(sd_bus_open_system(&login.bus), 0);
        ck_assert_int_ge(sd_bus_request_name(login.bus, "org.freedesktop.login1", 0), 0);
        for (int going = 1; going >= 0; going--) {
                ck_assert(!s.world.manager.guard.batch.look_again);
                ck_assert_int_ge(sd_bus_emit_signal(login.bus, "/org/freedesktop/login1",
                                                    "org.freedesktop.login1.Manager",
                                                    "PrepareForSleep", "b", going),
                                 0);
                ck_assert_int_ge(sd_bus_flush(login.bus), 0);
                barrier(&s);
        }
        AWAIT(&s, s.world.manager.guard.batch.look_again);
        disconnect_client(&login);
        fake_bus_daemon_done(&s);
}
END_TEST

static void send_signal(Client *c, const char *destination, const char *path, const char *interface,
                        const char *member) {
        _cleanup_message_ sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_signal(c->bus, &m, path, interface, member), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "b", 0), 0);
        if (destination)
                ck_assert_int_ge(sd_bus_message_set_destination(m, destination), 0);
        ck_assert_int_ge(sd_bus_send(c->bus, m, NULL), 0);
        ck_assert_int_ge(sd_bus_flush(c->bus), 0);
}

static int count_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        unsigned *n = userdata;

        (*n)++;
        return 0;
}

/* Signals of somebody who is not logind: to our name, to our number, and to all. One that any
 * handler would take, of whatever rule, stands for the handlers to come. */
START_TEST(signals_of_nobody) {
        const char *own, *destinations[] = { BUS_NAME, NULL, NULL };
        unsigned n = 0;
        Client other;
        FakeBus s;

        fake_bus_daemon(&s);
        fake_world_arm(&s.world);
        ck_assert_int_ge(sd_bus_get_unique_name(s.bus->bus, &own), 0);
        destinations[1] = own;
        ck_assert_int_ge(sd_bus_match_signal_async(s.bus->bus, NULL, "org.freedesktop.DBus", NULL,
                                                   NULL, "NameOwnerChanged", count_signal, NULL,
                                                   &n),
                         0);
        barrier(&s);
        connect_client(&s, &other);
        /* The real one, of the new client's number. */
        AWAIT(&s, n > 0);
        n = 0;
        for (size_t i = 0; i < ELEMENTSOF(destinations); i++) {
                send_signal(&other, destinations[i], "/org/freedesktop/login1",
                            "org.freedesktop.login1.Manager", "PrepareForSleep");
                send_signal(&other, destinations[i], "/org/freedesktop/DBus",
                            "org.freedesktop.DBus", "NameOwnerChanged");
                send_call(&s, &other, "Load");
                AWAIT(&s, other.n_replies == i + 1);
        }
        ck_assert(!s.world.manager.guard.batch.look_again);
        ck_assert_uint_eq(n, 0);
        disconnect_client(&other);
        fake_bus_daemon_done(&s);
}
END_TEST

static void get_log(FakeBus *s, const char *name, char *ret, size_t size) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *text;

        reply = call(s, "/org/freedesktop/LogControl1", PROPERTIES_INTERFACE, "Get", "ss",
                     "org.freedesktop.LogControl1", name);
        ck_assert_int_gt(sd_bus_message_read(reply, "v", "s", &text), 0);
        strscpy(ret, size, text);
}

static int set_log(FakeBus *s, const char *name, const char *value) {
        _cleanup_message_ sd_bus_message *reply = NULL;

        reply = call(s, "/org/freedesktop/LogControl1", PROPERTIES_INTERFACE, "Set", "ssv",
                     "org.freedesktop.LogControl1", name, "s", value);
        return sd_bus_message_is_method_error(reply, NULL) ? -sd_bus_message_get_errno(reply) : 0;
}

START_TEST(log_control) {
        char text[64];
        FakeBus s;

        fake_bus_daemon(&s);
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
        fake_bus_daemon_done(&s);
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
        static const char *const hidden[] = { "CommandLine", "LastCrashMessage" };
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
        for (size_t i = 0; i < ELEMENTSOF(hidden); i++) {
                _cleanup_free_ char *text = NULL;

                if (sd_bus_get_property_string(bus, BUS_NAME, BUS_PATH, BUS_INTERFACE, hidden[i],
                                               NULL, &text) < 0 ||
                    text[0] != '\0')
                        return 60 + (int)i;
        }
        if (sd_bus_set_property(bus, BUS_NAME, "/org/freedesktop/LogControl1",
                                "org.freedesktop.LogControl1", "LogLevel", NULL, "s",
                                "debug") != -EACCES)
                return 51;
        sd_bus_close_unref(bus);
        return 0;
}

START_TEST(privilege) {
        char text[64];
        int status = -1;
        pid_t pid;
        FakeBus s;

        fake_bus_daemon(&s);
        fake_world_arm(&s.world);
        strscpy(s.world.manager.aftermath.crash.message,
                sizeof(s.world.manager.aftermath.crash.message), "BUG: x");
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                _exit(calls_of_nobody());
        AWAIT(&s, waitpid(pid, &status, WNOHANG) == pid);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "call %d", status >> 8);
        ck_assert(!s.world.running);
        ck_assert_uint_eq(s.world.n_started[JOB_LOAD], 1);
        ck_assert_uint_eq(s.world.n_started[JOB_UNLOAD], 0);
        ck_assert_uint_eq(s.bus->n_callers, 0);
        ck_assert_int_eq(log_get_level(), LOG_INFO);
        get_property(&s, "LastCrashMessage", "s", text, sizeof(text));
        ck_assert_str_eq(text, "BUG: x");
        fake_bus_daemon_done(&s);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, methods);
        ADD_TEST(s, error_names);
        ADD_TEST(s, too_many_callers);
        ADD_TEST(s, decisions);
        /* Nothing that is missing here is reported as passed: the plan has fewer lines. */
        if (system("command -v dbus-daemon >/dev/null") != 0)
                return;
        ADD_TEST(s, caller_vanishes);
        ADD_TEST(s, resume);
        ADD_TEST(s, signals_of_nobody);
        ADD_TEST(s, log_control);
        if (geteuid() == 0)
                ADD_TEST(s, privilege);
}

TEST_MAIN("bus-calls", add_cases)
