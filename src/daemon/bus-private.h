/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the bus connection share. */
#pragma once

#include <systemd/sd-bus.h>

#include "core/bus-name.h"
#include "core/status.h"
#include "daemon/bus.h"

/* More callers than this at a time are turned away. */
#define BUS_CALLERS_MAX 64

typedef struct BusCaller {
        sd_bus_message *message;
        Request request;
} BusCaller;

struct Bus {
        sd_event *event;
        Manager *manager;
        BusRefresh refresh;
        void *userdata;
        bool (*asked_by_root)(sd_bus_message *call); /* bus_asked_by_root(), or a test's */

        sd_bus *bus;
        sd_event_source *reconnect_source;
        uint64_t wait_usec; /* before the next try to connect */
        bool name_refused;  /* by the bus, the last time that we asked */

        BusCaller callers[BUS_CALLERS_MAX];
        size_t n_callers;

        uint64_t digests[_STATUS_INDEX_MAX]; /* of the properties' values as last sent */
};

/* Whether somebody can hear us. What is sent before is kept by sd-bus, without end if there is no
 * bus. */
static inline bool bus_is_ready(const Bus *b) {
        return b->bus && sd_bus_is_ready(b->bus) > 0;
}

/* bus.c: where the system bus is; static, or of the environment. */
const char *bus_address(void);

/* bus-manager.c: the object itself. */
int bus_add_manager(Bus *b) _must_check_;
void bus_forget_callers(Bus *b);

/* Whether a call is from root (or from our own user, if we are not root). Asks the bus for it. */
bool bus_asked_by_root(sd_bus_message *call);

/* bus-log.c: org.freedesktop.LogControl1. */
int bus_add_log_control(sd_bus *bus) _must_check_;
