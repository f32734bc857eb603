/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a block device is made of, down to the hardware. */
#pragma once

#include "mkinitramfs/builder.h"

/* Adds a block device to the plan: the modules of what it is made of, and how to put it together.
 * Each is added once. Returns 0, or negative errno with the reason noted. */
int stack_add(Builder *b, const BlockName *name) _must_check_;
