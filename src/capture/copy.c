/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/vmcore as it is. */
#include "capture/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/say.h"

#define CHUNK 65536u
#define PAGE  4096u

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

/* Reads what there is at an offset. Of what cannot be read a page is zeros. Returns its size, 0 at
 * the end. */
static size_t read_chunk(Capture *c, char *buffer, size_t size, uint64_t offset) {
        ssize_t n = c->ops->read_memory(c, buffer, size, offset);

        if (n < 0 && size > PAGE)
                return read_chunk(c, buffer, PAGE, offset);
        if (n < 0) {
                memset(buffer, 0, size);
                c->info.unreadable_bytes += size;
                n = (ssize_t)size;
        }
        return (size_t)n;
}

/* verb: what was done with so much of it, for people. */
static int copy_all(Capture *c, uint64_t size, const char *verb,
                    int (*take)(void *userdata, const char *data, size_t size), void *userdata) {
        char buffer[CHUNK];
        unsigned percent = 0;
        int r;

        for (uint64_t at = 0; at < size;) {
                /* Whole pages of the file, so that those of zeros show. */
                size_t n = read_chunk(c, buffer, MIN(size - at, (uint64_t)(CHUNK - at % PAGE)), at);

                if (n == 0)
                        return -EIO;
                r = take(userdata, buffer, n);
                if (r < 0)
                        return r;
                at += n;
                capture_progress(c);
                if (at / (size / 10 + 1) > percent) {
                        percent = (unsigned)(at / (size / 10 + 1));
                        capture_say("%s %u0 %%", verb, percent);
                }
        }
        return 0;
}

/* /proc/vmcore says its size; its headers do, too. Returns 0 or -errno. */
static int find_size(Capture *c, uint64_t *ret) {
        struct stat st;

        if (fstat(c->vmcore_fd, &st) < 0)
                return -errno;
        *ret = MAX((uint64_t)st.st_size, c->vmcore.size);
        return 0;
}

int copy_memory(Capture *c, int (*take)(void *userdata, const char *data, size_t size),
                void *userdata) {
        uint64_t size;
        int r;

        r = find_size(c, &size);
        if (r < 0)
                return r;
        c->info.unreadable_bytes = 0;
        capture_say("copying the memory as it is");
        r = copy_all(c, size, "copied", take, userdata);
        if (r < 0 || c->info.unreadable_bytes == 0)
                return r;
        capture_add(c, "%" PRIu64 " of %" PRIu64 " bytes of the memory could not be read",
                    c->info.unreadable_bytes, size);
        return c->info.unreadable_bytes > size / UNREADABLE_SHARE;
}

typedef struct CopyFile {
        int fd;
        uint64_t at;
} CopyFile;

/* Writes the pages that are not all zeros, neighbours together. */
static int write_pages(void *userdata, const char *data, size_t size) {
        CopyFile *file = userdata;
        size_t start = 0, at = 0;
        int r = 0;

        while (r >= 0 && at < size) {
                size_t page = MIN(size - at, (size_t)PAGE);

                if (!is_all_zero(data + at, page)) {
                        at += page;
                        continue;
                }
                r = write_at(file->fd, data + start, at - start, file->at + start);
                at += page;
                start = at;
        }
        if (r >= 0)
                r = write_at(file->fd, data + start, at - start, file->at + start);
        file->at += size;
        return r;
}

int copy_to_file(Capture *c, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        CopyFile file;
        int r;

        fd = openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        file = (CopyFile){ .fd = fd };
        r = copy_memory(c, write_pages, &file);
        /* With the hole at its end, if there is one. */
        if (r >= 0 && ftruncate(fd, (off_t)file.at) < 0)
                return -errno;
        return r;
}

/* Counts down what is left of the room. */
static int count_pages(void *userdata, const char *data, size_t size) {
        uint64_t *room = userdata;

        for (size_t at = 0; at < size; at += PAGE) {
                size_t page = MIN(size - at, (size_t)PAGE);

                if (is_all_zero(data + at, page))
                        continue;
                if (page > *room)
                        return -ENOSPC;
                *room -= page;
        }
        return 0;
}

bool copy_fits(Capture *c, uint64_t room, uint64_t most, uint64_t *ret) {
        uint64_t size, left = most;
        bool is_partial;
        int r;

        *ret = 0;
        if (find_size(c, &size) < 0)
                return true;
        if (size > room) {
                capture_say("looking whether a copy of the memory fits, without its pages of "
                            "zeros");
                c->info.unreadable_bytes = 0;
                r = copy_all(c, size, "looked at", count_pages, &left);
                is_partial = c->info.unreadable_bytes > size / UNREADABLE_SHARE;
                c->info.unreadable_bytes = 0;
                size = most - left;
                if (r == -ENOSPC || (is_partial && size > room))
                        return false;
        }
        *ret = size;
        return true;
}
