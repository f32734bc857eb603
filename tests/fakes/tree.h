/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fake machine: a temporary directory with the files that a test puts there. */
#pragma once

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"

typedef struct Tree {
        char path[64];
        int fd;
} Tree;

static inline void tree_init(Tree *t) {
        strscpy(t->path, sizeof(t->path), "/tmp/kdumpd-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(t->path));
        t->fd = open_root(t->path);
        ck_assert_int_ge(t->fd, 0);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
                                  struct FTW *ftw) {
        return remove(path);
}

/* With all that is in it. */
static inline void tree_remove(const Tree *t, const char *path) {
        char absolute[512];

        strscpyf(absolute, sizeof(absolute), "%s%s", t->path, path);
        ck_assert_int_eq(nftw(absolute, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void tree_done(Tree *t) {
        (void)close(t->fd);
        ck_assert_int_eq(nftw(t->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Makes the directories that path ("/a/b/c") is below. */
static inline void tree_parents(const Tree *t, const char *path) {
        char copy[512];

        strscpy(copy, sizeof(copy), path + 1);
        for (char *p = copy; (p = strchr(p, '/')); p++) {
                *p = '\0';
                if (mkdirat(t->fd, copy, 0755) < 0)
                        ck_assert_int_eq(errno, EEXIST);
                *p = '/';
        }
}

static inline void tree_dir(const Tree *t, const char *path) {
        tree_parents(t, path);
        if (mkdirat(t->fd, path + 1, 0755) < 0)
                ck_assert_int_eq(errno, EEXIST);
}

static inline void tree_bytes(const Tree *t, const char *path, const void *data, size_t size) {
        tree_parents(t, path);
        ck_assert_int_eq(write_file_below(t->fd, path, data, size), 0);
}

static inline void tree_text(const Tree *t, const char *path, const char *text) {
        tree_bytes(t, path, text, strlen(text));
}

static inline void tree_link(const Tree *t, const char *path, const char *target) {
        tree_parents(t, path);
        ck_assert_int_eq(symlinkat(target, t->fd, path + 1), 0);
}

static inline void tree_unlink(const Tree *t, const char *path) {
        ck_assert_int_eq(unlinkat(t->fd, path + 1, 0), 0);
}

#define TREE_NOBODY 65534

/* From here on whoever runs the test is an ordinary user, to whom path is closed. */
static inline void tree_close(const Tree *t, const char *path) {
        ck_assert_int_eq(fchmodat(t->fd, path + 1, 0, 0), 0);
        ck_assert_int_eq(chmod(t->path, 0755), 0);
        if (geteuid() == 0)
                ck_assert_int_eq(setresuid(TREE_NOBODY, TREE_NOBODY, 0), 0);
}

/* And no more. */
static inline void tree_reopen(const Tree *t, const char *path) {
        uid_t real, effective, saved;

        ck_assert_int_eq(getresuid(&real, &effective, &saved), 0);
        if (saved == 0)
                ck_assert_int_eq(setresuid(0, 0, 0), 0);
        ck_assert_int_eq(fchmodat(t->fd, path + 1, 0755, 0), 0);
}
