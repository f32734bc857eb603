/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where dumps go: from Target= and Path= to a device, a file system and a directory on it. */
#include "mkinitramfs/target.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "mkinitramfs/drivers.h"
#include "mkinitramfs/identify.h"
#include "mkinitramfs/stack.h"
#include "sys/path.h"
#include "sys/udev-device.h"

#define BTRFS_LIVE "/sys/fs/btrfs"

#define SWAPS         "/proc/swaps"
#define SWAPS_LONGEST (1024u * 1024u) /* bytes */

/* What can be mounted by its driver alone, with what the driver is called and what it needs. */
static const struct {
        const char *type, *driver, *options;
} file_systems[] = {
        { "ext2", "fs-ext4", "" },
        { "ext3", "fs-ext4", "" },
        { "ext4", "fs-ext4", "" },
        { "xfs", "fs-xfs", "" },
        { "f2fs", "fs-f2fs", "" },
        /* From the top, where paths do not depend on what is the default subvolume. A balance that
         * was under way would go on as it is mounted, in the little memory that there is. */
        { "btrfs", "fs-btrfs", "subvolid=5,skip_balance" },
};

static const char *const networks[] = { "nfs",  "nfs4", "cifs",     "smb3",           "ceph",
                                        "9p",   "afs",  "virtiofs", "fuse.glusterfs", "fuse.sshfs",
                                        "gfs2", "ocfs2" };

static int refuse_type(Builder *b, const char *key, const char *type, const char *where) {
        for (size_t i = 0; i < ELEMENTSOF(networks); i++)
                if (streq(type, networks[i]))
                        return fail(b, -EOPNOTSUPP,
                                    "%s=: %s is a file system of the type %s, which needs a "
                                    "network: " ELSEWHERE,
                                    key, where, type);
        return fail(
                b, -EOPNOTSUPP,
                "%s=: %s is a file system of the type %s, where no dump can be kept: " ELSEWHERE,
                key, where, type);
}

static int set_file_system(Builder *b, const char *key, const char *type, const char *where,
                           PlanTarget *target) {
        for (size_t i = 0; i < ELEMENTSOF(file_systems); i++) {
                int r;

                if (!streq(file_systems[i].type, type))
                        continue;
                target->file_system = strdup(type);
                target->options = strdup(file_systems[i].options);
                if (!target->file_system || !target->options)
                        return fail_memory(b);
                r = driver_add(b, file_systems[i].driver, "for the target's file system");
                return r;
        }
        return refuse_type(b, key, type, where);
}

/* The UUID of the btrfs that a device is one of, if it is mounted. */
static int btrfs_of(Builder *b, const BlockName *name, char **ret) {
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent *entry;
        int r = -ENOENT;

        if (open_directory_below(b->root_fd, BTRFS_LIVE, &directory) < 0)
                return -ENOENT;
        while (r == -ENOENT && (entry = readdir(directory))) {
                char path[600];

                strscpyf(path, sizeof(path), BTRFS_LIVE "/%s/devices/%s", entry->d_name,
                         name->text);
                if (entry->d_name[0] == '.' || !exists_below(b->root_fd, path))
                        continue;
                *ret = strdup(entry->d_name);
                r = *ret ? 0 : -ENOMEM;
        }
        return r;
}

/* All devices of a btrfs. Their order in the directory does not matter: the modules and devices of
 * the plan are the same, and in any order good. But the same inputs shall make the same image. */
static int add_btrfs_members(Builder *b, const char *uuid) {
        _cleanup_free_ BlockName *members = NULL;
        char path[300];
        size_t n;
        int r;

        strscpyf(path, sizeof(path), BTRFS_LIVE "/%s/devices", uuid);
        r = block_names(b->root_fd, path, &members, &n);
        if (r < 0)
                return fail(b, r, "\"%s\" cannot be read: %s", path, strerror(-r));
        for (size_t i = 0; i < n && r >= 0; i++)
                r = stack_add(b, &members[i]);
        return r;
}

/* What the file system is on, and how it is found again. Only one of the devices of a btrfs has the
 * link that the UUID of all of them makes. */
static int set_device(Builder *b, const BlockName *name, PlanTarget *target) {
        int r = -ENOENT;

        if (streq(target->file_system, "btrfs"))
                r = btrfs_of(b, name, &target->device.value);
        if (r >= 0) {
                target->device.tag = DEVICE_BY_UUID;
                return add_btrfs_members(b, target->device.value);
        }
        if (r != -ENOENT)
                return fail_memory(b);
        r = stack_add(b, name);
        return r < 0 ? r : device_identify(b, name, DEVICE_USE_FILE_SYSTEM, &target->device);
}

static int set_label(Builder *b, PlanTarget *target, const char *directory, const BlockName *name) {
        char mapper[256];
        int r;

        if (block_attribute(b->root_fd, name, "dm/name", mapper, sizeof(mapper)) >= 0)
                r = asprintf(&target->label, "%s%s/dev/mapper/%s", directory,
                             *directory ? " on " : "", mapper);
        else
                r = asprintf(&target->label, "%s%s/dev/%s", directory, *directory ? " on " : "",
                             name->text);
        if (r < 0) {
                target->label = NULL;
                return fail_memory(b);
        }
        return 0;
}

