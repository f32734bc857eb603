/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/vmcore as it is, without its zeros. */
#include "capture/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"

#define CHUNK 65536u
#define PAGE  4096u

static bool is_zero(const char *data, size_t size) {
        return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

static int write_at(int fd, const char *data, size_t size, uint64_t offset) {
        while (size > 0) {
                ssize_t n = pwrite(fd, data, size, (off_t)offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                data += n;
                offset += (uint64_t)n;
                size -= (size_t)n;
        }
        return 0;
}

/* Writes the pages that are not all zeros, neighbours together. */
static int write_pages(int fd, const char *data, size_t size, uint64_t offset, CopyResult *result) {
        size_t start = 0, at = 0;
        int r = 0;

        while (r >= 0 && at < size) {
                size_t page = MIN(size - at, (size_t)PAGE);

                if (!is_zero(data + at, page)) {
                        at += page;
                        continue;
                }
                r = write_at(fd, data + start, at - start, offset + start);
                result->written += at - start;
                at += page;
                start = at;
        }
        if (r >= 0) {
                r = write_at(fd, data + start, at - start, offset + start);
                result->written += at - start;
        }
        return r;
}

/* Reads what there is at an offset. If it cannot be read, a page is left out. Returns its size with
 * data or with none (*ret_bad), 0 at the end. */
static ssize_t read_chunk(int fd, char *buffer, size_t size, uint64_t offset, bool *ret_bad) {
        ssize_t n;

        *ret_bad = false;
        do
                n = pread(fd, buffer, size, (off_t)offset);
        while (n < 0 && errno == EINTR);
        if (n < 0 && size > PAGE)
                return read_chunk(fd, buffer, PAGE, offset, ret_bad);
        if (n < 0) {
                *ret_bad = true;
                n = PAGE;
        }
        return n;
}

static int copy_all(Capture *c, int fd, uint64_t size, CopyResult *result) {
        char buffer[CHUNK];
        unsigned percent = 0;
        int r;

        for (uint64_t at = 0; at < size;) {
                /* Whole pages of the file, so that those of zeros show. */
                size_t want = MIN(size - at, (uint64_t)(CHUNK - at % PAGE));
                bool is_bad;
                ssize_t n;

                n = read_chunk(c->vmcore_fd, buffer, want, at, &is_bad);
                if (n == 0)
                        return -EIO;
                n = (ssize_t)MIN((uint64_t)n, size - at);
                if (is_bad)
                        result->unreadable += (uint64_t)n;
                else {
                        r = write_pages(fd, buffer, (size_t)n, at, result);
                        if (r < 0)
                                return r;
                }
                at += (uint64_t)n;
                capture_progress(c);
                if (at / (size / 10 + 1) > percent) {
                        percent = (unsigned)(at / (size / 10 + 1));
                        capture_say("copied %u0 %%", percent);
                }
        }
        return 0;
}

int copy_vmcore(Capture *c, const char *name, CopyResult *ret) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        CopyResult result = { 0 };
        int r;

        if (fstat(c->vmcore_fd, &st) < 0)
                return -errno;
        /* /proc/vmcore says its size; its headers do, too. */
        result.size = MAX((uint64_t)st.st_size, c->vmcore.size);
        fd = openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        if (ftruncate(fd, (off_t)result.size) < 0)
                return -errno;
        r = copy_all(c, fd, result.size, &result);
        if (r < 0)
                return r;
        /* Nothing could be read at all: that is no dump. */
        if (result.written == 0)
                return -EIO;
        *ret = result;
        return 0;
}
