/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to the system bus: made when the bus appears, and again when it comes back. */
#include "daemon/bus.h"

#include <errno.h>

#include "daemon/bus-private.h"
#include "sys/log.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"

/* A bus that just went away is given this long before its socket is tried or watched for; one that
 * turns us away again and again, twice as long each time. */
#define RECONNECT_USEC         (500 * USEC_PER_MSEC)
#define RECONNECT_LONGEST_USEC (60 * USEC_PER_SEC)

/* What RequestName() answers if somebody else has the name (D-Bus specification). */
#define NAME_IN_QUEUE 2u

static void connect_bus(Bus *b);

static int on_reconnect(sd_event_source *source, uint64_t usec, void *userdata) {
        Bus *b = userdata;

        b->reconnect_source = sd_event_source_disable_unref(b->reconnect_source);
        connect_bus(b);
        return 0;
}

static void reconnect_later(Bus *b) {
        int r;

        r = sd_event_add_time_relative(b->event, &b->reconnect_source, CLOCK_MONOTONIC,
                                       b->wait_usec, 0, on_reconnect, b);
        if (r < 0)
                log_warning("Cannot wait for the system bus, going on without it: %s",
                            strerrordesc_np(-r));
        b->wait_usec = MIN(2 * b->wait_usec, RECONNECT_LONGEST_USEC);
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

        log_info("The system bus went away; waiting for it to come back");
        reconnect_later(b);
        /* sd-bus itself holds the connection while one of its handlers runs. */
        disconnect(b);
        return 0;
}

/* Once, and not each time that it is asked for again. */
static void tell_refused(const Bus *b, const sd_bus_error *e) {
        if (b->name_refused)
                log_debug("The system bus still refuses the name %s: %s", BUS_NAME,
                          strempty(e->message));
        else if (sd_bus_error_has_name(e, SD_BUS_ERROR_ACCESS_DENIED))
                log_warning("The system bus refuses the name %s, so that kdumpctl cannot reach "
                            "kdumpd, which goes on without it: is its policy installed as "
                            "%s/%s.conf, and was the bus told to read it with 'systemctl reload "
                            "dbus'? (%s)",
                            BUS_NAME, KDUMPD_DBUSPOLICYDIR, BUS_NAME, strempty(e->message));
        else
                log_warning("Cannot take the name %s on the system bus: %s", BUS_NAME,
                            strempty(e->message));
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(message);
        Bus *b = userdata;
        uint32_t answer = 0;

        if (e) {
                tell_refused(b, e);
                b->name_refused = true;
                return 0;
        }
        if (b->name_refused)
                log_info("The system bus gives us the name %s now", BUS_NAME);
        b->name_refused = false;
        b->wait_usec = RECONNECT_USEC;
        if (sd_bus_message_read(message, "u", &answer) > 0 && answer == NAME_IN_QUEUE)
                log_warning("Another process has the name %s on the system bus; waiting for it",
                            BUS_NAME);
        return 0;
}

static int request_name(Bus *b) {
        return sd_bus_request_name_async(b->bus, NULL, BUS_NAME, SD_BUS_NAME_QUEUE, on_name, b);
}

void bus_ask_again(Bus *b) {
        int r;

        if (!b->name_refused || !bus_is_ready(b))
                return;
        r = request_name(b);
        if (r < 0)
                log_debug("Cannot ask for the name %s again: %s", BUS_NAME, strerrordesc_np(-r));
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

/* Before every other handler.
 *
 * A signal that is addressed to us is not believed, whatever it is: anybody may send one, the bus
 * holds such a signal against no match rule, and sd-bus cannot tell a well-known name of its sender
 * either. Whoever has something to say to all, as logind, broadcasts it, and the bus checks that
 * against our rules.
 *
 * Whoever asks gets what is true now. Events and timers are handled as they come, but nothing tells
 * us when somebody else loads or unloads. */
static int on_any_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        if (sd_bus_message_is_signal(message, NULL, NULL) > 0)
                return sd_bus_message_get_destination(message) ? 1 : 0;
        if (sd_bus_message_is_method_call(message, NULL, NULL) <= 0)
                return 0;
        if (streq_ptr(sd_bus_message_get_interface(message), "org.freedesktop.DBus.Properties"))
                b->refresh(b->userdata);
        (void)manager_status(b->manager);
        return 0;
}

const char *bus_address(void) {
        return secure_getenv("DBUS_SYSTEM_BUS_ADDRESS") ?: SYSTEM_BUS_ADDRESS;
}

static int set_up(Bus *b) {
        int r;

        r = sd_bus_new(&b->bus);
        if (r < 0)
                return r;
        r = sd_bus_set_description(b->bus, "kdumpd");
        if (r >= 0)
                r = sd_bus_set_address(b->bus, bus_address());
        if (r >= 0)
                r = sd_bus_set_bus_client(b->bus, true);
        /* Else the end of the event loop would wait for a bus that is slow to let us in. */
        if (r >= 0)
                r = sd_bus_set_close_on_exit(b->bus, false);
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
                r = request_name(b);
        if (r >= 0)
                r = sd_bus_attach_event(b->bus, b->event, SD_EVENT_PRIORITY_NORMAL);
        return r;
}

static void connect_bus(Bus *b) {
        int r;

        r = set_up(b);
        if (r >= 0)
                return;
        log_warning("Cannot connect to the system bus, going on without it for now: %s",
                    strerrordesc_np(-r));
        disconnect(b);
        reconnect_later(b);
}

int bus_new(sd_event *event, Manager *manager, BusRefresh refresh, void *userdata, Bus **ret) {
        Bus *b = calloc(1, sizeof(*b));

        if (!b)
                return -ENOMEM;
        *b = (Bus){
                .event = sd_event_ref(event),
                .manager = manager,
                .refresh = refresh,
                .userdata = userdata,
                .asked_by_root = bus_asked_by_root,
                .wait_usec = RECONNECT_USEC,
        };
        connect_bus(b);
        *ret = b;
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
        if (bus_is_ready(b))
                (void)sd_bus_flush(b->bus);
}
