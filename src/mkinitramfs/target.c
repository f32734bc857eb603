/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where dumps go: from Target= and Path= to a device, a file system and a directory on it. */
#include "mkinitramfs/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "mkinitramfs/file-system.h"
#include "mkinitramfs/identify.h"
#include "mkinitramfs/stack.h"
#include "sys/path.h"
#include "sys/udev-device.h"

#define SWAPS         "/proc/swaps"
#define SWAPS_LONGEST (1024u * 1024u) /* bytes */

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

/* The device of a mount: by its numbers, or, where those are made up or it is still to be made, by
 * its source. */
static int device_of_mount(Builder *b, const char *key, const Mount *mount, bool is_planned,
                           BlockName *ret) {
        int r = is_planned ? mount_planned_device(mount, b->root_fd, ret)
                           : mount_device(mount, b->root_fd, ret);

        if (r < 0)
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

/* Without its key, which the capture does not have, nothing can be made there. Old kernels and file
 * systems do not tell, and have no such directories. */
static int check_readable(Builder *b, const char *key, const char *path) {
        struct statx st = { 0 };

        if (statx(b->root_fd, path[1] ? path + 1 : ".", AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                  STATX_TYPE, &st) < 0 ||
            !(st.stx_attributes & STATX_ATTR_ENCRYPTED))
                return 0;
        return fail(b, -EOPNOTSUPP,
                    "%s=: the directory %s is encrypted, and there is nobody to give the key after "
                    "a panic: " ELSEWHERE,
                    key, path);
}

/* What is to be mounted where an automount waits for somebody to come along. */
static int find_planned(Builder *b, const char *key, const char *path, const Mount *automount,
                        Mount *ret) {
        _cleanup_free_ char *subvolume = NULL;
        int r;

        r = b->fstab ? mounts_of_path(b->fstab, path, ret) : -ENOENT;
        if (r == -ENOMEM)
                return fail_memory(b);
        if (r >= 0 && streq(ret->type, "btrfs")) {
                r = mount_option(ret, "subvol", &subvolume);
                if (r == -ENOMEM)
                        return fail_memory(b);
                free(ret->root);
                ret->root = join("", strempty(subvolume), "");
                if (!ret->root)
                        return fail_memory(b);
        }
        if (r < 0 || !streq(ret->point, automount->point) || streq(ret->type, "auto"))
                return fail(
                        b, -ENODEV,
                        "%s=: %s is mounted only when somebody looks there, and /etc/fstab does "
                        "not tell with a device, a type and, of btrfs, subvol= what that is: "
                        "look there once, then run \"systemctl reload kdumpd\"",
                        key, automount->point);
        return 0;
}

/* What a path is on. Where that is an automount, resolving the path may have triggered it. */
static int find_mount(Builder *b, const char *key, const char *path, Mount *ret,
                      bool *ret_is_planned) {
        _cleanup_(mount_done) Mount automount = { 0 };
        _cleanup_(mounts_freep) Mounts *mounts = NULL;
        int r;

        r = b->mounts ? mounts_of_path(b->mounts, path, ret) : -ENOENT;
        if (r < 0)
                return fail(b, r, "%s=: what is mounted at %s is not known: %s", key, path,
                            b->mounts ? strerror(-r) : "/proc/self/mountinfo cannot be read");
        *ret_is_planned = false;
        if (!streq(ret->type, "autofs"))
                return 0;
        automount = *ret;
        *ret = (Mount){ 0 };
        if (mounts_read_below(b->root_fd, "/proc/self/mountinfo", false, &mounts) >= 0 &&
            mounts_of_path(mounts, path, ret) >= 0 && !streq(ret->type, "autofs"))
                return 0;
        mount_done(ret);
        *ret_is_planned = true;
        return find_planned(b, key, path, &automount, ret);
}

static int resolve_mounted(Builder *b, const char *key, PlanTarget *target) {
        _cleanup_(mount_done) Mount mount = { 0 };
        _cleanup_free_ char *path = NULL, *rest = NULL;
        bool is_planned = false;
        const char *inside;
        BlockName name;
        int r;

        r = path_resolve_prefix(b->root_fd, b->settings->capture_path, &path, &rest);
        if (r < 0)
                return fail(b, r, "Path=%s cannot be resolved: %s", b->settings->capture_path,
                            strerror(-r));
        r = find_mount(b, key, path, &mount, &is_planned);
        if (r >= 0)
                r = check_mounted(b, key, path, rest, &mount);
        if (r >= 0)
                r = check_readable(b, key, path);
        if (r >= 0)
                r = file_system_set(b, key, mount.type, b->settings->capture_path, target);
        if (r >= 0)
                r = device_of_mount(b, key, &mount, is_planned, &name);
        if (r >= 0)
                r = file_system_place(b, key, &name, &mount, target);
        if (r >= 0)
                r = set_label(b, target, b->settings->capture_path, &name);
        if (r < 0)
                return r;
        inside = streq(mount.point, "/") ? path : path + strlen(mount.point);
        target->directory = join(mount.root, inside, rest);
        target->type = PLAN_TARGET_FILE_SYSTEM;
        return target->directory ? 0 : fail_memory(b);
}

/* What is known of the file system on a device that need not be mounted. Without a line about it
 * there is a type at most. */
static int mount_of_device(Builder *b, const char *key, const BlockName *name, Mount *ret) {
        char *type = NULL;
        int r = -ENOENT;

        if (b->mounts)
                r = mounts_of_device(b->mounts, b->root_fd, name, ret);
        if (r == -ENOENT) {
                if (b->fstab)
                        r = mounts_of_device(b->fstab, b->root_fd, name, ret);
                /* udev's word counts more, but for the running system only. */
                if ((r >= 0 || r == -ENOENT) && b->root[0] == '\0' &&
                    udev_block_property(name->text, "ID_FS_TYPE", &type) >= 0) {
                        free(ret->type);
                        ret->type = type;
                        r = 0;
                }
        }
        if (r == -ENOENT || (r >= 0 && streq(ret->type, "auto")))
                return fail(b, -ENODEV,
                            "%s=: the type of the file system on /dev/%s is not known: mount it, "
                            "or put it into /etc/fstab",
                            key, name->text);
        return r < 0 ? fail_memory(b) : 0;
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
        _cleanup_(mount_done) Mount mount = { 0 };
        BlockName name;
        int r;

        r = find_device(b, key, named, &name);
        if (r >= 0)
                r = mount_of_device(b, key, &name, &mount);
        if (r >= 0)
                r = file_system_set(b, key, mount.type, named->name, target);
        if (r >= 0)
                r = file_system_place(b, key, &name, &mount, target);
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
        if (file_system_btrfs_of(b, name, &uuid) >= 0)
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
