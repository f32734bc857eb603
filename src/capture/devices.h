/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block devices that have appeared, and those that a plan says to assemble from them. */
#pragma once

#include <sys/types.h>

#include "capture/capture.h"
#include "sys/block-probe.h"

#define DEVICES_MOST 4096u /* that are looked at */

typedef struct SeenDevice {
        char name[64]; /* below /dev */
        dev_t number;
        BlockIdentity identity;
} SeenDevice;

typedef struct Devices {
        Capture *capture;
        SeenDevice *seen;
        size_t n_seen;
        dev_t made[PLAN_DEVICES_MOST]; /* by the plan's index; 0: not yet */
        /* What it had when the kernel refused it: members (MD), or devices and 1 (mapper). */
        size_t tried[PLAN_DEVICES_MOST];
} Devices;

/* Looks for devices that are new, and assembles what can be. Arrays and RAID volumes that lack
 * members are started without them if may_degrade. */
void devices_look(Devices *d, bool may_degrade);

/* Finds the device that id means: 0 with its path and number, or -ENODEV. Either may be NULL. */
int devices_find(const Devices *d, const DeviceId *id, char ret_path[64],
                 dev_t *ret_number) _must_check_;

/* Whether one that has appeared is what id means: of this type, if any, and no part of another one
 * that the plan has. */
bool devices_seen_is(const Devices *d, const SeenDevice *seen, const DeviceId *id,
                     const char *type) _must_check_;

/* Takes the device-mapper devices apart again, in the reverse order: RAIDs and caches note then on
 * their disks that they are clean. What is in use stays, after a message. */
void devices_release(Devices *d);

void devices_done(Devices *d);
