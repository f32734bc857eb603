/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounted file systems, through libmount. */
#include "sys/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"

struct Mounts {
        struct libmnt_table *table;
        bool is_fstab;
};

Mounts *mounts_free(Mounts *m) {
        if (!m)
                return NULL;
        mnt_unref_table(m->table);
        free(m);
        return NULL;
}

/* Lines that are no mounts are skipped. */
static int skip_line(struct libmnt_table *table, const char *file, int line) {
        return 1;
}

int mounts_read(const char *path, bool is_fstab, Mounts **ret) {
        _cleanup_(mounts_freep) Mounts *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        if (access(path, R_OK) < 0)
                return -errno;
        m->is_fstab = is_fstab;
        m->table = mnt_new_table();
        if (!m->table || mnt_table_set_parser_errcb(m->table, skip_line) != 0)
                return -ENOMEM;
        r = is_fstab ? mnt_table_parse_fstab(m->table, path) : mnt_table_parse_file(m->table, path);
        if (r != 0)
                return r < 0 ? r : -EBADMSG;
        *ret = TAKE_PTR(m);
        return 0;
}

int mounts_read_below(int root_fd, const char *path, bool is_fstab, Mounts **ret) {
        _cleanup_close_ int fd = open_below(root_fd, path, O_RDONLY | O_NOCTTY);
        char whole[64];

        if (fd < 0)
                return fd;
        strscpyf(whole, sizeof(whole), "/proc/self/fd/%d", fd);
        return mounts_read(whole, is_fstab, ret);
}

void mount_done(Mount *mount) {
        free(mount->point);
        free(mount->root);
        free(mount->type);
        free(mount->source);
        free(mount->options);
        *mount = (Mount){ 0 };
}

int mount_option(const Mount *mount, const char *name, char **ret) {
        char *value, *copy;
        size_t size;

        if (mnt_optstr_get_option(strempty(mount->options), name, &value, &size) != 0)
                return -ENOENT;
        copy = value ? strndup(value, size) : strdup("");
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

/* Its source; "UUID=..." and the like without the quotes that fstab may have there. */
static char *source_of(struct libmnt_fs *fs) {
        const char *tag, *value;
        char *source;

        if (mnt_fs_get_tag(fs, &tag, &value) != 0)
                return strdup(strempty(mnt_fs_get_source(fs)));
        return asprintf(&source, "%s=%s", tag, value) < 0 ? NULL : source;
}

static int copy_of(struct libmnt_fs *fs, Mount *ret) {
        dev_t device = mnt_fs_get_devno(fs);
        Mount mount = {
                .point = strdup(strempty(mnt_fs_get_target(fs))),
                .root = strdup(mnt_fs_get_root(fs) ?: "/"),
                .type = strdup(strempty(mnt_fs_get_fstype(fs))),
                .source = source_of(fs),
                .options = strdup(strempty(mnt_fs_get_options(fs))),
                .major = major(device),
                .minor = minor(device),
                .noauto = mnt_fs_get_option(fs, "noauto", NULL, NULL) == 0,
        };

        if (!mount.point || !mount.root || !mount.type || !mount.source || !mount.options) {
                mount_done(&mount);
                return -ENOMEM;
        }
        *ret = mount;
        return 0;
}

/* The length of a mount point that a path is below or at, or 0. What people write may end in a
 * slash. */
static size_t matches(const char *point, const char *path) {
        size_t n = strlen(strempty(point));

        while (n > 1 && point[n - 1] == '/')
                n--;
        if (n == 1 && point[0] == '/' && path[0] == '/')
                return 1;
        if (n == 0 || strncmp(point, path, n) != 0 || (path[n] != '/' && path[n] != '\0'))
                return 0;
        return n;
}

/* Not mnt_table_find_mountpoint(), which would look at the paths of the running system. */
int mounts_of_path(Mounts *m, const char *path, Mount *ret) {
        struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_BACKWARD);
        struct libmnt_fs *fs, *best = NULL;
        size_t longest = 0;

        if (!iter)
                return -ENOMEM;
        while (mnt_table_next_fs(m->table, iter, &fs) == 0) {
                size_t n = matches(mnt_fs_get_target(fs), path);

                if (n > longest) {
                        longest = n;
                        best = fs;
                }
        }
        mnt_free_iter(iter);
        return best ? copy_of(best, ret) : -ENOENT;
}

int mounts_missing(Mounts *fstab, const char *path, const Mount *mounted, Mount *ret) {
        _cleanup_(mount_done) Mount planned = { 0 };
        int r;

        r = mounts_of_path(fstab, path, &planned);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        if (planned.noauto || matches(planned.point, path) <= matches(mounted->point, path))
                return 0;
        *ret = planned;
        planned = (Mount){ 0 };
        return 1;
}

