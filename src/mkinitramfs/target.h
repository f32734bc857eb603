/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where dumps go: from Target= and Path= to a device, a file system and a directory on it. */
#pragma once

#include "mkinitramfs/builder.h"

/* Works out where Target= or FallbackTarget= is, as key= has it. */
int target_resolve(Builder *b, const char *key, const Target *named, PlanTarget *ret) _must_check_;
