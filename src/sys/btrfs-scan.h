/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling the kernel of the devices of a btrfs (the kernel's include/uapi/linux/btrfs.h). */
#pragma once

#include "base/macro.h"

/* Makes the device at path ("/dev/sda1") known. Returns 1 if all devices of its file system are
 * known now, 0 if some are missing, -ENOENT if this kernel has no btrfs, or what the kernel says.
 * */
int btrfs_scan(int root_fd, const char *path) _must_check_;
