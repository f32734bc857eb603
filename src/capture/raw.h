/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dump on a device without a file system; core/raw-dump.h says how. */
#pragma once

#include "capture/capture.h"

/* Writes log, dump and description to c->device. Returns 0 if the dump is complete; -ENODEV if
 * nothing could be written there, or other negative errno, with the reason told. */
int raw_save(Capture *c) _must_check_;
