/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What udev knows of a device, through libudev: for who may not look at the device itself. */
#pragma once

#include "base/macro.h"

/* A property ("ID_FS_TYPE") of the block device of that name in /sys/class/block, on the running
 * system. Returns 0 with a fresh string; -ENOENT (no such device or property), -ENOMEM. */
int udev_block_property(const char *name, const char *property, char **ret) _must_check_;
