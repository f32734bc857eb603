/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device-mapper devices: from their tables to the plan. */
#pragma once

#include "mkinitramfs/builder.h"

/* Describes a device-mapper device for the plan, and adds the modules for it. Those that it is made
 * of are for the caller to add, before it: its slaves if *ret_has_slaves is set, and then the
 * snapshots, a fresh array. Returns 0 with what plan_device_done() frees, or negative errno with
 * the reason noted. */
int mapper_read(Builder *b, const BlockName *name, PlanDevice *ret, bool *ret_has_slaves,
                BlockName **ret_snapshots, size_t *ret_n_snapshots) _must_check_;
