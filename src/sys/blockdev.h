/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices below a root: what sysfs says of them, and the links that udev makes. A device goes
 * by its name in /sys/class/block ("vda1", "dm-0"). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "core/target.h"

#define BLOCK_NAME_MAX    128u
#define BLOCK_SLAVES_MOST 256u
#define BLOCK_LINKS_MOST  65536u

typedef struct BlockName {
        char text[BLOCK_NAME_MAX];
} BlockName;

/* The path in /dev of a device: a tag by the link that udev makes, and a path as it is. Returns 0
 * with a fresh string, or -ENOMEM. */
int block_path(const DeviceName *name, char **ret) _must_check_;

/* The device that a path below /dev leads to; "/dev/root", where there is no such node, is what the
 * kernel was told to mount. Returns 0; -ENOENT (there is no such path),
 * -ENOTBLK (it is no block device), -ELOOP, -ENOMEM. */
int block_by_path(int root_fd, const char *path, BlockName *ret) _must_check_;

/* The device that block_path() leads to. The same returns. */
int block_by_name(int root_fd, const DeviceName *name, BlockName *ret) _must_check_;

/* The device of these numbers. Returns 0 or -ENOENT. */
int block_by_number(int root_fd, uint64_t major, uint64_t minor, BlockName *ret) _must_check_;

/* Opens its node in /dev for reading, or what a made-up tree has there. Returns a descriptor or
 * negative errno; -ENOTBLK if it is something else. */
int block_open(int root_fd, const BlockName *name) _must_check_;

/* Its numbers. Returns 0; -ENOENT, -EINVAL. */
int block_number(int root_fd, const BlockName *name, uint64_t *ret_major,
                 uint64_t *ret_minor) _must_check_;

/* Where it is in /sys/devices, without links. Returns 0; -ENOENT, -ENOMEM. */
int block_sysfs(int root_fd, const BlockName *name, char **ret) _must_check_;

/* Reads a one-line attribute ("dm/uuid") into size bytes. Returns 0; -ENOENT, -EFBIG, or what
 * open and read say. */
int block_attribute(int root_fd, const BlockName *name, const char *attribute, char *buf,
                    size_t size) _must_check_;

/* Whether it has that attribute or directory. */
bool block_has(int root_fd, const BlockName *name, const char *attribute);

/* The devices that it is made of, sorted by name. Returns 0 with a fresh array, which may be empty;
 * -E2BIG, -ENOMEM. */
int block_slaves(int root_fd, const BlockName *name, BlockName **ret, size_t *ret_n) _must_check_;

/* The same for the names in any directory below root_fd. */
int block_names(int root_fd, const char *directory, BlockName **ret, size_t *ret_n) _must_check_;

/* The name of the link in a directory of links ("/dev/disk/by-uuid") that begins with prefix and
 * leads to the device, less prefix, udev's \x20 and the like turned back; of several the first in
 * order. Returns 0 with a fresh string; -ENOENT, -ENOMEM. */
int block_link(int root_fd, const char *directory, const char *prefix, const BlockName *name,
               char **ret) _must_check_;

/* A text as udev writes it in the names of such links. Returns a fresh string or NULL. */
char *block_encode(const char *text) _must_check_;
