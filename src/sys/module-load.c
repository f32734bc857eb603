/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading a kernel module from a file. */
#include "sys/module-load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/gzip.h"

static int load_packed(int fd, const char *options) {
        _cleanup_free_ char *packed = NULL;
        _cleanup_free_ void *image = NULL;
        size_t size;
        int r;

        r = read_fd(fd, MODULE_LARGEST, &packed, &size);
        if (r >= 0)
                r = gzip_unpack(packed, size, MODULE_LARGEST, &image, &size);
        if (r < 0)
                return r;
        return syscall(SYS_init_module, image, size, options) < 0 ? -errno : 0;
}

int module_load(int root_fd, const char *path, const char *options) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open_below(root_fd, path, O_RDONLY);
        if (fd < 0)
                return fd;
        if (endswith(path, ".gz"))
                r = load_packed(fd, options);
        else
                r = syscall(SYS_finit_module, fd, options, 0) < 0 ? -errno : 0;
        return r == -EEXIST ? 0 : r;
}
