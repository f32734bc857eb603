/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service, to its own two files. */
#pragma once

#include <sys/utsname.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "daemon/alert.h"
#include "daemon/bus.h"
#include "daemon/daemon.h"
#include "daemon/facts.h"
#include "daemon/files.h"
#include "daemon/job-runner.h"
#include "daemon/kexec-watch.h"
#include "daemon/listen.h"
#include "daemon/manager.h"
#include "daemon/mount-watch.h"
#include "daemon/refresh.h"
#include "daemon/scan.h"
#include "daemon/tables.h"

typedef struct Daemon {
        Options options;
        int root_fd;
        Reservation reservation; /* see facts_gather() */
        struct utsname uts;
        Settings settings;
        bool is_reloading;   /* somebody waits for it to be read */
        bool reload_is_told; /* systemd does */
        Manager manager;
        bool manager_set_up;

        sd_event *event;
        Listener *listener;
        sd_event_source *timer_source, *watch_source, *changes_source, *alert_source;
        uint64_t watch_usec;
        uint64_t changes_told_usec;
        char status_line[STATUS_TEXT_MAX];
        JobRunner *runner;
        Bus *bus;
        const char *scan_service; /* see ScanSetup */
        Scan *scan;
        Files *files;
        Tables *tables;
        MountWatch *mounts;
        KexecWatch *calls;

        Refresh refresh;
        Alert alert;
} Daemon;

/* What the manager has done to the world; its userdata is a Daemon. */
extern const Ops daemon_ops;

/* Has what is told of the state on the bus and to systemd sent soon, or at once. */
void daemon_changed(Daemon *d);
void daemon_tell_changes(Daemon *d);
