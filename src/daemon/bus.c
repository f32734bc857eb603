/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to the system bus: made when the bus appears, and again when it comes back. */
#include "daemon/bus.h"

#include <errno.h>

#include "daemon/bus-private.h"
#include "sys/log.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"

/* A bus that just went away is given this long before its socket is tried or watched for. */
#define RECONNECT_USEC (500 * USEC_PER_MSEC)

static int connect_bus(Bus *b);

static int on_reconnect(sd_event_source *source, uint64_t usec, void *userdata) {
        Bus *b = userdata;
        int r;

        b->reconnect_source = sd_event_source_disable_unref(b->reconnect_source);
        r = connect_bus(b);
        if (r < 0)
                log_warning("Cannot connect to the system bus, going on without it: %s",
                            strerrordesc_np(-r));
        return 0;
}

static void disconnect(Bus *b) {
        bus_forget_callers(b);
        if (!b->bus)
                return;
        (void)sd_bus_detach_event(b->bus);
        b->bus = sd_bus_close_unref(b->bus);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        int r;

        log_info("The system bus went away; waiting for it to come back");
        r = sd_event_add_time_relative(b->event, &b->reconnect_source, CLOCK_MONOTONIC,
                                       RECONNECT_USEC, 0, on_reconnect, b);
        if (r < 0)
                log_warning("Cannot wait for the system bus, going on without it: %s",
                            strerrordesc_np(-r));
        /* sd-bus itself holds the connection while one of its handlers runs. */
        disconnect(b);
        return 0;
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(message);

        if (e)
                log_warning("Cannot take the name %s on the system bus: %s", BUS_NAME,
                            strempty(e->message));
        return 0;
}

/* The time spent asleep is time in which events may have been missed. */
static int on_sleep(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        Input input = { .type = INPUT_LOOK_AGAIN };
        int going, r;

        r = sd_bus_message_read(message, "b", &going);
        if (r >= 0 && !going)
                manager_input(b->manager, &input);
        return 0;
}

/* Whoever asks gets what is true now. Events and timers are handled as they come, but nothing tells
 * us when somebody else loads or unloads. */
static int on_any_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        if (sd_bus_message_is_method_call(message, NULL, NULL) <= 0)
                return 0;
        if (streq_ptr(sd_bus_message_get_interface(message), "org.freedesktop.DBus.Properties"))
                b->refresh(b->userdata);
        (void)manager_status(b->manager);
        return 0;
}

static int set_up(Bus *b) {
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
        int r;

        r = sd_bus_new(&b->bus);
        if (r < 0)
                return r;
        r = sd_bus_set_description(b->bus, "kdumpd");
        if (r >= 0)
                r = sd_bus_set_address(b->bus, address ?: SYSTEM_BUS_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_bus_client(b->bus, true);
        /* With this, a socket that is not there yet is waited for instead of being an error. */
        if (r >= 0)
                r = sd_bus_set_watch_bind(b->bus, true);
        if (r >= 0)
                r = sd_bus_start(b->bus);
        if (r >= 0)
                r = sd_bus_add_filter(b->bus, NULL, on_any_message, b);
        if (r >= 0)
                r = bus_add_manager(b);
        if (r >= 0)
                r = bus_add_log_control(b->bus);
        if (r >= 0)
                r = sd_bus_match_signal_async(
                        b->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                        "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, b);
        if (r >= 0)
                r = sd_bus_match_signal_async(
                        b->bus, NULL, "org.freedesktop.login1", "/org/freedesktop/login1",
                        "org.freedesktop.login1.Manager", "PrepareForSleep", on_sleep, NULL, b);
        if (r >= 0)
                r = sd_bus_request_name_async(b->bus, NULL, BUS_NAME, 0, on_name, b);
        if (r >= 0)
                r = sd_bus_attach_event(b->bus, b->event, SD_EVENT_PRIORITY_NORMAL);
        return r;
}

static int connect_bus(Bus *b) {
        int r;

        r = set_up(b);
        if (r < 0)
                disconnect(b);
        return r;
}

int bus_new(sd_event *event, Manager *manager, BusRefresh refresh, void *userdata, Bus **ret) {
        _cleanup_(bus_freep) Bus *b = NULL;
        int r;

        b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;
        b->event = sd_event_ref(event);
        b->manager = manager;
        b->refresh = refresh;
        b->userdata = userdata;
        r = connect_bus(b);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

Bus *bus_free(Bus *b) {
        if (!b)
                return NULL;
        b->reconnect_source = sd_event_source_disable_unref(b->reconnect_source);
        disconnect(b);
        sd_event_unref(b->event);
        free(b);
        return NULL;
}

void bus_drain(Bus *b) {
        if (b->bus)
                (void)sd_bus_flush(b->bus);
}
