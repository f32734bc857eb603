/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a kernel crashed, by its log. */
#pragma once

#include <stddef.h>

#include "base/macro.h"

#define PANIC_LINE_MAX 256u

/* Finds the line that says why, and the place in the kernel, in a log of size bytes as dmesg(1)
 * shows it. Both results are without the time, and empty if there is nothing of the kind: "BUG:
 * kernel NULL pointer dereference, address: 0000000000000000" and "RIP:
 * 0010:sysrq_handle_crash+0x16/0x20". */
void panic_line_find(const char *log, size_t size, char ret_message[static PANIC_LINE_MAX],
                     char ret_where[static PANIC_LINE_MAX]);
