/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uevents of cpu and memory devices, through libudev. */
#include "sys/uevent.h"

#include <errno.h>

#include <libudev.h>

/* As udevd itself: an upper bound for a backlog, not memory that is taken. */
#define RECEIVE_BUFFER_BYTES (128 * 1024 * 1024)

struct UeventMonitor {
        struct udev *udev;
        struct udev_monitor *monitor;
};

UeventMonitor *uevent_monitor_free(UeventMonitor *m) {
        if (!m)
                return NULL;
        udev_monitor_unref(m->monitor);
        udev_unref(m->udev);
        free(m);
        return NULL;
}

int uevent_monitor_new(UeventSource source, UeventMonitor **ret) {
        _cleanup_(uevent_monitor_freep) UeventMonitor *m = NULL;
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->udev = udev_new();
        if (!m->udev)
                return -ENOMEM;
        m->monitor = udev_monitor_new_from_netlink(
                m->udev, source == UEVENT_SOURCE_KERNEL ? "kernel" : "udev");
        if (!m->monitor)
                return errno > 0 ? -errno : -EIO;
        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++) {
                r = udev_monitor_filter_add_match_subsystem_devtype(m->monitor,
                                                                    subsystem_to_string(s), NULL);
                if (r < 0)
                        return r;
        }
        /* Without CAP_NET_ADMIN (a test, a run by hand) the system's own limit has to do. */
        (void)udev_monitor_set_receive_buffer_size(m->monitor, RECEIVE_BUFFER_BYTES);
        r = udev_monitor_enable_receiving(m->monitor);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

int uevent_monitor_fd(const UeventMonitor *m) {
        return udev_monitor_get_fd(m->monitor);
}

static void unref_device(struct udev_device **d) {
        udev_device_unref(*d);
}

int uevent_monitor_receive(UeventMonitor *m, Uevent *ret) {
        _cleanup_(unref_device) struct udev_device *device = NULL;
        const char *ignore;
        int subsystem, action;

        for (;;) {
                errno = 0;
                device = udev_monitor_receive_device(m->monitor);
                if (!device) {
                        if (errno == EAGAIN || errno == 0)
                                return 0;
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                subsystem = subsystem_from_string(strempty(udev_device_get_subsystem(device)));
                if (subsystem >= 0)
                        break;
                device = udev_device_unref(device);
        }
        action = hotplug_action_from_string(strempty(udev_device_get_action(device)));
        ignore = udev_device_get_property_value(device, "KDUMPD_IGNORE");
        *ret = (Uevent){
                .subsystem = (Subsystem)subsystem,
                .action = action < 0 ? _HOTPLUG_ACTION_MAX : (HotplugAction)action,
                .seqnum = udev_device_get_seqnum(device),
                /* lib/kobject_uevent.c, kobject_synth_uevent(): only events that somebody asked for
                 * by writing to a uevent file carry it. */
                .synthetic = udev_device_get_property_value(device, "SYNTH_UUID") != NULL,
                .ignored = ignore && parse_boolean(ignore) > 0,
        };
        return 1;
}
