/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What it takes to mount a file system. */
#include "mkinitramfs/file-system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "base/file-util.h"
#include "core/kernel-release.h"
#include "core/superblock.h"
#include "mkinitramfs/drivers.h"
#include "mkinitramfs/identify.h"
#include "mkinitramfs/stack.h"

#define BTRFS_LIVE "/sys/fs/btrfs"
#define JBD2_LIVE  "/proc/fs/jbd2"

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

int file_system_set(Builder *b, const char *key, const char *type, const char *where,
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

int file_system_btrfs_of(Builder *b, const BlockName *name, char **ret) {
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

/* --- what is in the superblock */

/* Returns 0; -ENODATA if nothing can be known of what is there, or why it cannot be read. */
static int read_superblock(Builder *b, const BlockName *name, const char *type, Superblock *ret) {
        _cleanup_free_ char *data = malloc(SUPERBLOCK_REACH);
        _cleanup_close_ int fd = -EBADF;
        size_t size;
        int r;

        if (!data)
                return -ENOMEM;
        fd = block_open(b->root_fd, name);
        if (fd < 0)
                return fd;
        r = read_at(fd, data, SUPERBLOCK_REACH, 0, &size);
        return r < 0 ? r : superblock_parse(type, data, size, ret);
}

/* Whether the kernel has a journal that is a device of its own, which may be anybody's, and none
 * inside the file system on this one: these have the number of the inode behind the device's name.
 * fs/jbd2/journal.c, jbd2_journal_init_dev(). */
static bool has_foreign_journal(Builder *b, const BlockName *name) {
        _cleanup_closedir_ DIR *directory = NULL;
        size_t n = strlen(name->text);
        bool is_foreign = false;
        struct dirent *entry;

        if (open_directory_below(b->root_fd, JBD2_LIVE, &directory) < 0)
                return false;
        while ((entry = readdir(directory))) {
                BlockName device;

                if (strncmp(entry->d_name, name->text, n) == 0 && entry->d_name[n] == '-')
                        return false;
                strscpy(device.text, sizeof(device.text), entry->d_name);
                if (entry->d_name[0] != '.' && block_has(b->root_fd, &device, "dev"))
                        is_foreign = true;
        }
        return is_foreign;
}

/* Where nothing of it can be read, what all of that type may ask for goes along. */
static int find_superblock(Builder *b, const BlockName *name, const char *type, Superblock *ret) {
        int r;

        r = read_superblock(b, name, type, ret);
        if (r >= 0)
                return 0;
        if (r == -ENOMEM)
                return fail_memory(b);
        superblock_guess(type, ret);
        if (startswith(type, "ext") && has_foreign_journal(b, name))
                return fail(b, r,
                            "the journal of the file system on /dev/%s may be on another device, "
                            "and its superblock, which tells that, cannot be read: %s",
                            name->text, strerror(-r));
        if (r != -ENODATA && r != -ENOENT)
                warn(b,
                     "what the file system on /dev/%s asks the kernel for is not known, as its "
                     "superblock cannot be read: %s",
                     name->text, strerror(-r));
        return 0;
}

/* There is nobody in the capture who would load modules when the kernel asks for them. */
static int add_asks(Builder *b, const Superblock *s) {
        for (size_t i = 0; i < s->n_asks; i++) {
                const SuperblockAsk *ask = s->asks[i];
                bool is_needed = !s->is_guess && superblock_ask_is_needed(ask, b->release);
                int r;

                r = is_needed ? driver_add(b, ask->name, ask->what)
                              : driver_try(b, ask->name, ask->what);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* --- its devices */

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
static int set_device(Builder *b, const char *key, const BlockName *name, const Superblock *s,
                      PlanTarget *target) {
        int r = -ENOENT;

        if (streq(target->file_system, "btrfs"))
                r = file_system_btrfs_of(b, name, &target->device.value);
        if (r >= 0) {
                target->device.tag = DEVICE_BY_UUID;
                return add_btrfs_members(b, target->device.value);
        }
        if (r != -ENOENT)
                return fail_memory(b);
        if (s->n_devices > 1)
                return fail(b, -ENODEV,
                            "%s=: the file system is on %" PRIu64 " devices, and which these "
                            "are is known only while it is mounted: mount it",
                            key, s->n_devices);
        r = stack_add(b, name);
        return r < 0 ? r : device_identify(b, name, DEVICE_USE_FILE_SYSTEM, &target->device);
}

/* option: what the mount calls it, which takes the path of the device. */
static int add_part(Builder *b, const char *option, const BlockName *name, DeviceUse use,
                    PlanTarget *target) {
        PlanPart *part = ARRAY_ADD(target->parts, target->n_parts);
        int r;

        if (!part)
                return fail_memory(b);
        part->option = strdup(option);
        if (!part->option)
                return fail_memory(b);
        r = stack_add(b, name);
        return r < 0 ? r : device_identify(b, name, use, &part->device);
}

/* The kernel finds it by the numbers in the superblock, which may be another's after a panic. */
static int add_journal(Builder *b, const char *key, const Superblock *s, PlanTarget *target) {
        const DeviceName wanted = { DEVICE_NAME_UUID, s->journal_uuid };
        BlockName name;

        if (block_by_name(b->root_fd, &wanted, &name) < 0)
                return fail(b, -ENODEV,
                            "%s=: the journal of the file system is on a device of its own, with "
                            "the UUID %s, and /dev/disk/by-uuid has no such device: " ELSEWHERE,
                            key, s->journal_uuid);
        return add_part(b, "journal_path", &name, DEVICE_USE_FILE_SYSTEM, target);
}

/* A device that only the mount has a name for. Returns 1 if there is one, 0 if not. */
static int add_named_part(Builder *b, const char *key, const Mount *mount, const char *option,
                          PlanTarget *target) {
        _cleanup_free_ char *source = NULL;
        DeviceName device;
        BlockName name;
        int r;

        r = mount_option(mount, option, &source);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return fail_memory(b);
        r = device_name_parse(source, &device);
        if (r >= 0)
                r = block_by_name(b->root_fd, &device, &name);
        if (r < 0)
                return fail(b, -ENODEV,
                            "%s=: a part of the file system is on a device of its own (%s=%s), "
                            "which is not there: " ELSEWHERE,
                            key, option, source);
        r = add_part(b, option, &name, DEVICE_USE_MEMBER, target);
        return r < 0 ? r : 1;
}

/* Whether a realtime section that no option names is inside, only the kernel knows that mounts it:
 * what is mounted without one, or to be, has it there. */
static int add_xfs_parts(Builder *b, const char *key, const Superblock *s, const Mount *mount,
                         PlanTarget *target) {
        int log, realtime;

        log = add_named_part(b, key, mount, "logdev", target);
        if (log < 0)
                return log;
        realtime = add_named_part(b, key, mount, "rtdev", target);
        if (realtime < 0)
                return realtime;
        if ((log == 0 && (s->parts & SUPERBLOCK_LOG)) ||
            (realtime == 0 && !mount->point && (s->parts & SUPERBLOCK_REALTIME)))
                return fail(b, -ENODEV,
                            "%s=: a part of the file system, its log or its realtime section, is "
                            "on a device of its own that nothing names: mount it, or put it into "
                            "/etc/fstab with logdev= and rtdev=",
                            key);
        return 0;
}

static bool has_journal_option(const Mount *mount) {
        static const char *const options[] = { "journal_dev", "journal_path" };
        bool has_one = false;

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                _cleanup_free_ char *value = NULL;

                has_one = has_one || mount_option(mount, options[i], &value) != -ENOENT;
        }
        return has_one;
}

static int add_parts(Builder *b, const char *key, const Superblock *s, const Mount *mount,
                     PlanTarget *target) {
        if (s->is_read_only)
                return fail(
                        b, -EROFS,
                        "%s=: the file system has a feature for which it is only read: " ELSEWHERE,
                        key);
        if (s->parts & SUPERBLOCK_NAMED)
                return fail(b, -EOPNOTSUPP,
                            "%s=: the file system is on several devices, and finds the others by "
                            "their names, which may be others' after a panic: " ELSEWHERE,
                            key);
        if (s->parts & SUPERBLOCK_JOURNAL)
                return add_journal(b, key, s, target);
        if (s->is_guess && has_journal_option(mount))
                return fail(b, -EOPNOTSUPP,
                            "%s=: the journal of the file system is on a device of its own, and "
                            "its superblock, which tells on which one, cannot be read",
                            key);
        if (streq(target->file_system, "xfs"))
                return add_xfs_parts(b, key, s, mount, target);
        return 0;
}

int file_system_place(Builder *b, const char *key, const BlockName *name, const Mount *mount,
                      PlanTarget *target) {
        Superblock s;
        int r;

        r = find_superblock(b, name, target->file_system, &s);
        if (r >= 0)
                r = add_asks(b, &s);
        if (r >= 0)
                r = set_device(b, key, name, &s, target);
        return r < 0 ? r : add_parts(b, key, &s, mount, target);
}
