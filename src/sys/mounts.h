/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounted file systems, through libmount: its only user. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/blockdev.h"

typedef struct Mount {
        char *point;   /* where it is mounted */
        char *root;    /* what of the file system: "/", a subvolume, a bind mount's directory */
        char *type;    /* "ext4" */
        char *source;  /* "/dev/vda1"; of fstab "UUID=..." and the like, too */
        char *options; /* of the mount and of its file system */
        uint64_t major, minor; /* of the device; major 0 if it is none (btrfs among them) */
        bool noauto;           /* of fstab: not mounted at boot */
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

/* The block device of a mount of mountinfo, by its numbers or, where those are made up, by its
 * source. Returns 0; -ENOENT, -ENOTBLK, -ELOOP, -ENOMEM. */
int mount_device(const Mount *mount, int root_fd, BlockName *ret) _must_check_;

/* The block device of a line of fstab, by its source. The same returns. */
int mount_planned_device(const Mount *mount, int root_fd, BlockName *ret) _must_check_;

/* The first line about a block device: of mountinfo, by its numbers or, where those are made up, by
 * what its source leads to; in a service's sandbox others of it follow. Of fstab, by what its
 * source leads to. That is compared as a device, as one has many names: paths and tags, with links
 * below root_fd. Returns 0 with a fresh copy; -ENOENT, -ENOMEM. */
int mounts_of_device(Mounts *m, int root_fd, const BlockName *name, Mount *ret) _must_check_;

/* The same with the lines that have a part of their file system there, as a log (logdev=). */
int mounts_using_device(Mounts *m, int root_fd, const BlockName *name, Mount *ret) _must_check_;

/* Calls take() with each of them, the first one first, until it returns something else than 0.
 * Returns that, or 0; -ENOMEM. */
int mounts_each(Mounts *m, int (*take)(void *userdata, const Mount *mount),
                void *userdata) _must_check_;

/* The same with those that mounts_of_device() goes through. */
int mounts_each_of_device(Mounts *m, int root_fd, const BlockName *name,
                          int (*take)(void *userdata, const Mount *mount),
                          void *userdata) _must_check_;
/* The value of one of its options: 0 with a fresh string, "" for one without a value; -ENOENT,
 * -ENOMEM. */
int mount_option(const Mount *mount, const char *name, char **ret) _must_check_;
void mount_done(Mount *mount);
