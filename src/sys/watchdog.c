/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware watchdogs. */
#include "sys/watchdog.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/file-util.h"
#include "base/string-util.h"

static void open_one(Watchdogs *w, int root_fd, const char *name) {
        char path[64];
        int fd;

        if (w->n == WATCHDOGS_MOST || strlen(name) >= sizeof(w->dog[0].name))
                return;
        for (size_t i = 0; i < w->n; i++)
                if (streq(w->dog[i].name, name))
                        return;
        strscpyf(path, sizeof(path), "/dev/%s", name);
        fd = open_below(root_fd, path, O_WRONLY | O_NONBLOCK);
        if (fd < 0)
                return;
        strscpy(w->dog[w->n].name, sizeof(w->dog[0].name), name);
        w->dog[w->n++].fd = fd;
}

static void open_all(Watchdogs *w, int root_fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;

        if (open_directory_below(root_fd, "/dev", &dir) < 0)
                return;
        while ((entry = readdir(dir))) {
                const char *number = startswith(entry->d_name, "watchdog");

                /* /dev/watchdog without a number is one of the others. */
                if (number && *number >= '0' && *number <= '9')
                        open_one(w, root_fd, entry->d_name);
        }
        if (w->n == 0)
                open_one(w, root_fd, "watchdog");
}

void watchdogs_feed(Watchdogs *w, int root_fd) {
        open_all(w, root_fd);
        for (size_t i = 0; i < w->n; i++) {
                ssize_t n = write(w->dog[i].fd, "", 1);

                (void)n; /* nobody can help it */
        }
}

void watchdogs_disarm(Watchdogs *w) {
        for (size_t i = 0; i < w->n; i++) {
                /* The letter that a driver with "magic close" wants. */
                ssize_t n = write(w->dog[i].fd, "V", 1);

                (void)n;
                (void)close(w->dog[i].fd);
        }
        w->n = 0;
}
