/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uevents of cpu and memory devices, through libudev. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/hotplug.h"
#include "core/settings.h"

typedef struct UeventMonitor UeventMonitor;

typedef struct Uevent {
        Subsystem subsystem;
        HotplugAction action; /* _HOTPLUG_ACTION_MAX for any other ("bind") */
        uint64_t seqnum;      /* the kernel's number of it, 0 if not known */
        bool synthetic;       /* somebody wrote to a uevent file; nothing was plugged */
        bool ignored;         /* a udev rule set KDUMPD_IGNORE=1 */
} Uevent;

/* Starts to listen for cpu and memory events of the given group, with a receive buffer for bursts
 * of ten thousands. Events are queued from this call on. Returns 0 or negative errno. */
int uevent_monitor_new(UeventSource source, UeventMonitor **ret) _must_check_;
UeventMonitor *uevent_monitor_free(UeventMonitor *m);
DEFINE_CLEANUP(UeventMonitor *, uevent_monitor_free);

/* The descriptor to poll for input; owned by the monitor. */
int uevent_monitor_fd(const UeventMonitor *m);

/* Takes the next event off the queue. Returns 1; 0 if there is none now; -ENOBUFS if the queue ran
 * over and events were lost (go on reading); another negative errno. */
int uevent_monitor_receive(UeventMonitor *m, Uevent *ret) _must_check_;
