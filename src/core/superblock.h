/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the superblock of a file system says of what a mount of it needs. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* Bytes from the start of a device within which its superblock lies, whatever the type. */
#define SUPERBLOCK_REACH     (128u * 1024u)
#define SUPERBLOCK_UUID_MAX  37u /* a UUID as people write it, with its NUL */
#define SUPERBLOCK_ASKS_MOST 8u

/* What a file system asks the kernel for by name when it is mounted. */
typedef struct SuperblockAsk {
        const char *name; /* of a module, or an alias */
        const char *what; /* for people: "for the quota of the target's file system" */
        /* Kernels before this release cannot mount it without, the others may have it in another
         * way: 0 stands for none, UINT32_MAX for all of them. */
        uint32_t before_major, before_minor;
} SuperblockAsk;

/* Other devices that it is on, besides the one with the superblock. */
typedef enum SuperblockPart {
        SUPERBLOCK_JOURNAL = 1,  /* of ext3 and ext4: has journal_uuid */
        SUPERBLOCK_LOG = 2,      /* of xfs: on a device that only the mount names */
        SUPERBLOCK_REALTIME = 4, /* of xfs: perhaps on such a device, perhaps inside */
        SUPERBLOCK_NAMED = 8,    /* of f2fs: on devices that it has by their names in /dev */
} SuperblockPart;

typedef struct Superblock {
        const SuperblockAsk *asks[SUPERBLOCK_ASKS_MOST];
        size_t n_asks;
        unsigned parts; /* SuperblockPart, as bits */
        char journal_uuid[SUPERBLOCK_UUID_MAX];
        uint64_t n_devices; /* of btrfs; 1 for others */
        bool is_read_only;  /* no kernel writes to it */
        bool is_guess;      /* superblock_guess() has filled it */
} Superblock;

/* Looks into the first size bytes of a device, SUPERBLOCK_REACH or all that it has, for a file
 * system of this type as mount(8) calls it. Returns 0; -ENODATA (nothing can be known: another
 * type, or no such superblock there). fs/ext4/ext4.h, fs/xfs/libxfs/xfs_format.h,
 * include/linux/f2fs_fs.h, include/uapi/linux/btrfs_tree.h in the kernel tree. */
int superblock_parse(const char *type, const void *data, size_t size, Superblock *ret) _must_check_;

/* All that a file system of this type may ask for, where its superblock cannot be read: nothing for
 * types that are not known. */
void superblock_guess(const char *type, Superblock *ret);

/* Whether a kernel of this release cannot mount the file system without what it asks for. */
bool superblock_ask_is_needed(const SuperblockAsk *ask, const char *release) _pure_;
