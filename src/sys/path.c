/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths with their symbolic links resolved below a root directory. */
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/string-util.h"

#define LINKS_MOST 40u /* as the kernel has it */

typedef struct Walk {
        int root_fd;
        char done[PATH_MAX]; /* "" is the root itself */
        char todo[2 * PATH_MAX];
        unsigned links;
} Walk;

/* Takes the first component off what is to be done. Returns false at the end. */
static bool next_component(Walk *w, char ret[static NAME_MAX + 1], int *reterr) {
        const char *start = w->todo + strspn(w->todo, "/");
        size_t n = strcspn(start, "/");

        *reterr = 0;
        if (n == 0)
                return false;
        if (n > NAME_MAX) {
                *reterr = -ENAMETOOLONG;
                return false;
        }
        memcpy(ret, start, n);
        ret[n] = '\0';
        memmove(w->todo, start + n, strlen(start + n) + 1);
        return true;
}

static int follow(Walk *w, const char *target) {
        char rest[2 * PATH_MAX];

        if (++w->links > LINKS_MOST)
                return -ELOOP;
        if (strlen(target) + 1 + strlen(w->todo) >= sizeof(w->todo))
                return -ENAMETOOLONG;
        strscpy(rest, sizeof(rest), w->todo);
        strscpyf(w->todo, sizeof(w->todo), "%s/%s", target, rest);
        if (target[0] == '/')
                w->done[0] = '\0';
        return 0;
}

static int step(Walk *w, const char *name) {
        char target[PATH_MAX];
        size_t length = strlen(w->done);
        struct stat st;
        ssize_t n;

        if (streq(name, "."))
                return 0;
        if (streq(name, "..")) {
                char *slash = strrchr(w->done, '/');

                if (slash)
                        *slash = '\0';
                return 0;
        }
        if (length + 1 + strlen(name) >= sizeof(w->done))
                return -ENAMETOOLONG;
        w->done[length] = '/';
        strscpy(w->done + length + 1, sizeof(w->done) - length - 1, name);
        n = readlinkat(w->root_fd, w->done + 1, target, sizeof(target) - 1);
        if (n < 0) {
                int r = errno == EINVAL ? 0 : -errno;

                /* EINVAL: there is something, and it is no link. */
                if (r == 0 && fstatat(w->root_fd, w->done + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        r = -errno;
                if (r < 0)
                        w->done[length] = '\0';
                return r;
        }
        w->done[length] = '\0';
        target[n] = '\0';
        return follow(w, target);
}

static int finish(const Walk *w, char **ret) {
        *ret = strdup(w->done[0] ? w->done : "/");
        return *ret ? 0 : -ENOMEM;
}

static int walk(Walk *w, int root_fd, const char *path, char name[static NAME_MAX + 1]) {
        int r;

        *w = (Walk){ .root_fd = root_fd };
        if (strlen(path) >= PATH_MAX)
                return -ENAMETOOLONG;
        strscpy(w->todo, sizeof(w->todo), path);
        while (next_component(w, name, &r)) {
                r = step(w, name);
                if (r < 0)
                        return r;
        }
        return r;
}

int path_resolve(int root_fd, const char *path, char **ret) {
        _cleanup_free_ Walk *w = malloc(sizeof(Walk));
        char name[NAME_MAX + 1];
        int r;

        if (!w)
                return -ENOMEM;
        r = walk(w, root_fd, path, name);
        return r < 0 ? r : finish(w, ret);
}

int path_resolve_prefix(int root_fd, const char *path, char **ret, char **ret_rest) {
        _cleanup_free_ Walk *w = malloc(sizeof(Walk));
        _cleanup_free_ char *rest = NULL;
        char name[NAME_MAX + 1];
        int r;

        if (!w)
                return -ENOMEM;
        r = walk(w, root_fd, path, name);
        if (r == -ENOENT) {
                const char *more = w->todo + strspn(w->todo, "/");

                /* What does not exist cannot be led up from. */
                if (strstr(more, ".."))
                        return -ENOENT;
                if (asprintf(&rest, "%s%s%s", name, *more ? "/" : "", more) < 0) {
                        rest = NULL;
                        return -ENOMEM;
                }
        } else if (r < 0) {
                return r;
        } else {
                rest = strdup("");
                if (!rest)
                        return -ENOMEM;
        }
        r = finish(w, ret);
        if (r < 0)
                return r;
        *ret_rest = TAKE_PTR(rest);
        return 0;
}

int path_find_program(int root_fd, const char *name, char **ret) {
        static const char *const directories[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                   "/usr/bin",        "/sbin",          "/bin" };

        if (name[0] == '/') {
                *ret = strdup(name);
                return *ret ? 0 : -ENOMEM;
        }
        for (size_t i = 0; i < ELEMENTSOF(directories) && name[0] != '\0'; i++) {
                _cleanup_free_ char *path = NULL, *resolved = NULL;

                if (asprintf(&path, "%s/%s", directories[i], name) < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                if (path_resolve(root_fd, path, &resolved) < 0)
                        continue;
                *ret = TAKE_PTR(path);
                return 0;
        }
        return -ENOENT;
}
