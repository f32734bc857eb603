/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local time of a system, which need not be the one that runs. */
#include "sys/local-time.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file-util.h"
#include "base/time-util.h"

static int set_zone(const char *zone) {
        if ((zone ? setenv("TZ", zone, 1) : unsetenv("TZ")) < 0)
                return -errno;
        tzset();
        return 0;
}

/* What C means by the local time now. */
static int convert(const CivilTime *time, uint64_t *ret) {
        struct tm tm = {
                .tm_year = (int)time->year - 1900,
                .tm_mon = (int)time->month - 1,
                .tm_mday = (int)time->day,
                .tm_hour = (int)time->hour,
                .tm_min = (int)time->minute,
                .tm_sec = (int)time->second,
                .tm_isdst = -1,
        };
        time_t seconds = mktime(&tm);

        if (seconds < 0)
                return -ERANGE;
        *ret = (uint64_t)seconds * USEC_PER_SEC;
        return 0;
}

static int open_zone(int root_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = open_below(root_fd, "/etc/localtime", O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -ENOENT;
}

int local_time_usec(int root_fd, const CivilTime *time, uint64_t *ret) {
        _cleanup_close_ int fd = open_zone(root_fd);
        _cleanup_free_ char *before = NULL;
        const char *zone = getenv("TZ");
        char path[64];
        int r, restored;

        if (fd < 0)
                return convert(time, ret);
        if (zone) {
                before = strdup(zone);
                if (!before)
                        return -ENOMEM;
        }
        strscpyf(path, sizeof(path), ":/proc/self/fd/%d", fd);
        r = set_zone(path);
        if (r >= 0)
                r = convert(time, ret);
        restored = set_zone(before);
        return r < 0 ? r : restored;
}
