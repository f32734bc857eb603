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
        dev_t made[PLAN_DEVICES_MOST];   /* by the plan's index; 0: not yet */
        size_t tried[PLAN_DEVICES_MOST]; /* with so many members it did not start */
} Devices;

/* Looks for devices that are new, and assembles what can be. Arrays that lack members are started
 * without them if may_degrade. */
void devices_look(Devices *d, bool may_degrade);

/* Finds the device that id means: 0 with its path and number, or -ENODEV. Either may be NULL. */
int devices_find(const Devices *d, const DeviceId *id, char ret_path[64],
                 dev_t *ret_number) _must_check_;

void devices_done(Devices *d);
