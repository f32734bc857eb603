/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The BPF program that notes kexec calls (core/kexec-calls.h). It and its maps are pinned in
 * /sys/fs/bpf, and go on when the process has ended that loaded them. */
#pragma once

#include <stdbool.h>

#include "sys/kexec-notes.h"

/* Why there are no notes. */
typedef struct WatchFault {
        const char *text; /* a clause */
        bool is_for_ever; /* until the next boot */
} WatchFault;

/* Opens what is pinned, or makes it. What is of another version, or not all there, is made anew.
 * Needs CAP_BPF and CAP_PERFMON (Linux 5.8), and root for the directory. Returns 0; or negative
 * errno with *ret_fault. */
int watch_attach(NoteMaps *ret_maps, WatchFault *ret_fault) _must_check_;
