/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uevents of cpu and memory devices, from the kernel or from udevd. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/hotplug.h"
#include "core/settings.h"

typedef struct Uevent {
        Subsystem subsystem;
        HotplugAction action; /* _HOTPLUG_ACTION_MAX for any other ("bind") */
        uint64_t seqnum;      /* the kernel's number of it, 0 if not known */
        bool synthetic;       /* somebody wrote to a uevent file; nothing was plugged */
        bool ignored;         /* a udev rule set KDUMPD_IGNORE=1 */
} Uevent;

/* Who has sent a message, as the kernel says it. */
typedef struct UeventSender {
        uint32_t group; /* 0 if it was sent to us alone, else a bit */
        uint32_t port;  /* of the socket it comes from, 0 is the kernel */
        uid_t uid;      /* (uid_t)-1 if not known */
} UeventSender;

/* More than any message has: the kernel's end at 2 KiB (include/linux/kobject.h,
 * UEVENT_BUFFER_SIZE), and libudev reads no more of udevd's. */
#define UEVENT_MESSAGE_MAX 8192

/* One call passes over no more messages of others than this: whoever makes them faster than they
 * are read must not keep the event loop from all the rest. */
#define UEVENTS_OF_OTHERS_AT_ONCE 64

/* Makes a socket on which the events of the given source are queued from this call on, with a
 * buffer for bursts of ten thousands if the process has CAP_NET_ADMIN. Returns a descriptor to poll
 * for input, or negative errno. */
int uevent_open(UeventSource source) _must_check_;

/* Does the same with a socket that was passed, however it was set up, and whatever namespace it is
 * of: that takes no privilege. Its buffer stays as large as it is. What it has queued so far is
 * dropped, so look at the machine after this call. Returns 0, -ENOTSOCK if it is no socket for
 * uevents, or another negative errno. */
int uevent_adopt(int fd, UeventSource source) _must_check_;

/* Queues the events of another source from now on; what is queued already stays. Returns 0 or
 * negative errno. */
int uevent_set_source(int fd, UeventSource source) _must_check_;

/* Takes the next event off the queue, and never waits. Returns 1; 0 if there is none now, or after
 * UEVENTS_OF_OTHERS_AT_ONCE messages about other devices (poll tells which); -ENOBUFS if the queue
 * ran over and events were lost (go on reading); -EPERM and -EBADMSG as uevent_parse(), or another
 * negative errno. */
int uevent_receive(int fd, Uevent *ret) _must_check_;

/* Takes a message of size bytes apart: of the kernel (lib/kobject_uevent.c) if that has sent it to
 * group 1, of udevd (systemd, src/libsystemd/sd-device/device-monitor.c) if root has to group 2.
 * Returns 1; 0 if it is about a device of another subsystem; -EPERM if somebody else has sent it;
 * -EBADMSG if it is no such message. */
int uevent_parse(const UeventSender *sender, const char *message, size_t size,
                 Uevent *ret) _must_check_;
