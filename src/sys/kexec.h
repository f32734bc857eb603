/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's calls for crash images, behind a table of functions: tests put their own in its
 * place. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

/* Flags of kexec_file_load(2) (include/uapi/linux/kexec.h). */
#define KEXEC_FILE_FLAG_UNLOAD       0x1u
#define KEXEC_FILE_FLAG_ON_CRASH     0x2u
#define KEXEC_FILE_FLAG_NO_INITRAMFS 0x4u

typedef struct KexecOps {
        /* Loads a crash image, which drops the one that is loaded. initrd_fd is -EBADF if there
         * is none, and flags has KEXEC_FILE_FLAG_NO_INITRAMFS then. Returns 0 or negative errno. */
        int (*file_load)(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                         unsigned flags);

        /* Unloads the crash image, whoever loaded it and how; 0 too if there was none. */
        int (*unload)(void *userdata);

        /* Waits between two tries. */
        void (*wait_usec)(void *userdata, uint64_t usec);

        void *userdata;
} KexecOps;

/* The real ones. -ENOSYS where this architecture or the C library's headers have no
 * kexec_file_load. */
extern const KexecOps kexec_system_ops;
