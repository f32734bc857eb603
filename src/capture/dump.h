/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the dump: by the core collector, or else as a plain copy. */
#pragma once

#include "capture/capture.h"

/* Writes vmcore into the directory of the dump, by way of vmcore.incomplete. Sets what c->info says
 * of collector and dump, with the reason if it is not the best result. Without a complete dump the
 * incomplete file is gone, unless it is a copy that lacks too much of the memory. If the dump does
 * not fit, old dumps go for it as the plan says, and it is written again. Returns 0 if there is a
 * complete dump, or negative errno. */
int dump_write(Capture *c) _must_check_;
