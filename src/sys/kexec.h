/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's calls for crash kernel images, behind a table of functions: tests put their own in
 * its place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* Flags of kexec_file_load(2) (include/uapi/linux/kexec.h). */
#define KEXEC_FILE_FLAG_UNLOAD       0x1u
#define KEXEC_FILE_FLAG_ON_CRASH     0x2u
#define KEXEC_FILE_FLAG_NO_INITRAMFS 0x4u

/* Flags of kexec_load(2), from the same file. An image with one of the last two is one that the
 * kernel updates itself when CPUs or memory come and go; the first came with Linux 6.6, the other
 * with 6.10, and x86 takes either. Older kernels refuse them with EINVAL before they touch what is
 * loaded. */
#define KEXEC_FLAG_ON_CRASH              0x1ul
#define KEXEC_FLAG_UPDATE_ELFCOREHDR     0x4ul
#define KEXEC_FLAG_CRASH_HOTPLUG_SUPPORT 0x8ul

/* struct kexec_segment, from there too. */
typedef struct KexecSegment {
        const void *data;
        size_t size;
        unsigned long address; /* physical */
        size_t memory_size;
} KexecSegment;

typedef struct KexecOps {
        /* Loads a crash kernel image, which drops the one that is loaded. initrd_fd is -EBADF if
         * there is none, and flags has KEXEC_FILE_FLAG_NO_INITRAMFS then. Returns 0 or negative
         * errno. */
        int (*file_load)(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                         unsigned flags);

        /* Loads a crash kernel image of our own, which drops the one that is loaded unless the
         * error is one that the kernel finds before (EPERM, EBUSY, EINVAL for the flags). n is not
         * 0. Returns 0 or negative errno. */
        int (*load)(void *userdata, unsigned long entry, const KexecSegment *segments, size_t n,
                    unsigned long flags);

        /* Unloads the crash kernel image, whoever loaded it and how; 0 too if there was none. */
        int (*unload)(void *userdata);

        /* Whether somebody holds the kexec lock, so that a call would be refused with EBUSY. */
        bool (*is_busy)(void *userdata, int root_fd);

        /* Waits between two tries. */
        void (*wait_usec)(void *userdata, uint64_t usec);

        void *userdata;
} KexecOps;

/* The real ones. -ENOSYS where this architecture or the C library's headers have no
 * kexec_file_load. */
extern const KexecOps kexec_system_ops;