/* The device of a mount: by its numbers, or, where those are made up, by its source. */
static int device_of_mount(Builder *b, const char *key, const Mount *mount, BlockName *ret) {
        if (mount_device(mount, b->root_fd, ret) < 0)
                return fail(b, -ENODEV,
                            "%s=: the device of %s, \"%s\", is not among those of /sys/class/block",
                            key, mount->point, mount->source);
        return 0;
}

/* Joins the directory of the file system that is mounted, and the rest of the path. */
static char *join(const char *a, const char *b, const char *c) {
        char *path;
        size_t n;

        if (asprintf(&path, "%s/%s/%s", a, b, c) < 0)
                return NULL;
        /* No double or trailing slashes. */
        n = 0;
        for (const char *p = path; *p; p++)
                if (*p != '/' || n == 0 || path[n - 1] != '/')
                        path[n++] = *p;
        if (n > 1 && path[n - 1] == '/')
                n--;
        path[n] = '\0';
        return path;
}

/* Dumps would go to the file system around, and be hidden when the right one is mounted. */
static int check_mounted(Builder *b, const char *key, const char *path, const char *rest,
                         const Mount *mount) {
        _cleanup_free_ char *whole = join(path, rest, "");
        _cleanup_(mount_done) Mount missing = { 0 };
        int r;

        if (!whole)
                return fail_memory(b);
        r = b->fstab ? mounts_missing(b->fstab, whole, mount, &missing) : 0;
        if (r < 0)
                return fail_memory(b);
        if (r == 0)
                return 0;
        return fail(b, -ENODEV,
                    "%s=: Path=%s is on what /etc/fstab mounts at %s, and that is not mounted", key,
                    b->settings->capture_path, missing.point);
}

static int resolve_mounted(Builder *b, const char *key, PlanTarget *target) {
        _cleanup_(mount_done) Mount mount = { 0 };
        _cleanup_free_ char *path = NULL, *rest = NULL;
        const char *inside;
        BlockName name;
        int r;

        r = path_resolve_prefix(b->root_fd, b->settings->capture_path, &path, &rest);
        if (r < 0)
                return fail(b, r, "Path=%s cannot be resolved: %s", b->settings->capture_path,
                            strerror(-r));
        r = b->mounts ? mounts_of_path(b->mounts, path, &mount) : -ENOENT;
        if (r < 0)
                return fail(b, r, "%s=: what is mounted at %s is not known: %s", key, path,
                            b->mounts ? strerror(-r) : "/proc/self/mountinfo cannot be read");
        r = check_mounted(b, key, path, rest, &mount);
        if (r >= 0 && mount.spreads)
                r = fail(b, -EOPNOTSUPP,
                         "%s=: a part of the file system at %s, as its log, is on a device of its "
                         "own: " ELSEWHERE,
                         key, mount.point);
        if (r >= 0)
                r = set_file_system(b, key, mount.type, b->settings->capture_path, target);
        if (r >= 0)
                r = device_of_mount(b, key, &mount, &name);
        if (r >= 0)
                r = set_device(b, &name, target);
        if (r >= 0)
                r = set_label(b, target, b->settings->capture_path, &name);
        if (r < 0)
                return r;
        inside = streq(mount.point, "/") ? path : path + strlen(mount.point);
        target->directory = join(mount.root, inside, rest);
        target->type = PLAN_TARGET_FILE_SYSTEM;
        return target->directory ? 0 : fail_memory(b);
}

/* What is on a device that need not be mounted. */
static int type_of_device(Builder *b, const char *key, const BlockName *name, char **ret) {
        _cleanup_(mount_done) Mount mount = { 0 };
        int r = -ENOENT;

        if (b->mounts)
                r = mounts_of_device(b->mounts, b->root_fd, name, &mount);
        /* udev's word counts for the running system only. */
        if (r == -ENOENT && b->root[0] == '\0')
                r = udev_block_property(name->text, "ID_FS_TYPE", &mount.type);
        if (r == -ENOENT && b->fstab)
                r = mounts_of_device(b->fstab, b->root_fd, name, &mount);
        if (r == -ENOENT || (r >= 0 && streq(mount.type, "auto")))
                return fail(b, -ENODEV,
                            "%s=: the type of the file system on /dev/%s is not known: mount it, "
                            "or put it into /etc/fstab",
                            key, name->text);
        if (r < 0)
                return fail_memory(b);
        *ret = TAKE_PTR(mount.type);
        return 0;
}

static int find_device(Builder *b, const char *key, const Target *named, BlockName *ret) {
        int r;

        r = block_by_name(b->root_fd, &named->device, ret);
        if (r == -ENOMEM)
                return fail_memory(b);
        if (r == -ENOTBLK)
                return fail(b, r, "%s=: \"%s\" is no block device", key, named->name);
        if (r < 0)
                return fail(b, r, "%s=: there is no device \"%s\": %s", key, named->name,
                            strerror(-r));
        return 0;
}

