/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions and orders to systemd itself, past the system bus. */
#include "daemon/bus-systemd.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "daemon/unit-name.h"
#include "sys/log.h"

#define MANAGER_PATH      "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

/* A job is only queued; that takes long where systemd itself is busy. */
#define START_TIMEOUT_USEC USEC_PER_MINUTE

static int open_private(const char *root, uint64_t timeout_usec, sd_bus **ret) {
        _cleanup_free_ char *address = NULL;
        sd_bus *bus = NULL;
        int r;

        if (asprintf(&address, "unix:path=%s/run/systemd/private", root) < 0) {
                address = NULL;
                return -ENOMEM;
        }
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, timeout_usec);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                sd_bus_close_unref(bus);
        else
                *ret = bus;
        return r;
}

static int ask(const char *root, char **ret_state) {
        sd_bus *bus = NULL;
        int r;

        r = open_private(root, USEC_PER_SEC, &bus);
        if (r >= 0)
                r = sd_bus_get_property_string(bus, NULL, MANAGER_PATH, MANAGER_INTERFACE,
                                               "SystemState", NULL, ret_state);
        sd_bus_close_unref(bus);
        return r;
}

/* As sd_booted(3) finds it out. */
static bool systemd_runs(const char *root) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/run/systemd/system/", root) < 0) {
                path = NULL;
                return true;
        }
        return access(path, F_OK) >= 0;
}

bool system_is_going_down(const char *root) {
        _cleanup_free_ char *state = NULL;

        if (!systemd_runs(root))
                return false;
        return ask(root, &state) < 0 || streq(state, "stopping");
}

/* The connection is for this one call, and its slot and itself end with the answer. */
static int on_started(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(message);
        sd_bus *bus = sd_bus_message_get_bus(message);

        if (e)
                log_warning("systemd does not start a unit, ignoring: %s", strempty(e->message));
        (void)sd_bus_detach_event(bus);
        sd_bus_close(bus);
        sd_bus_unref(bus);
        return 0;
}

void system_start_unit(sd_event *event, const char *root, const char *unit) {
        sd_bus *bus = NULL;
        int r;

        if (!systemd_runs(root))
                return;
        r = open_private(root, START_TIMEOUT_USEC, &bus);
        if (r >= 0)
                r = sd_bus_set_close_on_exit(bus, false);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_bus_call_method_async(bus, NULL, NULL, MANAGER_PATH, MANAGER_INTERFACE,
                                             "StartUnit", on_started, NULL, "ss", unit, "replace");
        if (r >= 0)
                return;
        log_warning("Cannot start %s, ignoring: %s", unit, strerrordesc_np(-r));
        (void)sd_bus_detach_event(bus);
        sd_bus_close_unref(bus);
}

void system_start_unit_for(sd_event *event, const char *root, const char *name, const char *path) {
        char unit[UNIT_NAME_MAX];

        if (unit_name_for_path(unit, name, path) < 0)
                log_warning("Cannot start %s@.service for %s, ignoring: the path is too long for "
                            "the name of a unit",
                            name, path);
        else
                system_start_unit(event, root, unit);
}
