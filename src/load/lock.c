/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock of kdump-load. */
#include "load/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "core/paths.h"

int load_lock(int root_fd, bool tells) {
        _cleanup_close_ int fd = -EBADF;

        (void)make_directory_below(root_fd, LOAD_DIRECTORY, 0755);
        /* Whoever can open it can hold it. */
        fd = open_or_make_below(root_fd, LOAD_LOCK_PATH, 0600);
        if (fd < 0)
                return -EBADF;
        if (tells && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
                (void)fprintf(stderr, "kdump-load: waiting for another one to end\n");
        while (flock(fd, LOCK_EX) < 0)
                if (errno != EINTR)
                        return -EBADF;
        return TAKE_FD(fd);
}

bool unload_is_wanted(int root_fd) {
        struct stat st;

        if (stat_below(root_fd, UNLOAD_WANTED_PATH, &st) < 0 || !S_ISREG(st.st_mode) ||
            st.st_uid != 0)
                return false;
        return sub_saturated(realtime_usec(), (uint64_t)st.st_mtim.tv_sec * USEC_PER_SEC) <=
               UNLOAD_WANTED_USEC;
}
