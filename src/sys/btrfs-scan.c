/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling the kernel of the devices of a btrfs. */
#include "sys/btrfs-scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include "base/file-util.h"
#include "base/string-util.h"

int btrfs_scan(int root_fd, const char *path) {
        struct btrfs_ioctl_vol_args arguments = { 0 };
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open_below(root_fd, "/dev/btrfs-control", O_RDWR);
        if (fd < 0)
                return fd;
        strscpy(arguments.name, sizeof(arguments.name), path);
        if (ioctl(fd, BTRFS_IOC_SCAN_DEV, &arguments) < 0)
                return -errno;
        r = ioctl(fd, BTRFS_IOC_DEVICES_READY, &arguments);
        return r < 0 ? -errno : r == 0;
}
