/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/kernel-config.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/gzip.h"

#define CONFIG_LARGEST  (4u * 1024u * 1024u) /* bytes */
#define RELEASE_PATH    "/proc/sys/kernel/osrelease"
#define RELEASE_LONGEST 256u

static int read_running(int root_fd, const char *release, char **ret) {
        _cleanup_free_ char *packed = NULL;
        _cleanup_free_ void *text = NULL;
        char running[RELEASE_LONGEST];
        size_t packed_size, size;
        char *whole;
        int r;

        if (read_line_below(root_fd, RELEASE_PATH, running, sizeof(running)) < 0 ||
            !streq(running, release))
                return -ENOENT;
        r = read_file_below(root_fd, "/proc/config.gz", CONFIG_LARGEST, &packed, &packed_size);
        if (r >= 0)
                r = gzip_unpack(packed, packed_size, CONFIG_LARGEST, &text, &size);
        if (r < 0)
                return r == -ENOMEM ? r : -ENOENT;
        whole = strndup(text, size);
        if (!whole)
                return -ENOMEM;
        *ret = whole;
        return 0;
}

int kernel_config_read(int root_fd, const char *release, char **ret) {
        static const char *const places[] = { "/boot/config-", "/lib/modules/",
                                              "/usr/lib/modules/" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path = NULL;
                int r;

                if (asprintf(&path, "%s%s%s", places[i], release,
                             endswith(places[i], "/") ? "/config" : "") < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                r = read_file_below(root_fd, path, CONFIG_LARGEST, ret, NULL);
                if (r >= 0 || r == -ENOMEM)
                        return r;
        }
        return read_running(root_fd, release, ret);
}

bool kernel_config_has(const char *text, const char *line) {
        size_t n = strlen(line);

        for (const char *p = text; p && (p = strstr(p, line)); p += n)
                if ((p == text || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0'))
                        return true;
        return false;
}
