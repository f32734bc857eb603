/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives for the kernel's initramfs, and compressed files, through libarchive. */
#include "sys/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const char *const compression_table[_COMPRESSION_MAX] = {
        [COMPRESSION_NONE] = "none",
        [COMPRESSION_GZIP] = "gzip",
        [COMPRESSION_ZSTD] = "zstd",
};
DEFINE_NAME_TABLE(compression, Compression, _COMPRESSION_MAX);

struct CpioWriter {
        struct archive *archive;
        struct archive_entry *entry;
        int64_t next_inode;
};

static int error_of(struct archive *a) {
        int error = archive_errno(a);

        return error > 0 ? -error : -EIO;
}

CpioWriter *cpio_writer_free(CpioWriter *w) {
        if (!w)
                return NULL;
        if (w->entry)
                archive_entry_free(w->entry);
        if (w->archive)
                (void)archive_write_free(w->archive);
        free(w);
        return NULL;
}

/* zstd at the level whose window is the smallest, 512 KiB: the kernel holds window and packed image
 * in memory while it unpacks, and that moment is the tightest one of a capture. For 7.5 MiB the two
 * are 3.5 MiB together; at level 9 the image is 0.5 MiB smaller and the window 4 MiB. gzip has a
 * window of 32 KiB, and takes the CPU seven times as long. */
static int set_compression(struct archive *a, Compression compression) {
        int r;

        switch (compression) {
        case COMPRESSION_GZIP:
                r = archive_write_add_filter_gzip(a);
                if (r == ARCHIVE_OK)
                        r = archive_write_set_options(a,
                                                      "gzip:compression-level=9,gzip:!timestamp");
                return r;
        case COMPRESSION_ZSTD:
                r = archive_write_add_filter_zstd(a);
                if (r == ARCHIVE_OK)
                        r = archive_write_set_options(a, "zstd:compression-level=1");
                return r;
        default:
                return archive_write_add_filter_none(a);
        }
}

int cpio_writer_new(int fd, Compression compression, CpioWriter **ret) {
        _cleanup_(cpio_writer_freep) CpioWriter *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        w->next_inode = 1;
        w->archive = archive_write_new();
        w->entry = archive_entry_new();
        if (!w->archive || !w->entry)
                return -ENOMEM;
        if (archive_write_set_format_cpio_newc(w->archive) != ARCHIVE_OK)
                return error_of(w->archive);
        /* A warning means that it would run a program. */
        if (set_compression(w->archive, compression) != ARCHIVE_OK)
                return -EOPNOTSUPP;
        if (archive_write_open_fd(w->archive, fd) != ARCHIVE_OK)
                return error_of(w->archive);
        *ret = TAKE_PTR(w);
        return 0;
}

int cpio_writer_add(CpioWriter *w, const CpioEntry *entry) {
        struct archive_entry *e = archive_entry_clear(w->entry);
        const char *path = entry->path + strspn(entry->path, "/");

        archive_entry_set_pathname(e, path);
        archive_entry_set_mode(e, entry->mode);
        archive_entry_set_ino64(e, w->next_inode++);
        archive_entry_set_nlink(e, S_ISDIR(entry->mode) ? 2 : 1);
        archive_entry_set_uid(e, 0);
        archive_entry_set_gid(e, 0);
        archive_entry_set_mtime(e, 0, 0);
        archive_entry_set_dev(e, 0);
        if (S_ISLNK(entry->mode))
                archive_entry_set_symlink(e, entry->link);
        if (S_ISCHR(entry->mode))
                archive_entry_set_rdev(e, makedev(entry->major, entry->minor));
        archive_entry_set_size(e, S_ISREG(entry->mode) ? (int64_t)entry->size : 0);
        if (archive_write_header(w->archive, e) != ARCHIVE_OK)
                return error_of(w->archive);
        if (S_ISREG(entry->mode) && entry->size > 0 &&
            archive_write_data(w->archive, entry->data, entry->size) != (ssize_t)entry->size)
                return error_of(w->archive);
        return 0;
}

int cpio_writer_finish(CpioWriter *w, uint64_t *ret_unpacked) {
        if (archive_write_close(w->archive) != ARCHIVE_OK)
                return error_of(w->archive);
        *ret_unpacked = (uint64_t)archive_filter_bytes(w->archive, 0);
        return 0;
}

static void read_freep(struct archive **a) {
        if (*a)
                (void)archive_read_free(*a);
}

static int read_all(struct archive *a, size_t limit, void **ret, size_t *ret_size) {
        _cleanup_free_ char *data = NULL;
        size_t size = 0, room = 0;

        for (;;) {
                ssize_t n;

                if (room == size) {
                        char *grown;

                        if (size > limit)
                                return -EFBIG;
                        room = room == 0 ? MIN(limit + 1, (size_t)65536) : MIN(limit + 1, 2 * room);
                        grown = realloc(data, room);
                        if (!grown)
                                return -ENOMEM;
                        data = grown;
                }
                n = archive_read_data(a, data + size, room - size);
                if (n < 0)
                        return -EBADMSG;
                if (n == 0)
                        break;
                size += (size_t)n;
        }
        if (size > limit)
                return -EFBIG;
        *ret = TAKE_PTR(data);
        *ret_size = size;
        return 0;
}

int decompress(const void *data, size_t size, size_t limit, void **ret, size_t *ret_size) {
        _cleanup_(read_freep) struct archive *a = archive_read_new();
        struct archive_entry *entry;

        if (!a)
                return -ENOMEM;
        /* ARCHIVE_WARN: a program would be run; such a filter just does not match. */
        if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
            archive_read_support_filter_xz(a) != ARCHIVE_OK ||
            archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
            archive_read_support_format_raw(a) != ARCHIVE_OK)
                return -EOPNOTSUPP;
        if (archive_read_open_memory(a, data, size) != ARCHIVE_OK ||
            archive_read_next_header(a, &entry) != ARCHIVE_OK)
                return -EBADMSG;
        return read_all(a, limit, ret, ret_size);
}
