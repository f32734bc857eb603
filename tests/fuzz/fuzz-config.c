/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as kdumpd.conf. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/conffile.h"

static char root[] = "/tmp/kdumpd-fuzz-XXXXXX";
static const char main_file[] = KDUMPD_SYSCONFDIR "/kdumpd/kdumpd.conf";

/* Removes the tree: the file, then the directories above it. */
static void clean_up(void) {
        char path[sizeof(root) + sizeof(main_file)];
        char *slash;

        (void)snprintf(path, sizeof(path), "%s%s", root, main_file);
        (void)remove(path);
        while ((slash = strrchr(path, '/')) && slash >= path + sizeof(root) - 1) {
                *slash = '\0';
                (void)rmdir(path);
        }
}

static int prepare(void) {
        char path[sizeof(root) + sizeof(main_file)];

        if (!mkdtemp(root))
                return -errno;
        (void)atexit(clean_up);
        (void)snprintf(path, sizeof(path), "%s%s", root, main_file);
        for (char *p = path + sizeof(root); (p = strchr(p, '/')); p++) {
                *p = '\0';
                (void)mkdir(path, 0700);
                *p = '/';
        }
        return open_root(root);
}

/* settings_set() takes what it has written. */
static void check(const Settings *s) {
        char value[SETTINGS_VALUE_MAX], again[SETTINGS_VALUE_MAX];
        Error error;
        const char *section, *key;
        Settings copy;

        FUZZ_CHECK(settings_init(&copy) == 0);
        for (size_t i = 0; settings_key(i, &section, &key, NULL); i++) {
                settings_format(s, i, value);
                FUZZ_CHECK(settings_set(&copy, section, key, value, &error) == 0);
                FUZZ_CHECK(streq(settings_format(&copy, i, again), value));
        }
        settings_done(&copy);
}

static void ignore_warning(void *userdata, const char *file, unsigned line, const char *text,
                           const char *told) {
        FUZZ_CHECK(*file && *text && *told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static int root_fd = -EBADF;
        Error error;
        Settings settings = { 0 };

        if (root_fd < 0)
                root_fd = prepare();
        FUZZ_CHECK(root_fd >= 0);
        FUZZ_CHECK(write_file_below(root_fd, main_file, data, size) == 0);
        FUZZ_CHECK(conffile_read(root, &settings, ignore_warning, NULL, NULL, &error) == 0);
        check(&settings);
        settings_done(&settings);
        return 0;
}
