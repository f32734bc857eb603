/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The console, of which nobody may be able to hold the capture up: a stray Ctrl-S, or a serial line
 * whose other end is not ready, must not keep a machine down. */
#pragma once

#include <stdbool.h>
#include <termios.h>

#include "base/macro.h"

typedef struct Console {
        struct termios before; /* as the kernel had set it */
        bool is_changed;
} Console;

/* Opens the terminal path (/dev/console) as standard input, output and error, without flow control,
 * and standard error so that writing does not wait. Returns 0, or negative errno with all as it
 * was. May be called again. */
int console_open(Console *console, const char *path) _must_check_;

/* Makes it one for people: with its flow control, and standard error like the others. For a process
 * of which they are to be the only ones. */
void console_hand_over(const Console *console);
