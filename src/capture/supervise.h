/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first program of the capture kernel: it makes file systems of the kernel available, lets a
 * child do the capture, feeds watchdogs, and ends the machine whatever becomes of the child. */
#pragma once

#include "capture/capture.h"

/* A capture without any sign of progress for so long hangs. */
#define NO_PROGRESS_USEC (UINT64_C(600) * 1000000)

/* What it does to the machine that is not below its root. */
typedef struct SuperviseOps {
        /* mount(2) of a file system of the kernel. Returns 0 or negative errno. */
        int (*mount)(const char *type, const char *path, unsigned long flags, const char *options);
        /* Makes the node of the console, as an initramfs need not have one. */
        void (*make_console)(const char *path);
        /* Kills everybody else. */
        void (*kill_others)(void);
        /* Has all that was written go to the disks. May hang. */
        void (*sync)(void);
        /* Ends the machine, by a command of reboot(2). Returns if that fails. */
        void (*end)(int command);
} SuperviseOps;

typedef struct Supervisor {
        const char *root; /* a directory without a slash at its end: "" is the real root */
        const SuperviseOps *ops;
        const CaptureOps *capture_ops;
        uint64_t no_progress_usec; /* NO_PROGRESS_USEC */
        uint64_t sync_limit_usec;  /* until what was written is given up */
        uint64_t end_limit_usec;   /* until the machine is ended without its drivers */
} Supervisor;

extern const Supervisor system_supervisor; /* of the real machine */

/* Returns only if the machine cannot be ended. Must be process 1 on a real one. */
void supervise(const Supervisor *s);