/* The kernel gives all file systems on a block device the numbers of that (fuseblk, too, which only
 * root can mount); only those that may be on several have made up ones, and of these dumps can be
 * on btrfs alone. The source of others is any text: a user who mounts by FUSE makes it up. */
static bool has_source(uint64_t major, const char *type) {
        return major == 0 && streq_ptr(type, "btrfs");
}

static int device_of_source(int root_fd, const char *source, BlockName *ret) {
        DeviceName device;
        int r;

        r = device_name_parse(source, &device);
        return r < 0 ? -ENOENT : block_by_name(root_fd, &device, ret);
}

int mount_planned_device(const Mount *mount, int root_fd, BlockName *ret) {
        return device_of_source(root_fd, mount->source, ret);
}

int mount_device(const Mount *mount, int root_fd, BlockName *ret) {
        if (mount->major != 0)
                return block_by_number(root_fd, mount->major, mount->minor, ret);
        if (!has_source(mount->major, mount->type))
                return -ENOENT;
        return device_of_source(root_fd, mount->source, ret);
}

/* A device that is looked for. */
typedef struct Wanted {
        int root_fd;
        const BlockName *name;
        uint64_t major, minor; /* major 0 if they are not known */
} Wanted;

static Wanted wanted(int root_fd, const BlockName *name) {
        Wanted w = { .root_fd = root_fd, .name = name };

        if (block_number(root_fd, name, &w.major, &w.minor) < 0)
                w.major = 0;
        return w;
}

static bool leads_to(const Wanted *w, const char *source) {
        BlockName name;

        return device_of_source(w->root_fd, source, &name) >= 0 && streq(name.text, w->name->text);
}

static bool is_on(const Mounts *m, struct libmnt_fs *fs, const Wanted *w) {
        dev_t device = mnt_fs_get_devno(fs);
        _cleanup_free_ char *source = NULL;

        if (w->major != 0 && major(device) == w->major && minor(device) == w->minor)
                return true;
        if (!m->is_fstab && !has_source(major(device), mnt_fs_get_fstype(fs)))
                return false;
        source = source_of(fs);
        return source && leads_to(w, source);
}

/* Whether a part of it is there, as an option says. */
static bool has_part_on(struct libmnt_fs *fs, const Wanted *w) {
        static const char *const options[] = { "logdev", "rtdev", "journal_path", "device" };
        char *rest = (char *)mnt_fs_get_options(fs), *name, *value;
        size_t name_size, value_size;

        while (rest && mnt_optstr_next_option(&rest, &name, &name_size, &value, &value_size) == 0)
                for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                        _cleanup_free_ char *source = NULL;

                        if (strlen(options[i]) != name_size ||
                            memcmp(options[i], name, name_size) != 0)
                                continue;
                        source = strndup(strempty(value), value_size);
                        if (source && leads_to(w, source))
                                return true;
                }
        return false;
}

static int find(Mounts *m, const Wanted *w, bool with_parts, Mount *ret) {
        struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
        struct libmnt_fs *fs;
        int r = -ENOENT;

        if (!iter)
                return -ENOMEM;
        while (r == -ENOENT && mnt_table_next_fs(m->table, iter, &fs) == 0)
                if (is_on(m, fs, w) || (with_parts && has_part_on(fs, w)))
                        r = copy_of(fs, ret);
        mnt_free_iter(iter);
        return r;
}

int mounts_of_device(Mounts *m, int root_fd, const BlockName *name, Mount *ret) {
        const Wanted w = wanted(root_fd, name);

        return find(m, &w, false, ret);
}

int mounts_using_device(Mounts *m, int root_fd, const BlockName *name, Mount *ret) {
        const Wanted w = wanted(root_fd, name);

        return find(m, &w, true, ret);
}

static int each(Mounts *m, const Wanted *w, int (*take)(void *userdata, const Mount *mount),
                void *userdata) {
        struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
        struct libmnt_fs *fs;
        int r = 0;

        if (!iter)
                return -ENOMEM;
        while (r == 0 && mnt_table_next_fs(m->table, iter, &fs) == 0) {
                _cleanup_(mount_done) Mount mount = { 0 };

                if (w && !is_on(m, fs, w))
                        continue;
                r = copy_of(fs, &mount);
                if (r >= 0)
                        r = take(userdata, &mount);
        }
        mnt_free_iter(iter);
        return r;
}

int mounts_each(Mounts *m, int (*take)(void *userdata, const Mount *mount), void *userdata) {
        return each(m, NULL, take, userdata);
}

int mounts_each_of_device(Mounts *m, int root_fd, const BlockName *name,
                          int (*take)(void *userdata, const Mount *mount), void *userdata) {
        const Wanted w = wanted(root_fd, name);

        return each(m, &w, take, userdata);
}
