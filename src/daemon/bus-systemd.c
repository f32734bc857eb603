/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A question to systemd itself. */
#include "daemon/bus-systemd.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "daemon/bus-private.h"

#define MANAGER_NAME      "org.freedesktop.systemd1"
#define MANAGER_PATH      "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define PATIENCE_USEC     USEC_PER_SEC

typedef struct Answer {
        bool is_there;
        bool stays; /* the system does */
} Answer;

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Answer *answer = userdata;
        const char *state;

        answer->is_there = true;
        answer->stays = !sd_bus_message_is_method_error(message, NULL) &&
                        sd_bus_message_read(message, "v", "s", &state) > 0 &&
                        !streq(state, "stopping");
        return 0;
}

/* The limit is for all of it: a connection that is slow to be let in, too, for which sd-bus would
 * wait for half a minute. */
static void ask(sd_bus *bus, Answer *answer) {
        uint64_t end_usec = monotonic_usec() + PATIENCE_USEC;
        int r;

        r = sd_bus_call_method_async(bus, NULL, MANAGER_NAME, MANAGER_PATH,
                                     "org.freedesktop.DBus.Properties", "Get", on_answer, answer,
                                     "ss", MANAGER_INTERFACE, "SystemState");
        while (r >= 0 && !answer->is_there) {
                uint64_t now = monotonic_usec();

                if (now >= end_usec)
                        return;
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, end_usec - now);
        }
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
        Answer answer = { 0 };
        sd_bus *bus = NULL;
        int r;

        if (!systemd_runs(root))
                return false;
        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, bus_address());
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                ask(bus, &answer);
        sd_bus_close_unref(bus);
        return !answer.stays;
}
