/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of encrypted disks for a capture kernel. */
#include "sys/crash-keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#include "base/file-util.h"
#include "base/string-util.h"

#define KEYS_MOST 129 /* KEY_NUM_MAX, and the one that it lets through */

static int is_key(const struct dirent *entry) {
        return entry->d_name[0] != '.' && entry->d_type != DT_REG;
}

static CrashKeys look_at(int root_fd, const char *name, char ret[static CRASH_KEY_MAX]) {
        char path[sizeof(CRASH_KEYS) + sizeof("//description") + NAME_MAX];
        char text[CRASH_KEY_MAX];

        strscpyf(path, sizeof(path), CRASH_KEYS "/%s/description", name);
        /* The kernel prints what is not there in its own way. */
        if (read_line_below(root_fd, path, text, sizeof(text)) < 0 || text[0] == '\0' ||
            streq(text, "(null)")) {
                strscpy(ret, CRASH_KEY_MAX, name);
                return CRASH_KEYS_UNNAMED;
        }
        if (ret[0] == '\0')
                strscpy(ret, CRASH_KEY_MAX, text);
        return CRASH_KEYS_NAMED;
}

CrashKeys crash_keys_look(int root_fd, char ret[static CRASH_KEY_MAX]) {
        _cleanup_close_ int fd = open_below(root_fd, CRASH_KEYS, O_RDONLY | O_DIRECTORY);
        struct dirent **entries = NULL;
        int n = fd < 0 ? fd : scandirat(fd, ".", &entries, is_key, alphasort);
        CrashKeys keys = CRASH_KEYS_NONE;

        ret[0] = '\0';
        for (int i = 0; i < n; i++) {
                if (keys != CRASH_KEYS_UNNAMED && i < KEYS_MOST)
                        keys = look_at(root_fd, entries[i]->d_name, ret);
                free(entries[i]);
        }
        free(entries);
        return keys;
}
