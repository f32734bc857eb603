/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the saved log of a crashed kernel says, for dumps that nothing else describes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

/* The release of the kernel that wrote the log, by the line "Linux version ..." of its start.
 * Returns 0 with a fresh string, without control characters; -ENOENT, -ENOMEM. */
int crash_log_release(const char *log, size_t size, char **ret) _must_check_;

/* The line that says why the kernel died: "Kernel panic - not syncing: ..." if there is one, else
 * the first that reports a fault. Without its time stamp. Returns as above. */
int crash_log_panic(const char *log, size_t size, char **ret) _must_check_;

/* The part of the log that reports the death: whole lines, from the fault that led to the panic on,
 * at most max_lines. Returns true with its place in *ret and *ret_size; false if there is none. */
bool crash_log_report(const char *log, size_t size, size_t max_lines, const char **ret,
                      size_t *ret_size);

/* Whether the log holds a text. */
bool crash_log_has(const char *log, size_t size, const char *text);
