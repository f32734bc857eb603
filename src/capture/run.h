/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One capture, from the plan to the dump. */
#pragma once

#include "capture/capture.h"

/* Does all of it. Returns 0 if a complete dump was written, else negative errno, with what could be
 * kept kept and the reason told. */
int capture_run(Capture *c) _must_check_;

/* Whether another worker may do better than one that crashed, or else hangs, by leaving out more,
 * which is added to *skip. That cannot be for ever: there is only so much to leave out. */
bool capture_again(const CaptureShared *shared, bool hangs, CaptureSkip *skip);

/* Frees what capture_run() left. */
void capture_done(Capture *c);
