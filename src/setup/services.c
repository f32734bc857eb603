/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "setup/services.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file-util.h"
#include "base/string-util.h"

/* Those that kdumpd.service conflicts with. */
static const char *const units[] = { "kdump.service", "kdump-early.service",
                                     "kdump-tools.service" };

const char *services_other(size_t i) {
        return i < ELEMENTSOF(units) ? units[i] : NULL;
}

/* What "systemctl enable" makes is a link in a directory of the unit that is to pull it in. The
 * link may be absolute, and what it leads to missing: it counts nevertheless. */
static bool is_pulled_in(int root_fd, const char *directory, const char *unit) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (open_directory_below(root_fd, directory, &dir) < 0)
                return false;
        while ((entry = readdir(dir))) {
                _cleanup_free_ char *path = NULL;
                struct stat st;

                if (!endswith(entry->d_name, ".wants") && !endswith(entry->d_name, ".requires"))
                        continue;
                if (asprintf(&path, "%s/%s", entry->d_name, unit) < 0) {
                        path = NULL;
                        return false;
                }
                if (fstatat(dirfd(dir), path, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return true;
        }
        return false;
}

bool services_is_enabled(int root_fd, const char *unit) {
        static const char *const directories[] = { "/etc/systemd/system", "/usr/lib/systemd/system",
                                                   "/lib/systemd/system" };
        char path[128];

        strscpyf(path, sizeof(path), "/etc/systemd/system/%s", unit);
        if (is_masked_below(root_fd, path))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (is_pulled_in(root_fd, directories[i], unit))
                        return true;
        return false;
}
