/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the dump: by the core collector, or else as a plain copy. */
#pragma once

#include "capture/capture.h"

/* Less free space than this is none. */
#define FULL_BYTES (UINT64_C(1) << 20)

/* Writes vmcore into the directory of the dump, by way of vmcore.incomplete. Sets what c->info says
 * of collector and dump, with the reason if it is not the best result. Without a complete dump the
 * incomplete file is gone, unless it is a copy that lacks too much of the memory. If the dump does
 * not fit, make_room() is asked for so many free bytes, and it is written again if that made any.
 * Returns 0 if there is a complete dump, or negative errno. */
int dump_write(Capture *c, bool (*make_room)(Capture *c, uint64_t bytes)) _must_check_;
