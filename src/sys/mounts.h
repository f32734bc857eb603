/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounted file systems, through libmount: its only user. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

typedef struct Mount {
        char *point;  /* where it is mounted */
        char *root;   /* what of the file system: "/", a subvolume, a bind mount's directory */
        char *type;   /* "ext4" */
        char *source; /* "/dev/vda1" */
        uint64_t major, minor; /* of the device; major 0 if it is none (btrfs among them) */
        bool noauto;           /* of fstab: not mounted at boot */
        bool spreads;          /* a part of it, as xfs's log, is on another device */
} Mount;

typedef struct Mounts Mounts;

/* Reads a mountinfo file (proc_pid_mountinfo(5)), or with is_fstab an fstab(5) file. path is as
 * the C library opens it. Returns 0; -ENOENT, -EBADMSG, -ENOMEM. */
int mounts_read(const char *path, bool is_fstab, Mounts **ret) _must_check_;
Mounts *mounts_free(Mounts *m);

/* The same for a path below root_fd. */
int mounts_read_below(int root_fd, const char *path, bool is_fstab, Mounts **ret) _must_check_;
DEFINE_CLEANUP(Mounts *, mounts_free);

/* What is mounted where a path without symbolic links is; of several on top of each other the last
 * one. Returns 0 with a fresh copy; -ENOENT, -ENOMEM. */
int mounts_of_path(Mounts *m, const char *path, Mount *ret) _must_check_;

/* Whether fstab has something mounted at boot that path is on, and that is not there: mounted is
 * what path is on now. Early in a boot, or without its disk, a path seems to be on the file system
 * around. Returns 1 with a fresh copy of what is missing, 0, or -ENOMEM. */
int mounts_missing(Mounts *fstab, const char *path, const Mount *mounted, Mount *ret) _must_check_;

/* Whether a mount of mountinfo tells its device by its source. The kernel gives all file systems on
 * a block device the numbers of that (fuseblk, too, which only root can mount); only those that may
 * be on several have made up ones, and of these dumps can be on btrfs alone. The source of others
 * is any text: a user who mounts by FUSE makes it up. */
bool mount_has_source(const Mount *mount);

/* The first mount of a block device in mountinfo, by its numbers (if major is not 0) or, where it
 * counts, by its source; in a service's sandbox others of it follow. The same returns. */
int mounts_of_device(Mounts *m, uint64_t major, uint64_t minor, const char *source,
                     Mount *ret) _must_check_;

/* The first line of fstab with this source. The same returns. */
int mounts_of_source(Mounts *fstab, const char *source, Mount *ret) _must_check_;

/* Calls take() with each of them, the first one first, until it returns something else than 0.
 * Returns that, or 0; -ENOMEM. */
int mounts_each(Mounts *m, int (*take)(void *userdata, const Mount *mount),
                void *userdata) _must_check_;
void mount_done(Mount *mount);
