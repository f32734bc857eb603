/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capture kernel, apart from its image: its configuration, its modules. */
#include "mkinitramfs/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/file-util.h"
#include "sys/kernel-config.h"

#define LIST_LARGEST    (4u * 1024u * 1024u) /* bytes */
#define RELEASE_PATH    "/proc/sys/kernel/osrelease"
#define LOADED_PATH     "/proc/modules"
#define RELEASE_LONGEST 256u

/* Every kernel of a distribution unpacks gzip. */
static Compression choose_compression(const Builder *b) {
        if (builder_config_has(b, "CONFIG_RD_ZSTD=y"))
                return COMPRESSION_ZSTD;
        return !b->config || builder_config_has(b, "CONFIG_RD_GZIP=y") ? COMPRESSION_GZIP
                                                                       : COMPRESSION_NONE;
}

/* Whether a directory of a release has modules, which are in directories of it, or only tells
 * what is built in. */
static bool has_modules(Builder *b, const char *place, const char *release) {
        static const char *const kinds[] = { "kernel", "updates", "extra", "weak-updates" };
        char path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                strscpyf(path, sizeof(path), "%s/%s/%s", place, release, kinds[i]);
                if (exists_below(b->root_fd, path))
                        return true;
        }
        return false;
}

/* Whether modules of any release are installed. */
static bool has_any_modules(Builder *b) {
        static const char *const places[] = { "/lib/modules", "/usr/lib/modules" };
        bool has_any = false;

        for (size_t i = 0; i < ELEMENTSOF(places) && !has_any; i++) {
                _cleanup_closedir_ DIR *directory = NULL;
                struct dirent *entry;

                if (open_directory_below(b->root_fd, places[i], &directory) < 0)
                        continue;
                while (!has_any && (entry = readdir(directory)))
                        has_any =
                                entry->d_name[0] != '.' && has_modules(b, places[i], entry->d_name);
        }
        return has_any;
}

static bool is_running(Builder *b) {
        char release[RELEASE_LONGEST];

        return read_line_below(b->root_fd, RELEASE_PATH, release, sizeof(release)) >= 0 &&
               streq(release, b->release);
}

static bool has_loaded_any(Builder *b) {
        _cleanup_free_ char *list = NULL;

        return read_file_below(b->root_fd, LOADED_PATH, LIST_LARGEST, &list, NULL) >= 0 &&
               list[0] != '\0';
}

/* Modules that are not installed are one thing, and a kernel that has none another: that is so by
 * its configuration, or if it runs and has loaded none. Where nobody has any, it is likely. */
static bool is_without_modules(Builder *b) {
        if (b->config)
                return !builder_config_has(b, "CONFIG_MODULES=y") ||
                       (is_running(b) && !has_loaded_any(b));
        if (is_running(b))
                return !has_loaded_any(b);
        if (has_any_modules(b))
                return false;
        warn(b,
             "there are no modules of kernel %s: all that leads to the target is taken for built "
             "into it",
             b->release);
        return true;
}

int kernel_open(Builder *b) {
        int r;

        if (kernel_config_read(b->root_fd, b->release, &b->config) == -ENOMEM)
                return fail_memory(b);
        b->compression = choose_compression(b);
        r = modules_new(b->root, b->release, &b->modules);
        if (r == -ENOENT && is_without_modules(b))
                return 0;
        if (r < 0)
                return fail(b, r,
                            "the modules of kernel %s cannot be read (%s): install them, or run "
                            "\"depmod %s\"",
                            b->release, strerror(-r), b->release);
        return 0;
}
