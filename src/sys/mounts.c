/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounted file systems, through libmount. */
#include "sys/mounts.h"

#include <errno.h>
#include <libmount.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/string-util.h"

struct Mounts {
        struct libmnt_table *table;
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
        _cleanup_free_ char *whole = NULL;

        if (asprintf(&whole, "/proc/self/fd/%d/%s", root_fd, path) < 0) {
                whole = NULL;
                return -ENOMEM;
        }
        return mounts_read(whole, is_fstab, ret);
}

void mount_done(Mount *mount) {
        free(mount->point);
        free(mount->root);
        free(mount->type);
        free(mount->source);
        *mount = (Mount){ 0 };
}

static bool spreads(struct libmnt_fs *fs) {
        static const char *const options[] = { "logdev", "rtdev", "journal_dev", "journal_path" };

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (mnt_fs_get_option(fs, options[i], NULL, NULL) == 0)
                        return true;
        return false;
}

static int copy_of(struct libmnt_fs *fs, Mount *ret) {
        dev_t device = mnt_fs_get_devno(fs);
        Mount mount = {
                .point = strdup(strempty(mnt_fs_get_target(fs))),
                .root = strdup(mnt_fs_get_root(fs) ?: "/"),
                .type = strdup(strempty(mnt_fs_get_fstype(fs))),
                .source = strdup(strempty(mnt_fs_get_source(fs))),
                .major = major(device),
                .minor = minor(device),
                .noauto = mnt_fs_get_option(fs, "noauto", NULL, NULL) == 0,
                .spreads = spreads(fs),
        };

        if (!mount.point || !mount.root || !mount.type || !mount.source) {
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

static bool has_source(uint64_t major, const char *type) {
        return major == 0 && streq_ptr(type, "btrfs");
}

bool mount_has_source(const Mount *mount) {
        return has_source(mount->major, mount->type);
}

static bool is_of_device(struct libmnt_fs *fs, dev_t device, const char *source) {
        if (major(device) != 0 && mnt_fs_get_devno(fs) == device)
                return true;
        return source && has_source(major(mnt_fs_get_devno(fs)), mnt_fs_get_fstype(fs)) &&
               streq_ptr(mnt_fs_get_source(fs), source);
}

int mounts_of_device(Mounts *m, uint64_t major, uint64_t minor, const char *source, Mount *ret) {
        struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
        dev_t device = makedev((unsigned)major, (unsigned)minor);
        struct libmnt_fs *fs;
        int r = -ENOENT;

        if (!iter)
                return -ENOMEM;
        while (r == -ENOENT && mnt_table_next_fs(m->table, iter, &fs) == 0)
                if (is_of_device(fs, device, source))
                        r = copy_of(fs, ret);
        mnt_free_iter(iter);
        return r;
}

int mounts_of_source(Mounts *fstab, const char *source, Mount *ret) {
        struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
        struct libmnt_fs *fs;
        int r = -ENOENT;

        if (!iter)
                return -ENOMEM;
        while (r == -ENOENT && mnt_table_next_fs(fstab->table, iter, &fs) == 0)
                if (streq_ptr(mnt_fs_get_source(fs), source))
                        r = copy_of(fs, ret);
        mnt_free_iter(iter);
        return r;
}

int mounts_each(Mounts *m, int (*take)(void *userdata, const Mount *mount), void *userdata) {
        struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
        struct libmnt_fs *fs;
        int r = 0;

        if (!iter)
                return -ENOMEM;
        while (r == 0 && mnt_table_next_fs(m->table, iter, &fs) == 0) {
                _cleanup_(mount_done) Mount mount = { 0 };

                r = copy_of(fs, &mount);
                if (r >= 0)
                        r = take(userdata, &mount);
        }
        mnt_free_iter(iter);
        return r;
}
