/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of other kdump services, and those that are written of them. */
#include "setup/import-files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/conffile.h"

/* Older copies beside the drop-in. */
#define COPIES_MOST 99u

static const char oops_sysctl[] =
        "# Written by kdumpctl: an oops that does not panic leaves no dump.\n"
        "kernel.panic_on_oops = 1\n";

static int cannot(Error *reterr, const char *what, const char *path, int r) {
        if (r == -ENOMEM)
                return error_set_memory(reterr);
        if (r == -EFBIG || r == -E2BIG)
                return error_set(reterr, r,
                                 "\"%s\" cannot be read: it is too large for a file of "
                                 "settings",
                                 path);
        if (r == -EBADMSG)
                return error_set(reterr, r, "\"%s\" cannot be read: it is no text", path);
        return error_set(reterr, r, "\"%s\" cannot be %s: %s", path, what, strerror(-r));
}

static int read_text(int root_fd, const char *path, char **ret, size_t *ret_size) {
        return read_file_below(root_fd, path, SHELL_FILE_LONGEST, ret, ret_size);
}

/* Takes in a file that may be of several kinds. Returns 1, or 0 if it is of none. */
static int add_file(int root_fd, const char *path, int kind, Import *import, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_text(root_fd, path, &text, &size);
        if (r >= 0 && kind < 0) {
                kind = import_detect(text, size);
                if (kind < 0)
                        return 0;
        }
        if (r >= 0)
                r = import_add(import, (ImportKind)kind, path, text, size);
        return r < 0 ? cannot(reterr, "read", path, r) : 1;
}

static const struct {
        const char *path;
        int kind; /* -1: by its keys */
} places[] = {
        { "/etc/kdump.conf", IMPORT_KDUMP_CONF },
        { "/etc/sysconfig/kdump", -1 },
        { "/etc/default/kdump-tools", IMPORT_DEBIAN },
};

/* A directory that is not there has none. */
static int add_programs(int root_fd, const char *directory, bool is_post, Import *import) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        int r = 0;

        if (open_directory_below(root_fd, directory, &dir) < 0)
                return 0;
        while (r >= 0 && import->n < SHELL_VARIABLES_MOST && (entry = readdir(dir))) {
                _cleanup_free_ char *path = NULL;

                if (entry->d_name[0] == '.')
                        continue;
                if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                r = import_add_program(import, path, is_post);
        }
        return r;
}

static int read_all(int root_fd, Import *import, Error *reterr) {
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                int r;

                if (!exists_below(root_fd, places[i].path))
                        continue;
                r = add_file(root_fd, places[i].path, places[i].kind, import, reterr);
                if (r < 0)
                        return r;
                any |= r > 0;
                if (places[i].kind == IMPORT_KDUMP_CONF &&
                    (add_programs(root_fd, "/etc/kdump/pre.d", false, import) < 0 ||
                     add_programs(root_fd, "/etc/kdump/post.d", true, import) < 0))
                        return error_set_memory(reterr);
        }
        if (any)
                return 0;
        return error_set(reterr, -ENOENT,
                         "there is nothing to import: no \"%s\", no \"%s\" and no \"%s\" with "
                         "settings of another kdump service: name the file if it is elsewhere",
                         places[0].path, places[1].path, places[2].path);
}

int import_read(int root_fd, const char *file, Import *ret, Error *reterr) {
        Import import = { 0 };
        int r;

        if (!file)
                r = read_all(root_fd, &import, reterr);
        else {
                r = add_file(root_fd, file, -1, &import, reterr);
                if (r == 0)
                        r = error_set(reterr, -EINVAL,
                                      "\"%s\" is no configuration of a kdump service that is "
                                      "known: kdumpd.conf(5) has all settings",
                                      file);
        }
        if (r < 0) {
                import_done(&import);
                return r;
        }
        *ret = import;
        return 0;
}

/* Makes the directories above a path. */
static int make_parents(int root_fd, const char *path) {
        _cleanup_free_ char *copy = strdup(path);
        int r = 0;

        if (!copy)
                return -ENOMEM;
        for (char *p = copy + 1; r >= 0 && (p = strchr(p, '/')); p++) {
                *p = '\0';
                r = make_directory_below(root_fd, copy, 0755);
                if (r == -EEXIST)
                        r = 0;
                *p = '/';
        }
        return r;
}

/* Names of copies do not end in ".conf", so that nobody reads them. */
static int keep_copy(int root_fd, const char *text, size_t size,
                     char copy[static IMPORT_COPY_MAX]) {
        for (unsigned i = 1; i <= COPIES_MOST; i++) {
                strscpyf(copy, IMPORT_COPY_MAX, "%s.old%u", IMPORT_DROPIN_PATH, i);
                if (!exists_below(root_fd, copy))
                        return write_durable_below(root_fd, copy, text, size);
        }
        return -EEXIST;
}

int import_write(int root_fd, const char *text, char copy[static IMPORT_COPY_MAX], Error *reterr) {
        _cleanup_free_ char *before = NULL;
        size_t size;
        int r;

        copy[0] = '\0';
        if (strlen(text) > CONFFILE_LONGEST)
                return error_set(reterr, -EFBIG,
                                 "what there is to import is too much for one file: write what "
                                 "counts of it into \"%s\" yourself",
                                 IMPORT_DROPIN_PATH);
        r = read_text(root_fd, IMPORT_DROPIN_PATH, &before, &size);
        if (r >= 0 && streq(before, text) && strlen(text) == size)
                return 0;
        if (r >= 0) {
                r = keep_copy(root_fd, before, size, copy);
                if (r < 0)
                        return cannot(reterr, "written", copy, r);
        } else if (r != -ENOENT)
                return cannot(reterr, "read", IMPORT_DROPIN_PATH, r);
        r = make_parents(root_fd, IMPORT_DROPIN_PATH);
        if (r >= 0)
                r = write_durable_below(root_fd, IMPORT_DROPIN_PATH, text, strlen(text));
        return r < 0 ? cannot(reterr, "written", IMPORT_DROPIN_PATH, r) : 1;
}

int oops_panics(int root_fd) {
        uint64_t n;
        int r;

        r = read_u64_below(root_fd, "/proc/sys/kernel/panic_on_oops", &n);
        return r < 0 ? r : n > 0;
}

int oops_sysctl_write(int root_fd, Error *reterr) {
        int r;

        if (exists_below(root_fd, OOPS_SYSCTL_PATH))
                return 0;
        r = make_parents(root_fd, OOPS_SYSCTL_PATH);
        if (r >= 0)
                r = write_durable_below(root_fd, OOPS_SYSCTL_PATH, oops_sysctl,
                                        strlen(oops_sysctl));
        return r < 0 ? cannot(reterr, "written", OOPS_SYSCTL_PATH, r) : 1;
}
