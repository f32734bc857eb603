/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of the way to a target: whether a disk is hardware of this machine, and its drivers. */
#pragma once

#include "mkinitramfs/builder.h"

/* Adds the drivers that lead to a disk. Refuses one that is on a network, that programs of the
 * running system have set up, or that no hardware is found for. Returns 0 or negative errno, with
 * the reason noted. */
int hardware_add(Builder *b, const BlockName *name) _must_check_;
