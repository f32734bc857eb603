/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capture kernel, apart from its image: its configuration, its modules. */
#pragma once

#include "mkinitramfs/builder.h"

/* Reads the configuration, if it lies where distributions put it, opens the modules, and chooses
 * how the image is compressed. A kernel may have no modules at all. Returns 0 or negative errno,
 * with the reason noted. */
int kernel_open(Builder *b) _must_check_;
