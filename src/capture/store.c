/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of a dump and the files in it, each durable before the next. */
#include "capture/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/say.h"
#include "sys/dump-json.h"
#include "sys/dump-store.h"

/* Makes a directory below another, if it is not there, and returns a descriptor of it. path is that
 * of the new one in the target. */
static int enter(Capture *c, int target_fd, const char *path, int parent_fd) {
        const char *name = path_name(path);
        bool is_new = mkdirat(parent_fd, name, 0700) == 0;
        int fd, r;

        if (!is_new && errno != EEXIST)
                return -errno;
        /* Where the links of the target's file system lead to is meant as on the system that it
         * belongs to: from its own root, and never out of it. */
        fd = open_in_root(target_fd, path, O_RDONLY | O_DIRECTORY);
        if (fd == -ENOSYS) { /* before Linux 5.6: then without links */
                fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                fd = fd < 0 ? -errno : fd;
        }
        if (fd >= 0 && is_new) {
                r = c->ops->sync(c, parent_fd, ".");
                if (r < 0) {
                        (void)close(fd);
                        return r;
                }
        }
        return fd;
}

static int open_base(Capture *c, const char *directory) {
        _cleanup_close_ int target_fd = -EBADF, fd = -EBADF;
        _cleanup_free_ char *path = strdup(directory);
        char *name, *end = path, separator;
        int next;

        if (!path)
                return -ENOMEM;
        target_fd = open_below(c->root_fd, MOUNT_POINT, O_RDONLY | O_DIRECTORY);
        if (target_fd < 0)
                return target_fd;
        fd = openat(target_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        for (;;) {
                name = end + strspn(end, "/");
                if (isempty(name))
                        break;
                end = name + strcspn(name, "/");
                separator = *end;
                *end = '\0';
                next = streq(name, "..") ? -EINVAL : enter(c, target_fd, path, fd);
                *end = separator;
                if (next < 0)
                        return next;
                (void)close(fd);
                fd = next;
        }
        c->base_fd = TAKE_FD(fd);
        return 0;
}

static int retain_free(void *userdata, int fd, uint64_t *ret) {
        Capture *c = userdata;

        return c->ops->free_bytes(c, fd, ret);
}

static int retain_sync(void *userdata, int fd, const char *name) {
        Capture *c = userdata;

        return c->ops->sync(c, fd, name);
}

static void retain_say(void *userdata, const char *text) {
        capture_say("%s", text);
}

static void retain_progress(void *userdata) {
        capture_progress(userdata);
}

Retention store_retention(Capture *c) {
        return (Retention){
                .base_fd = c->base_fd,
                .name = c->name,
                .keep = c->plan.keep,
                .min_free_bytes = c->plan.min_free_bytes,
                .free_bytes = retain_free,
                .sync = retain_sync,
                .say = retain_say,
                .progress = retain_progress,
                .userdata = c,
        };
}

bool store_make_room(Capture *c) {
        const Retention old = store_retention(c);
        uint64_t left;

        return c->ops->free_bytes(c, c->base_fd, &left) >= 0 &&
               retain_make_more_room(&old, add_saturated(left, FULL_BYTES));
}

static int make_own(Capture *c) {
        int r = mkdirat(c->base_fd, c->name, 0700) < 0 ? -errno : 0;

        if (r == -ENOSPC && store_make_room(c))
                r = mkdirat(c->base_fd, c->name, 0700) < 0 ? -errno : 0;
        return r;
}

/* A directory for this dump alone: with a number, if there is one of its second already. */
static int open_own(Capture *c) {
        char plain[CRASH_NAME_MAX];
        uint64_t when = c->info.crash_usec;
        int r;

        crash_directory_name(plain, c->plan.host, when > 0 ? when : realtime_usec());
        for (unsigned number = dump_store_next_number(c->base_fd, plain);
             number <= CRASH_NUMBER_MOST; number++) {
                strscpy(c->name, sizeof(c->name), plain);
                if (number > 0)
                        crash_directory_number(c->name, number);
                r = make_own(c);
                if (r == -EEXIST)
                        continue;
                if (r < 0)
                        return r;
                c->dir_fd = openat(c->base_fd, c->name,
                                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (c->dir_fd < 0)
                        return -errno;
                return c->ops->sync(c, c->base_fd, ".");
        }
        return -EEXIST;
}

/* Other programs get a path without links, which lead elsewhere where they look. */
static int find_path(Capture *c) {
        char link[64], path[PATH_MAX];
        ssize_t n;

        strscpyf(link, sizeof(link), "/proc/self/fd/%d", c->dir_fd);
        n = readlink(link, path, sizeof(path));
        if (n < 0)
                return -errno;
        if ((size_t)n == sizeof(path))
                return -ENAMETOOLONG;
        c->path = strndup(path, (size_t)n);
        return c->path ? 0 : -ENOMEM;
}

int store_open(Capture *c) {
        int r;

        r = open_base(c, c->target->directory);
        if (r >= 0)
                r = open_own(c);
        if (r >= 0)
                r = find_path(c);
        if (r < 0)
                store_close(c);
        return r;
}

void store_close(Capture *c) {
        closep(&c->dir_fd);
        closep(&c->base_fd);
        c->dir_fd = c->base_fd = -EBADF;
        free(c->path);
        c->path = NULL;
        c->name[0] = '\0';
}

static int write_new(Capture *c, const char *name, const char *data, size_t size) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = write_all(fd, data, size);
        if (r >= 0)
                r = c->ops->sync(c, fd, name);
        if (r < 0)
                (void)unlinkat(c->dir_fd, name, 0);
        return r;
}

int store_file(Capture *c, const char *name, const char *data, size_t size) {
        int r;

        r = write_new(c, name, data, size);
        if (r >= 0)
                r = c->ops->sync(c, c->dir_fd, ".");
        capture_progress(c);
        return r;
}

static int rename_durably(Capture *c, const char *from, const char *to) {
        if (renameat(c->dir_fd, from, c->dir_fd, to) < 0)
                return -errno;
        return c->ops->sync(c, c->dir_fd, ".");
}

int store_info(Capture *c) {
        static const char new_name[] = CRASH_INFO_NAME ".new";
        _cleanup_free_ char *text = NULL;
        int r;

        r = dump_info_to_json(&c->info, &text);
        if (r >= 0)
                r = write_new(c, new_name, text, strlen(text));
        if (r >= 0)
                r = rename_durably(c, new_name, CRASH_INFO_NAME);
        capture_progress(c);
        return r;
}

int store_commit(Capture *c, const char *from, const char *to) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = openat(c->dir_fd, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = c->ops->sync(c, fd, from);
        if (r >= 0)
                r = rename_durably(c, from, to);
        capture_progress(c);
        return r;
}

void store_give_up(Capture *c) {
        store_remove(c, CRASH_INFO_NAME);
        (void)unlinkat(c->base_fd, c->name, AT_REMOVEDIR);
}

void store_remove(Capture *c, const char *name) {
        if (unlinkat(c->dir_fd, name, 0) == 0)
                (void)c->ops->sync(c, c->dir_fd, ".");
}
