/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's calls for crash kernel images. */
#include "sys/kexec.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/time-util.h"
#include "sys/kernel-state.h"

/* command_line_size counts the NUL. */
static int kexec_file_load(int kernel_fd, int initrd_fd, size_t command_line_size,
                           const char *command_line, unsigned long flags) {
#ifdef SYS_kexec_file_load
        if (syscall(SYS_kexec_file_load, (long)kernel_fd, (long)initrd_fd, command_line_size,
                    command_line, flags) < 0)
                return -errno;
        return 0;
#else
        return -ENOSYS;
#endif
}

static int system_file_load(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                            unsigned flags) {
        return kexec_file_load(kernel_fd, initrd_fd, strlen(command_line) + 1, command_line, flags);
}

static int kexec_load(unsigned long entry, const KexecSegment *segments, size_t n,
                      unsigned long flags) {
#ifdef SYS_kexec_load
        if (syscall(SYS_kexec_load, entry, n, segments, flags) < 0)
                return -errno;
        return 0;
#else
        return -ENOSYS;
#endif
}

static int system_load(void *userdata, unsigned long entry, const KexecSegment *segments, size_t n,
                       unsigned long flags) {
        /* Without segments it would be the call that unloads. */
        return n > 0 ? kexec_load(entry, segments, n, flags) : -EINVAL;
}

/* Both calls unload images of both. Under lockdown kexec_load(2) may not even do that; the file
 * call may, but not every kernel is built with it. */
static int system_unload(void *userdata) {
        int r;

        r = kexec_file_load(-1, -1, 0, NULL, KEXEC_FILE_FLAG_UNLOAD | KEXEC_FILE_FLAG_ON_CRASH);
        if (r == -ENOSYS || r == -EOPNOTSUPP)
                r = kexec_load(0, NULL, 0, KEXEC_FLAG_ON_CRASH);
        return r;
}

/* Reading the size takes the lock, and does not wait for it (kernel/kexec_core.c,
 * crash_get_memory_size(), since Linux 6.1). */
static bool system_is_busy(void *userdata, int root_fd) {
        uint64_t bytes;

        return kernel_reservation_bytes(root_fd, &bytes) == -EBUSY;
}

static void system_wait(void *userdata, uint64_t usec) {
        struct timespec ts = { .tv_sec = (time_t)(usec / USEC_PER_SEC),
                               .tv_nsec = (long)(usec % USEC_PER_SEC * 1000) };

        while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
                ;
}

const KexecOps kexec_system_ops = {
        .file_load = system_file_load,
        .load = system_load,
        .unload = system_unload,
        .is_busy = system_is_busy,
        .wait_usec = system_wait,
};
