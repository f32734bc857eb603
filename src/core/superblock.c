/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the superblock of a file system says of what a mount of it needs. */
#include "core/superblock.h"

#include <errno.h>

#include "base/string-util.h"
#include "core/kernel-release.h"
#include "core/little-endian.h"

/* Places in the superblocks: of the superblock from the start of the device, and of the fields from
 * the start of that. */
enum {
        EXT_SUPERBLOCK = 1024,
        EXT_MAGIC = 0x38,
        EXT_COMPAT = 0x5c,
        EXT_INCOMPAT = 0x60,
        EXT_RO_COMPAT = 0x64,
        EXT_JOURNAL_UUID = 0xd0,
        EXT_JOURNAL_INODE = 0xe0,
        EXT_SIZE = 0x400,

        F2FS_SUPERBLOCK = 1024,
        F2FS_FEATURE = 2180,
        F2FS_DEVICES = 2201,
        F2FS_DEVICE_SIZE = 68,
        F2FS_SIZE = 3072,

        BTRFS_SUPERBLOCK = 0x10000,
        BTRFS_MAGIC = 0x40,
        BTRFS_DEVICES = 0x88,
        BTRFS_CHECKSUM = 0xc4,
        BTRFS_SIZE = 0x1000,

        /* Big-endian, as nothing else here. */
        XFS_REALTIME_BLOCKS = 16,
        XFS_LOG_START = 48,
        XFS_SIZE = 512,
};

#define EXT_MAGIC_VALUE 0xef53u
#define F2FS_MAGIC      0xf2f52010u

#define EXT_COMPAT_HAS_JOURNAL   0x4u
#define EXT_INCOMPAT_JOURNAL_DEV 0x8u
#define EXT_RO_READONLY          0x1000u
#define EXT_RO_SHARED_BLOCKS     0x4000u
#define F2FS_RO                  0x4000u

typedef enum Kind { KIND_EXT, KIND_XFS, KIND_F2FS, KIND_BTRFS, KIND_NONE } Kind;

static const struct {
        const char *type;
        Kind kind;
} kinds[] = {
        { "ext2", KIND_EXT }, { "ext3", KIND_EXT },  { "ext4", KIND_EXT },
        { "xfs", KIND_XFS },  { "f2fs", KIND_F2FS }, { "btrfs", KIND_BTRFS },
};

#define FOR_QUOTA    "for the quota of the target's file system"
#define FOR_NAMES    "for names in any case in the target's file system"
#define FOR_CHECKSUM "for the checksums of the target's file system"

#define ALL_KERNELS UINT32_MAX, 0

/* Which value of which field asks for what. Functions of the kernel's own have taken the place of
 * most checksums that go by names since 6.14, in btrfs of all of them later; the table of names in
 * any case has that name since 5.17. */
static const struct {
        Kind kind;
        unsigned offset, bytes;
        uint32_t mask, value;
        SuperblockAsk ask;
} fields[] = {
        { KIND_EXT, EXT_RO_COMPAT, 4, 0x100, 0x100, { "quota_v2", FOR_QUOTA, ALL_KERNELS } },
        { KIND_EXT, EXT_INCOMPAT, 4, 0x20000, 0x20000, { "utf8data", FOR_NAMES, 0, 0 } },
        { KIND_EXT, EXT_RO_COMPAT, 4, 0x400, 0x400, { "crypto-crc32c", FOR_CHECKSUM, 0, 0 } },
        { KIND_F2FS, F2FS_FEATURE, 4, 0x80, 0x80, { "quota_v2", FOR_QUOTA, ALL_KERNELS } },
        { KIND_F2FS, F2FS_FEATURE, 4, 0x1000, 0x1000, { "utf8data", FOR_NAMES, 0, 0 } },
        { KIND_F2FS, F2FS_FEATURE, 4, 0, 0, { "crypto-crc32", FOR_CHECKSUM, 0, 0 } },
        { KIND_BTRFS, BTRFS_CHECKSUM, 2, 0xffff, 0, { "crypto-crc32c", FOR_CHECKSUM, 0, 0 } },
        { KIND_BTRFS, BTRFS_CHECKSUM, 2, 0xffff, 1, { "crypto-xxhash64", FOR_CHECKSUM, 6, 18 } },
        { KIND_BTRFS, BTRFS_CHECKSUM, 2, 0xffff, 2, { "crypto-sha256", FOR_CHECKSUM, 6, 18 } },
        { KIND_BTRFS, BTRFS_CHECKSUM, 2, 0xffff, 3, { "crypto-blake2b-256", FOR_CHECKSUM, 6, 18 } },
};

