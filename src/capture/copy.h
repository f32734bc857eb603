/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/vmcore as it is, without its zeros. */
#pragma once

#include "capture/capture.h"

typedef struct CopyResult {
        uint64_t size;       /* of the copy, bytes; with its holes */
        uint64_t written;    /* that take space */
        uint64_t unreadable; /* that /proc/vmcore refused, and are holes now */
} CopyResult;

/* Copies into the new file name of the dump's directory. Pages of zeros become holes. Returns 0, or
 * negative errno; the file may be there then. */
int copy_vmcore(Capture *c, const char *name, CopyResult *ret) _must_check_;
