/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the log of a crashed kernel says: to kdump-capture, which takes it from the memory, and for
 * dumps that nothing else describes. Logs are as dmesg(1) shows them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

#define CRASH_LINE_MAX 256u

/* The release of the kernel that wrote the log, by the line "Linux version ..." of its start.
 * Returns 0 with a fresh string, without control characters; -ENOENT, -ENOMEM. */
int crash_log_release(const char *log, size_t size, char **ret) _must_check_;

/* Finds the line that says why the kernel died, and the place in the kernel. Both results are
 * without the time, and empty if there is nothing of the kind: "BUG: kernel NULL pointer
 * dereference, address: 0000000000000000" and "RIP: 0010:sysrq_handle_crash+0x16/0x20". Returns
 * whether the log tells of a crash. */
bool crash_log_panic(const char *log, size_t size, char ret_message[static CRASH_LINE_MAX],
                     char ret_where[static CRASH_LINE_MAX]);

/* The part of the log that reports the crash: whole lines, from the fault that led to the panic on,
 * at most max_lines. Returns true with its place in *ret and *ret_size; false if there is none. */
bool crash_log_report(const char *log, size_t size, size_t max_lines, const char **ret,
                      size_t *ret_size);

/* Whether the log holds a text. */
bool crash_log_has(const char *log, size_t size, const char *text);