static Kind kind_of(const char *type) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (streq(kinds[i].type, type))
                        return kinds[i].kind;
        return KIND_NONE;
}

/* The part of a device from an offset on, if all of size bytes of it are there. */
static bool cut_out(const Bytes *device, size_t offset, size_t size, Bytes *ret) {
        *ret = (Bytes){ bytes_at(device, offset, size), size };
        return ret->data;
}

static uint32_t field(const Bytes *block, unsigned offset) {
        return (uint32_t)number_at(block, offset, 4);
}

static bool parse_ext(const Bytes *device, Bytes *block, Superblock *s) {
        const uint8_t *u;

        if (!cut_out(device, EXT_SUPERBLOCK, EXT_SIZE, block) ||
            number_at(block, EXT_MAGIC, 2) != EXT_MAGIC_VALUE ||
            field(block, EXT_INCOMPAT) & EXT_INCOMPAT_JOURNAL_DEV)
                return false;
        s->is_read_only = field(block, EXT_RO_COMPAT) & (EXT_RO_READONLY | EXT_RO_SHARED_BLOCKS);
        if (!(field(block, EXT_COMPAT) & EXT_COMPAT_HAS_JOURNAL) ||
            field(block, EXT_JOURNAL_INODE) != 0)
                return true;
        s->parts |= SUPERBLOCK_JOURNAL;
        u = bytes_at(block, EXT_JOURNAL_UUID, 16);
        strscpyf(s->journal_uuid, sizeof(s->journal_uuid),
                 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
                 u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
                 u[15]);
        return true;
}

static bool parse_xfs(const Bytes *device, Bytes *block, Superblock *s) {
        if (!cut_out(device, 0, XFS_SIZE, block) || memcmp(block->data, "XFSB", 4) != 0)
                return false;
        if (is_all_zero(block->data + XFS_LOG_START, 8))
                s->parts |= SUPERBLOCK_LOG;
        if (!is_all_zero(block->data + XFS_REALTIME_BLOCKS, 8))
                s->parts |= SUPERBLOCK_REALTIME;
        return true;
}

static bool parse_f2fs(const Bytes *device, Bytes *block, Superblock *s) {
        if (!cut_out(device, F2FS_SUPERBLOCK, F2FS_SIZE, block) || field(block, 0) != F2FS_MAGIC)
                return false;
        s->is_read_only = field(block, F2FS_FEATURE) & F2FS_RO;
        /* The first one is itself. */
        if (block->data[F2FS_DEVICES + F2FS_DEVICE_SIZE] != '\0')
                s->parts |= SUPERBLOCK_NAMED;
        return true;
}

static bool parse_btrfs(const Bytes *device, Bytes *block, Superblock *s) {
        if (!cut_out(device, BTRFS_SUPERBLOCK, BTRFS_SIZE, block) ||
            memcmp(block->data + BTRFS_MAGIC, "_BHRfS_M", 8) != 0)
                return false;
        s->n_devices = number_at(block, BTRFS_DEVICES, 8);
        return true;
}

int superblock_parse(const char *type, const void *data, size_t size, Superblock *ret) {
        static bool (*const parse[KIND_NONE])(const Bytes *, Bytes *, Superblock *) = {
                [KIND_EXT] = parse_ext,
                [KIND_XFS] = parse_xfs,
                [KIND_F2FS] = parse_f2fs,
                [KIND_BTRFS] = parse_btrfs,
        };
        const Bytes device = { data, size };
        Superblock s = { .n_devices = 1 };
        Kind kind = kind_of(type);
        Bytes block;

        if (kind == KIND_NONE || !parse[kind](&device, &block, &s))
                return -ENODATA;
        for (size_t i = 0; i < ELEMENTSOF(fields) && s.n_asks < SUPERBLOCK_ASKS_MOST; i++)
                if (fields[i].kind == kind &&
                    (number_at(&block, fields[i].offset, fields[i].bytes) & fields[i].mask) ==
                            fields[i].value)
                        s.asks[s.n_asks++] = &fields[i].ask;
        *ret = s;
        return 0;
}

void superblock_guess(const char *type, Superblock *ret) {
        Superblock s = { .n_devices = 1, .is_guess = true };
        Kind kind = kind_of(type);

        for (size_t i = 0; i < ELEMENTSOF(fields) && s.n_asks < SUPERBLOCK_ASKS_MOST; i++)
                if (fields[i].kind == kind)
                        s.asks[s.n_asks++] = &fields[i].ask;
        *ret = s;
}

bool superblock_ask_is_needed(const SuperblockAsk *ask, const char *release) {
        return ask->before_major == UINT32_MAX ||
               kernel_release_before(release, ask->before_major, ask->before_minor);
}
