/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What it takes to mount a file system: its driver, what it asks the kernel for by name, and all
 * the devices that it is on. All of it returns 0 or negative errno, with the reason noted. key is
 * the one of kdumpd.conf that it is about. */
#pragma once

#include "mkinitramfs/builder.h"

/* Sets the type of a target, as mount(8) calls it, and adds its driver. where is for people. */
int file_system_set(Builder *b, const char *key, const char *type, const char *where,
                    PlanTarget *target) _must_check_;

/* Then works out what it is on, down to the hardware, and how that is found again, and adds what it
 * asks for. mount: the line of mountinfo or fstab about it; without a point if there is none. */
int file_system_place(Builder *b, const char *key, const BlockName *name, const Mount *mount,
                      PlanTarget *target) _must_check_;

/* The UUID of the btrfs that a device is one of, if it is mounted: 0 with a fresh string, -ENOENT,
 * -ENOMEM; nothing is noted. */
int file_system_btrfs_of(Builder *b, const BlockName *name, char **ret) _must_check_;
