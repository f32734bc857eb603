/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which kernel modules lead to a device. All of it returns 0 or negative errno, with the reason
 * noted. */
#pragma once

#include "mkinitramfs/builder.h"

/* Adds the module that a name or alias stands for. what is for the message if there is none. */
int driver_add(Builder *b, const char *alias, const char *what) _must_check_;

/* The same for what can be done without: returns 1 if there is one, 0 if not, or negative errno. */
int driver_try(Builder *b, const char *alias, const char *what) _must_check_;

/* Adds the modules of the drivers of a device, of all that it hangs on, and of what these wait for.
 * sysfs is its path in /sys/devices, without links. */
int drivers_of_device(Builder *b, const char *sysfs, const char *what) _must_check_;

/* Adds what is wanted besides the target: ExtraModules=, the watchdog that is running, memory that
 * the hypervisor plugs. */
int drivers_besides(Builder *b) _must_check_;
