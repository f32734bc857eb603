/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first program of the capture kernel: it makes file systems of the kernel available, lets a
 * child do the capture, feeds watchdogs, and ends the machine whatever becomes of the child. */
#pragma once

/* A capture without any sign of progress for so long hangs. */
#define NO_PROGRESS_USEC (UINT64_C(600) * 1000000)

/* Never returns. Must be process 1. */
_Noreturn void supervise(void);
