/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of a dump and the files in it, each durable before the next. */
#include "capture/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/crash-json.h"

/* Makes a directory below another, if it is not there, and returns a descriptor of it. */
static int enter(Capture *c, int parent_fd, const char *name) {
        bool is_new = mkdirat(parent_fd, name, 0700) == 0;
        int fd, r;

        if (!is_new && errno != EEXIST)
                return -errno;
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (is_new) {
                r = c->ops->sync(c, parent_fd, ".");
                if (r < 0) {
                        (void)close(fd);
                        return r;
                }
        }
        return fd;
}

static int open_base(Capture *c, const char *directory) {
        _cleanup_free_ char *copy = strdup(directory);
        char *rest = copy, *part;
        int fd, next;

        if (!copy)
                return -ENOMEM;
        fd = open_below(c->root_fd, MOUNT_POINT, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fd;
        while ((part = strsep(&rest, "/"))) {
                if (isempty(part) || streq(part, "."))
                        continue;
                next = streq(part, "..") ? -EINVAL : enter(c, fd, part);
                (void)close(fd);
                if (next < 0)
                        return next;
                fd = next;
        }
        c->base_fd = fd;
        return 0;
}

/* A directory for this dump alone: with a number, if there is one of its second already. */
static int open_own(Capture *c) {
        char plain[CRASH_NAME_MAX];
        uint64_t when = c->info.crash_usec;

        crash_directory_name(plain, c->plan.host, when > 0 ? when : realtime_usec());
        for (unsigned number = 0; number <= CRASH_NUMBER_MOST; number++) {
                strscpy(c->name, sizeof(c->name), plain);
                if (number > 0)
                        crash_directory_number(c->name, number);
                if (mkdirat(c->base_fd, c->name, 0700) < 0) {
                        if (errno == EEXIST)
                                continue;
                        return -errno;
                }
                c->dir_fd = openat(c->base_fd, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (c->dir_fd < 0)
                        return -errno;
                return c->ops->sync(c, c->base_fd, ".");
        }
        return -EEXIST;
}

int store_open(Capture *c) {
        int r;

        r = open_base(c, c->place->directory);
        if (r >= 0)
                r = open_own(c);
        if (r >= 0 &&
            asprintf(&c->path, "%s%s/%s/%s", c->root, MOUNT_POINT,
                     c->place->directory + strspn(c->place->directory, "/"), c->name) < 0) {
                c->path = NULL;
                r = -ENOMEM;
        }
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

        r = crash_info_to_json(&c->info, &text);
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
