/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the purgatory needs of a bare machine: one file machine-ARCHITECTURE.c for each. */
#pragma once

#include <stddef.h>

/* Without the help of a C library. */
void machine_copy(void *to, const void *from, size_t size);
void machine_fill(void *to, unsigned char value, size_t size);

/* Writes to the first serial port, if there is one; never waits for long. */
void machine_say(const char *text);

/* Waits about ten seconds, without a timer that would have to be found first: a few more or less
 * do not matter. */
void machine_wait(void);

/* Do not return. */
void machine_stop(void) __attribute__((noreturn));
void machine_reset(void) __attribute__((noreturn));
