/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware that drivers ask for. */
#pragma once

#include "mkinitramfs/builder.h"

/* Adds, of all that the modules in the plan may ask for, what is installed, where the kernel looks
 * for it. Returns 0 or negative errno, with the reason noted. */
int firmware_add(Builder *b) _must_check_;
