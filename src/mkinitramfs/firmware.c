/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware that drivers ask for. */
#include "mkinitramfs/firmware.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"

#define INSTALLED "/lib/firmware"

/* What the running system has been told besides the usual places. */
#define PATH_PARAMETER "/sys/module/firmware_class/parameters/path"
#define PATH_LONGEST   256u

/* As the kernel tries them, each at all places before the next one.
 * drivers/base/firmware_loader/main.c. */
static const struct {
        const char *suffix;
        const char *config; /* without which the kernel does not unpack it */
} forms[] = {
        { "", NULL },
        { ".zst", "CONFIG_FW_LOADER_COMPRESS_ZSTD=y" },
        { ".xz", "CONFIG_FW_LOADER_COMPRESS_XZ=y" },
};

#define PLACES 5u

/* One of the directories that the kernel looks into; "" if it has not been told of the first. */
static void place_of(const Builder *b, unsigned i, char ret[static PATH_LONGEST]) {
        char told[PATH_LONGEST] = "";

        if (i == 0 && read_line_below(b->root_fd, PATH_PARAMETER, told, sizeof(told)) >= 0 &&
            told[0] == '/')
                strscpy(ret, PATH_LONGEST, told);
        else
                strscpyf(ret, PATH_LONGEST, "%s%s%s%s", i == 0 ? "" : INSTALLED,
                         i == 1 || i == 2 ? "/updates" : "", i == 1 || i == 3 ? "/" : "",
                         i == 1 || i == 3 ? b->release : "");
}

static bool is_file(const Builder *b, const char *path) {
        _cleanup_close_ int fd = open_below(b->root_fd, path, O_PATH);
        struct stat st;

        return fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode);
}

static int add_file(Builder *b, const char *source, const char *name, size_t form,
                    const char *why) {
        bool stays = !forms[form].config || builder_config_has(b, forms[form].config);
        _cleanup_free_ char *path = NULL;
        Entry *entry;
        int r;

        if (asprintf(&path, INSTALLED "/%s%s", name, stays ? forms[form].suffix : "") < 0) {
                path = NULL;
                return fail_memory(b);
        }
        r = builder_add_file(b, path, source, why, &entry);
        if (r >= 0 && entry && !stays)
                entry->coding = CODING_PLAIN;
        return r;
}

/* Returns 0 also if there is no such file: drivers name all that any of their devices may want. */
static int add_named(Builder *b, const char *name, const char *module) {
        _cleanup_free_ char *why = NULL;

        if (asprintf(&why, "firmware for %s", module) < 0) {
                why = NULL;
                return fail_memory(b);
        }
        for (size_t form = 0; form < ELEMENTSOF(forms); form++)
                for (unsigned i = 0; i < PLACES; i++) {
                        _cleanup_free_ char *source = NULL;
                        char place[PATH_LONGEST];

                        place_of(b, i, place);
                        if (asprintf(&source, "%s/%s%s", place, name, forms[form].suffix) < 0) {
                                source = NULL;
                                return fail_memory(b);
                        }
                        if (place[0] != '\0' && is_file(b, source))
                                return add_file(b, source, name, form, why);
                }
        return 0;
}

/* The name in the directory of a pattern, without what says how it is compressed. */
static char *name_in(const char *pattern, const char *found) {
        int n = (int)strlen(found);
        char *name;

        for (size_t form = 1; form < ELEMENTSOF(forms); form++)
                if (endswith(found, forms[form].suffix))
                        n -= (int)strlen(forms[form].suffix);
        if (asprintf(&name, "%.*s%.*s", (int)(path_name(pattern) - pattern), pattern, n, found) < 0)
                return NULL;
        return name;
}

static int add_matching_in(Builder *b, const char *place, const char *pattern, const char *module) {
        _cleanup_free_ char *path = NULL;
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent *entry;
        int r = 0;

        if (asprintf(&path, "%s/%.*s", place, (int)(path_name(pattern) - pattern), pattern) < 0) {
                path = NULL;
                return fail_memory(b);
        }
        if (open_directory_below(b->root_fd, path, &directory) < 0)
                return 0;
        while (r >= 0 && (entry = readdir(directory))) {
                _cleanup_free_ char *name = name_in(pattern, entry->d_name);

                if (!name)
                        return fail_memory(b);
                if (fnmatch(pattern, name, FNM_PATHNAME | FNM_PERIOD) == 0)
                        r = add_named(b, name, module);
        }
        return r;
}

static int add_matching(Builder *b, const char *pattern, const char *module) {
        int r = 0;

        for (unsigned i = 0; i < PLACES && r >= 0; i++) {
                char place[PATH_LONGEST];

                place_of(b, i, place);
                if (place[0] != '\0')
                        r = add_matching_in(b, place, pattern, module);
        }
        return r;
}

int firmware_add(Builder *b) {
        const ModuleName *names;
        size_t n;
        int r = 0;

        names = modules_firmware(b->modules, &n);
        for (size_t i = 0; i < n && r >= 0; i++) {
                const char *name = names[i].name;

                /* What the kernel itself does not look for. */
                if (name[0] == '/' || name[0] == '\0' || strstr(name, ".."))
                        continue;
                r = strpbrk(name, "*?[") ? add_matching(b, name, names[i].module)
                                         : add_named(b, name, names[i].module);
        }
        return r;
}
