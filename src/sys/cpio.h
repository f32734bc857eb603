/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives for the kernel's initramfs, and compressed files, through libarchive: its only user. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/string-util.h"

/* What the kernel can unpack. xz is not among it, as libarchive gives it a checksum that the
 * kernel's code does not know. */
typedef enum Compression {
        COMPRESSION_NONE,
        COMPRESSION_GZIP,
        COMPRESSION_ZSTD,
        _COMPRESSION_MAX,
} Compression;

DECLARE_NAME_TABLE(compression, Compression);

typedef struct CpioEntry {
        const char *path; /* absolute; parents come before what is in them */
        mode_t mode;      /* S_IFREG, S_IFDIR, S_IFLNK or S_IFCHR, and permissions */
        const char *link; /* S_IFLNK only */
        const void *data; /* S_IFREG only */
        size_t size;
        unsigned major, minor; /* S_IFCHR only */
} CpioEntry;

typedef struct CpioWriter CpioWriter;

/* Begins an archive in the newc format into fd. Times, owners and inode numbers do not depend on
 * where it is made: the same entries give the same bytes. Returns 0; -EOPNOTSUPP (libarchive cannot
 * compress so), -ENOMEM, or what libarchive says. */
int cpio_writer_new(int fd, Compression compression, CpioWriter **ret) _must_check_;
int cpio_writer_add(CpioWriter *w, const CpioEntry *entry) _must_check_;

/* Ends the archive. *ret_unpacked is its size before compression, in bytes. */
int cpio_writer_finish(CpioWriter *w, uint64_t *ret_unpacked) _must_check_;
CpioWriter *cpio_writer_free(CpioWriter *w);
DEFINE_CLEANUP(CpioWriter *, cpio_writer_free);

/* Unpacks one compressed file of whatever compression libarchive knows, at most limit bytes.
 * Returns 0 with a fresh buffer; -EFBIG, -EBADMSG, -ENOMEM. */
int decompress(const void *data, size_t size, size_t limit, void **ret,
               size_t *ret_size) _must_check_;
