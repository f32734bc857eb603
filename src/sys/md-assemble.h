/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting MD arrays from their members, by the ioctls of the kernel's
 * include/uapi/linux/raid/md_u.h. */
#pragma once

#include <sys/types.h>

#include "core/capture-plan.h"

/* Makes the array device->name ("md0") of the n members, which have a superblock of the version
 * that the plan gives, and starts it: degraded, if members are missing and it can go without.
 * Returns 0 with the array's number; -ENOENT (no MD in this kernel), or what the kernel says. */
int md_assemble(int root_fd, const PlanDevice *device, const dev_t *members, size_t n,
                dev_t *ret) _must_check_;
