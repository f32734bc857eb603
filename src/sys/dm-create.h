/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making device-mapper devices from a plan, by the ioctls of the kernel's
 * include/uapi/linux/dm-ioctl.h. */
#pragma once

#include <sys/types.h>

#include "core/capture-plan.h"

/* Writes a target's parameters with "major:minor" for each "%N", where N is an index into the n
 * device numbers, and '%' for "%%". Returns 0 with a fresh string; -EBADMSG (another '%', no such
 * device), -ENOMEM. */
int dm_parameters(const char *parameters, const dev_t *devices, size_t n, char **ret) _must_check_;

/* Creates, loads and starts a device; parameters are those of its lines, one for each, with the
 * numbers filled in. Returns 0 with its number; -ENOENT (no device-mapper in this kernel),
 * -E2BIG, -ENOMEM, or what the kernel says, after which the device is gone again. */
int dm_create(int root_fd, const PlanDevice *device, char *const *parameters,
              dev_t *ret) _must_check_;

/* Removes a device, once nobody has it open; what its target keeps in memory is written by then.
 * Returns 0; -EBUSY (it is in use), -ENXIO (there is none), or what open says. */
int dm_remove(int root_fd, const char *name) _must_check_;