static int resolve_device(Builder *b, const char *key, const Target *named, PlanTarget *target) {
        _cleanup_free_ char *type = NULL;
        BlockName name;
        int r;

        r = find_device(b, key, named, &name);
        if (r >= 0)
                r = type_of_device(b, key, &name, &type);
        if (r >= 0)
                r = set_file_system(b, key, type, named->name, target);
        if (r >= 0)
                r = set_device(b, &name, target);
        if (r >= 0)
                r = set_label(b, target, b->settings->capture_path, &name);
        if (r < 0)
                return r;
        target->directory = join("", b->settings->capture_path, "");
        target->type = PLAN_TARGET_FILE_SYSTEM;
        return target->directory ? 0 : fail_memory(b);
}

/* Whether swap is on it, however /proc/swaps names it. */
static bool is_swap(Builder *b, const BlockName *name) {
        _cleanup_free_ char *text = NULL;
        char *rest, *line;

        if (read_file_below(b->root_fd, SWAPS, SWAPS_LONGEST, &text, NULL) < 0)
                return false;
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                BlockName other;

                line[strcspn(line, " \t")] = '\0';
                if (line[0] == '/' && block_by_path(b->root_fd, line, &other) >= 0 &&
                    streq(other.text, name->text))
                        return true;
        }
        return false;
}

/* Whether something is made of it, or of a part of it: a volume, an array, partitions. */
static bool is_part_of_something(Builder *b, const BlockName *name) {
        static const char *const kinds[] = { "/holders", "" };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                _cleanup_free_ BlockName *inside = NULL;
                char path[BLOCK_NAME_MAX + 64];
                size_t n = 0;

                strscpyf(path, sizeof(path), "/sys/class/block/%s%s", name->text, kinds[i]);
                if (block_names(b->root_fd, path, &inside, &n) < 0)
                        continue;
                if (n > 0 && *kinds[i])
                        return true;
                for (size_t k = 0; k < n; k++) {
                        strscpyf(path, sizeof(path), "%.100s/partition", inside[k].text);
                        if (block_has(b->root_fd, name, path))
                                return true;
                }
        }
        return false;
}

/* A device that dumps are written over must be of no use to anybody else, now and when all is
 * mounted that fstab names. */
static int check_unused(Builder *b, const char *key, const BlockName *name) {
        _cleanup_(mount_done) Mount mount = { 0 }, planned = { 0 };
        _cleanup_free_ char *uuid = NULL, *type = NULL;
        int r = -ENOENT;

        if (b->mounts)
                r = mounts_using_device(b->mounts, b->root_fd, name, &mount);
        if (r >= 0)
                return fail(b, -EBUSY,
                            "%s=: /dev/%s is mounted at %s, and a dump would be written over its "
                            "file system",
                            key, name->text, mount.point);
        if (r != -ENOENT)
                return fail_memory(b);
        if (btrfs_of(b, name, &uuid) >= 0)
                return fail(b, -EBUSY, "%s=: /dev/%s belongs to a btrfs that is mounted", key,
                            name->text);
        if (is_swap(b, name))
                return fail(b, -EBUSY, "%s=: /dev/%s is used as swap", key, name->text);
        if (is_part_of_something(b, name))
                return fail(b, -EBUSY, "%s=: a volume, an array or partitions are made of /dev/%s",
                            key, name->text);
        if (b->fstab)
                r = mounts_using_device(b->fstab, b->root_fd, name, &planned);
        if (r >= 0)
                return fail(b, -EBUSY, "%s=: /etc/fstab has another use for /dev/%s (%s)", key,
                            name->text, planned.type);
        if (r != -ENOENT)
                return fail_memory(b);
        /* udev's word counts for the running system only. */
        if (b->root[0] == '\0' && udev_block_property(name->text, "ID_FS_TYPE", &type) >= 0)
                return fail(b, -EBUSY,
                            "%s=: there is something on /dev/%s (%s); if that may be written over, "
                            "run \"wipefs --all /dev/%s\"",
                            key, name->text, type, name->text);
        return 0;
}

static int resolve_raw(Builder *b, const char *key, const Target *named, PlanTarget *target) {
        BlockName name;
        int r;

        r = find_device(b, key, named, &name);
        if (r >= 0)
                r = check_unused(b, key, &name);
        if (r >= 0)
                r = stack_add(b, &name);
        if (r >= 0)
                r = device_identify(b, &name, DEVICE_USE_RAW, &target->device);
        if (r >= 0)
                r = set_label(b, target, "", &name);
        target->type = PLAN_TARGET_RAW;
        return r;
}

int target_resolve(Builder *b, const char *key, const Target *named, PlanTarget *ret) {
        switch (named->type) {
        case TARGET_AUTO:
                return resolve_mounted(b, key, ret);
        case TARGET_DEVICE:
                return resolve_device(b, key, named, ret);
        case TARGET_RAW:
                return resolve_raw(b, key, named, ret);
        default:
                ret->type = PLAN_TARGET_NONE;
                return 0;
        }
}
