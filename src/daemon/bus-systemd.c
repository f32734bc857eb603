/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A question to systemd itself, past the system bus. */
#include "daemon/bus-systemd.h"

#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/string-util.h"
#include "base/time-util.h"

#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"

static int ask(sd_bus *bus, char **ret_state) {
        int r;

        r = sd_bus_set_address(bus, PRIVATE_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, USEC_PER_SEC);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                r = sd_bus_get_property_string(bus, NULL, "/org/freedesktop/systemd1",
                                               "org.freedesktop.systemd1.Manager", "SystemState",
                                               NULL, ret_state);
        return r;
}

bool system_is_going_down(void) {
        _cleanup_free_ char *state = NULL;
        sd_bus *bus = NULL;
        int r;

        /* As sd_booted(3) finds it out. */
        if (access("/run/systemd/system/", F_OK) < 0)
                return false;
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = ask(bus, &state);
        sd_bus_close_unref(bus);
        return r < 0 || streq(state, "stopping");
}
