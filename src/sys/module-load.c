/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading a kernel module from a file. */
#include "sys/module-load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "base/file-util.h"

int module_load(int root_fd, const char *path, const char *options) {
        _cleanup_close_ int fd = -EBADF;

        fd = open_below(root_fd, path, O_RDONLY);
        if (fd < 0)
                return fd;
        if (syscall(SYS_finit_module, fd, options, 0) < 0 && errno != EEXIST)
                return -errno;
        return 0;
}
