/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with a kernel in them. */
#include "sys/kernel-file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/bzimage.h"
#include "core/uki.h"

#define COPY_CHUNK (256u * 1024u)

/* The first bytes of a kernel. */
static int read_head(int fd, uint64_t offset, char **ret, size_t *ret_size) {
        _cleanup_free_ char *head = malloc(KERNEL_HEAD_MAX);
        int r;

        if (!head)
                return -ENOMEM;
        r = read_at(fd, head, KERNEL_HEAD_MAX, offset, ret_size);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(head);
        return 0;
}

static int copy(int from, const UkiSection *section, int to) {
        _cleanup_free_ char *chunk = malloc(COPY_CHUNK);
        uint64_t done = 0;
        size_t n;
        int r;

        if (!chunk)
                return -ENOMEM;
        for (; done < section->size; done += n) {
                r = read_at(from, chunk, (size_t)MIN(section->size - done, (uint64_t)COPY_CHUNK),
                            section->offset + done, &n);
                if (r < 0)
                        return r;
                if (n == 0)
                        return -EBADMSG; /* it became shorter meanwhile */
                r = write_all(to, chunk, n);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int reopen_for_reading(int fd) {
        char path[64];
        int again;

        strscpyf(path, sizeof(path), "/proc/self/fd/%d", fd);
        again = open(path, O_RDONLY | O_CLOEXEC);
        return again < 0 ? -errno : again;
}

int kernel_file_unwrap(int *fd, uint64_t *size) {
        _cleanup_free_ char *head = NULL;
        _cleanup_close_ int memory = -EBADF;
        size_t n;
        Uki uki;
        int r;

        r = read_head(*fd, 0, &head, &n);
        if (r < 0)
                return r;
        r = uki_parse(head, n, *size, &uki);
        if (r < 0)
                return r == -ENOEXEC ? 0 : r;
        memory = memfd_create("kernel", MFD_CLOEXEC);
        if (memory < 0)
                return -errno;
        r = copy(*fd, &uki.kernel, memory);
        if (r < 0)
                return r;
        r = reopen_for_reading(memory);
        if (r < 0)
                return r;
        (void)close(*fd);
        *fd = r;
        *size = uki.kernel.size;
        return 1;
}

/* What stands in the section of its own, without blanks around it. */
static int section_release(int fd, const UkiSection *section, char ret[static KERNEL_RELEASE_MAX]) {
        char text[KERNEL_RELEASE_MAX];
        size_t n;
        int r;

        if (section->size == 0 || section->size >= sizeof(text))
                return -ENODATA;
        r = read_at(fd, text, (size_t)section->size, section->offset, &n);
        if (r < 0)
                return r;
        text[n] = '\0';
        strscpy(ret, KERNEL_RELEASE_MAX, strstrip(text));
        return ret[0] == '\0' ? -ENODATA : 0;
}

/* Of an ELF kernel nothing tells the release. */
static int header_release(const char *head, size_t n, uint64_t size,
                          char ret[static KERNEL_RELEASE_MAX]) {
        KernelImage image;
        const char *why;

        if (bzimage_parse(head, n, size, &image, &why) < 0 || image.release[0] == '\0')
                return -ENODATA;
        strscpy(ret, KERNEL_RELEASE_MAX, image.release);
        return 0;
}

int kernel_file_release(int root_fd, const char *path, char ret[static KERNEL_RELEASE_MAX]) {
        _cleanup_close_ int fd = open_below(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ char *head = NULL, *inner = NULL;
        struct stat st;
        size_t n;
        Uki uki;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return -ENODATA;
        r = read_head(fd, 0, &head, &n);
        if (r < 0)
                return r;
        if (uki_parse(head, n, (uint64_t)st.st_size, &uki) < 0)
                return header_release(head, n, (uint64_t)st.st_size, ret);
        if (section_release(fd, &uki.release, ret) >= 0)
                return 0;
        r = read_head(fd, uki.kernel.offset, &inner, &n);
        if (r < 0)
                return r;
        return header_release(inner, (size_t)MIN((uint64_t)n, uki.kernel.size), uki.kernel.size,
                              ret);
}
