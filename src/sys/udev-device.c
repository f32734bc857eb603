/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What udev knows of a device, through libudev. */
#include "sys/udev-device.h"

#include <errno.h>
#include <libudev.h>

#include "base/string-util.h"

int udev_block_property(const char *name, const char *property, char **ret) {
        struct udev *udev = udev_new();
        struct udev_device *device;
        const char *value;
        int r = -ENOENT;

        if (!udev)
                return -ENOMEM;
        device = udev_device_new_from_subsystem_sysname(udev, "block", name);
        if (device) {
                value = udev_device_get_property_value(device, property);
                if (value) {
                        *ret = strdup(value);
                        r = *ret ? 0 : -ENOMEM;
                }
                (void)udev_device_unref(device);
        }
        (void)udev_unref(udev);
        return r;
}
