/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crash was, by /proc/vmcore. */
#pragma once

#include "capture/capture.h"

/* Opens /proc/vmcore, reads headers and log, and fills in what c->info says of the crash. Returns 0
 * or negative errno if it cannot be opened; headers and a log that cannot be read are told, and are
 * no error. With c->skip.log none of that is tried. */
int summary_read(Capture *c) _must_check_;
