/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting MD arrays from their members. */
#include "sys/md-assemble.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file-util.h"

#define NEW_ARRAY "/sys/module/md_mod/parameters/new_array"

/* Asks for the device by its name; drivers/md/md.c takes "mdN" there. A kernel without that
 * parameter makes it when it is opened. */
static int open_array(int root_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        char path[64];

        fd = open_below(root_fd, NEW_ARRAY, O_WRONLY);
        if (fd >= 0 && write(fd, name, strlen(name)) < 0 && errno != EEXIST)
                return -errno;
        strscpyf(path, sizeof(path), "/dev/%s", name);
        return open_below(root_fd, path, O_RDWR | O_EXCL);
}

int md_assemble(int root_fd, const PlanDevice *device, const dev_t *members, size_t n, dev_t *ret) {
        mdu_array_info_t array = {
                .major_version = (int)device->md_major, .minor_version = (int)device->md_minor,
                /* No number of disks: all the rest is in the superblocks. */
        };
        _cleanup_close_ int fd = -EBADF;
        size_t added = 0;
        struct stat st;
        int r = -ENODEV;

        fd = open_array(root_fd, device->name);
        if (fd < 0)
                return fd;
        if (ioctl(fd, SET_ARRAY_INFO, &array) < 0)
                return -errno;
        for (size_t i = 0; i < n; i++) {
                mdu_disk_info_t disk = {
                        .number = -1,
                        .major = (int)major(members[i]),
                        .minor = (int)minor(members[i]),
                        .raid_disk = -1,
                };

                /* One that does not fit, or is too old, is not needed yet. */
                if (ioctl(fd, ADD_NEW_DISK, &disk) < 0)
                        r = -errno;
                else
                        added++;
        }
        if (added > 0 && ioctl(fd, RUN_ARRAY, NULL) < 0)
                r = -errno;
        else if (added > 0)
                r = 0;
        if (r >= 0 && fstat(fd, &st) < 0)
                r = -errno;
        if (r < 0) {
                (void)ioctl(fd, STOP_ARRAY, NULL);
                return r;
        }
        *ret = st.st_rdev;
        return 0;
}
