/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture initramfs holds. */
#pragma once

#include "mkinitramfs/builder.h"

/* Works everything out: the plan and all entries. */
int contents_collect(Builder *b) _must_check_;
