/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a block device is made of: what stack.c and mapper.c know of each other. All of it returns 0
 * or negative errno, with the reason noted. */
#pragma once

#include "mkinitramfs/builder.h"

#define UUID_MAX 160u

/* What a user whose target is none for us can do. */
#define ELSEWHERE                                                                            \
        "choose another place by Target=, or let an initrd of the distribution capture, by " \
        "Initrd="

/* Adds a device, or all that one is made of (at least one), depth devices below the target. */
int stack_add_device(Builder *b, const BlockName *name, unsigned depth) _must_check_;
int stack_add_slaves(Builder *b, const BlockName *name, unsigned depth) _must_check_;

/* The device of the plan with that name and UUID (which may be ""), and a new one at its end; NULL
 * if there is none, or it could not be made. */
PlanDevice *stack_find(Builder *b, PlanDeviceType type, const char *name, const char *uuid);
PlanDevice *stack_new(Builder *b, PlanDeviceType type, const char *name, const char *uuid);

/* Adds a device-mapper device with those below it. */
int mapper_add(Builder *b, const BlockName *name, unsigned depth) _must_check_;
