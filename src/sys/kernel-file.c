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
#include "sys/gzip.h"

#define COPY_CHUNK       (256u * 1024u)
#define WRAPPINGS_MOST   3 /* a unified kernel image with an EFI zboot image, and one to spare */
#define PACKED_LARGEST   (UINT64_C(256) << 20)
#define UNPACKED_LARGEST (512u << 20) /* ten times a usual kernel */

int kernel_head_read(int fd, uint64_t offset, char **ret, size_t *ret_size) {
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

static int copy(int from, const KernelPiece *piece, int to) {
        _cleanup_free_ char *chunk = malloc(COPY_CHUNK);
        uint64_t done = 0;
        size_t n;
        int r;

        if (!chunk)
                return -ENOMEM;
        for (; done < piece->size; done += n) {
                r = read_at(from, chunk, (size_t)MIN(piece->size - done, (uint64_t)COPY_CHUNK),
                            piece->offset + done, &n);
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

/* The same, unpacked. */
static int unpack(int from, const KernelPiece *piece, int to, uint64_t *ret_size) {
        _cleanup_free_ void *packed = NULL, *plain = NULL;
        size_t n, plain_size;
        int r;

        if (piece->size > PACKED_LARGEST)
                return -EFBIG;
        packed = malloc((size_t)piece->size);
        if (!packed)
                return -ENOMEM;
        r = read_at(from, packed, (size_t)piece->size, piece->offset, &n);
        if (r < 0)
                return r;
        r = gzip_unpack(packed, n, UNPACKED_LARGEST, &plain, &plain_size);
        if (r < 0)
                return r;
        *ret_size = plain_size;
        return write_all(to, plain, plain_size);
}

static int reopen_for_reading(int fd) {
        char path[64];
        int again;

        strscpyf(path, sizeof(path), "/proc/self/fd/%d", fd);
        again = open(path, O_RDONLY | O_CLOEXEC);
        return again < 0 ? -errno : again;
}

/* One wrapping, of the ways that a kernel can be wrapped in. */
typedef struct Wrapping {
        KernelPiece piece;
        bool is_packed;
} Wrapping;

/* Returns 1 if the file is one; 0 if not; -EBADMSG. */
static int find_wrapping(const char *architecture, const char *head, size_t n, uint64_t size,
                         Wrapping *ret) {
        Uki uki;
        int r = uki_parse(head, n, size, &uki);

        if (r >= 0) {
                *ret = (Wrapping){ .piece = { .offset = uki.kernel.offset,
                                              .size = uki.kernel.size } };
                return 1;
        }
        if (r != -ENOEXEC || !kernel_image_may_be_packed(architecture))
                return r == -ENOEXEC ? 0 : r;
        *ret = (Wrapping){ .piece = { .size = size }, .is_packed = true };
        if (kernel_image_is_gzip(head, n))
                return 1;
        r = kernel_zboot_parse(head, n, size, &ret->piece);
        return r == -ENOEXEC ? 0 : r < 0 ? r : 1;
}

/* Takes one off. Returns 1 if there was one, 0 if not, or negative errno. */
static int unwrap_once(const char *architecture, int *fd, uint64_t *size, const char **reterr_why) {
        _cleanup_close_ int memory = -EBADF;
        _cleanup_free_ char *head = NULL;
        uint64_t plain_size;
        Wrapping wrapping;
        size_t n;
        int r;

        *reterr_why = "it is cut short";
        r = kernel_head_read(*fd, 0, &head, &n);
        if (r >= 0)
                r = find_wrapping(architecture, head, n, *size, &wrapping);
        if (r <= 0)
                return r;
        memory = memfd_create("kernel", MFD_CLOEXEC);
        if (memory < 0)
                return -errno;
        plain_size = wrapping.piece.size;
        if (wrapping.is_packed) {
                *reterr_why = "what is compressed in it with gzip is damaged or cut short";
                r = unpack(*fd, &wrapping.piece, memory, &plain_size);
        } else
                r = copy(*fd, &wrapping.piece, memory);
        if (r < 0)
                return r;
        r = reopen_for_reading(memory);
        if (r < 0)
                return r;
        (void)close(*fd);
        *fd = r;
        *size = plain_size;
        return 1;
}

int kernel_file_unwrap(const char *architecture, int *fd, uint64_t *size, const char **reterr_why) {
        _cleanup_close_ int inner = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
        uint64_t inner_size = *size;
        int r = inner < 0 ? -errno : 1, n = 0;

        *reterr_why = "it cannot be read";
        while (r > 0 && n < WRAPPINGS_MOST) {
                r = unwrap_once(architecture, &inner, &inner_size, reterr_why);
                n += r > 0;
        }
        if (r < 0 || n == 0)
                return r;
        (void)close(*fd);
        *fd = TAKE_FD(inner);
        *size = inner_size;
        return 1;
}

bool kernel_file_has_appended_signature(int fd, uint64_t size) {
        static const char mark[] = "~Module signature appended~\n";
        char end[sizeof(mark) - 1];
        size_t n;

        return size >= sizeof(end) && read_at(fd, end, sizeof(end), size - sizeof(end), &n) >= 0 &&
               n == sizeof(end) && memcmp(end, mark, sizeof(end)) == 0;
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
        r = kernel_head_read(fd, 0, &head, &n);
        if (r < 0)
                return r;
        if (uki_parse(head, n, (uint64_t)st.st_size, &uki) < 0)
                return header_release(head, n, (uint64_t)st.st_size, ret);
        if (section_release(fd, &uki.release, ret) >= 0)
                return 0;
        r = kernel_head_read(fd, uki.kernel.offset, &inner, &n);
        if (r < 0)
                return r;
        return header_release(inner, (size_t)MIN((uint64_t)n, uki.kernel.size), uki.kernel.size,
                              ret);
}
