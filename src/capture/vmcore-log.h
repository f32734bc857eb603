/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log of a crashed kernel, out of its memory. */
#pragma once

#include "core/vmcore.h"

typedef struct VmcoreLog {
        char *text;         /* lines as dmesg(1) has them, "[    1.234567] text", or with the caller
                             * "[    1.234567] [  T123] text"; NUL behind */
        size_t size;        /* bytes, without that NUL */
        uint64_t n_records; /* in the text */
        uint64_t n_lost;    /* records between those that were overwritten or make no sense */
        uint64_t last_nsec; /* the time of the last one, since that kernel's boot */
} VmcoreLog;

#define VMCORE_LOG_MOST     (64u * 1024u * 1024u) /* bytes: the buffer, and the text */
#define VMCORE_RECORDS_MOST (4u * 1024u * 1024u)

/* Reads it by what VMCOREINFO says of kernel/printk/printk_ringbuffer.h (since Linux 5.10), or of
 * the records that earlier kernels had in kernel/printk/printk.c. Returns 0; -ENOENT (VMCOREINFO
 * does not say where), -EBADMSG (what is there makes no sense), -EFBIG (beyond a limit), -ENXIO
 * (not in the dump), -ENOMEM, or what reading says. If that comes in the middle, the newest records
 * up to there are the result (of the earlier kernels, the oldest), without an error. The text is at
 * most twice as long as the kernel's buffer, and no longer than VMCORE_LOG_MOST: the first lines
 * are left out. What is read and looked at is bounded by that, too, whatever is damaged. */
int vmcore_log_read(const Vmcore *v, VmcoreLog *ret) _must_check_;

void vmcore_log_done(VmcoreLog *log);
