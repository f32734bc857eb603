/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware watchdogs. */
#include "sys/watchdog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/path.h"

#define MODULES_LIVE "/sys/module/"

/* Of modules.dep and modules.builtin; those of distributions have less than a megabyte. */
#define MODULE_LIST_LONGEST (16u * 1024u * 1024u)

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

/* Modules are named with "_", whatever their files and drivers are called. */
static void add_driver(WatchdogDrivers *drivers, const char *text, size_t length) {
        char name[WATCHDOG_DRIVER_MAX];
        size_t at = 0;

        if (length == 0 || length >= sizeof(name) || drivers->n == WATCHDOG_DRIVERS_MOST)
                return;
        for (size_t i = 0; i < length; i++) {
                /* It goes on a command line. */
                if (text[i] <= ' ' || text[i] == '"' || text[i] == '=' || text[i] == 0x7f)
                        return;
                name[i] = text[i];
                if (name[i] == '-')
                        name[i] = '_';
        }
        name[length] = '\0';
        while (at < drivers->n && strcmp(drivers->name[at], name) < 0)
                at++;
        if (at < drivers->n && streq(drivers->name[at], name))
                return;
        memmove(drivers->name[at + 1], drivers->name[at],
                (drivers->n - at) * sizeof(drivers->name[0]));
        strscpy(drivers->name[at], sizeof(drivers->name[0]), name);
        drivers->n++;
}

/* A line of modules.dep or modules.builtin begins with the path of a module. */
static void add_listed(int root_fd, const char *line, WatchdogDrivers *drivers) {
        const char *name = startswith(line, "kernel/drivers/watchdog/"), *end;
        char path[sizeof(MODULES_LIVE) + WATCHDOG_DRIVER_MAX];
        WatchdogDrivers one = { 0 };

        end = name ? strstr(name, ".ko") : NULL;
        if (!end)
                return;
        add_driver(&one, name, (size_t)(end - name));
        if (one.n == 0 || streq(one.name[0], "softdog"))
                return;
        strscpyf(path, sizeof(path), MODULES_LIVE "%s", one.name[0]);
        if (exists_below(root_fd, path))
                add_driver(drivers, one.name[0], strlen(one.name[0]));
}

void watchdog_add_loaded(int root_fd, const char *release, WatchdogDrivers *drivers) {
        static const char *const places[] = { "/lib/modules", "/usr/lib/modules" };
        static const char *const lists[] = { "modules.dep", "modules.builtin" };

        for (size_t i = 0; i < ELEMENTSOF(places) * ELEMENTSOF(lists); i++) {
                _cleanup_free_ char *path = NULL, *text = NULL;
                char *rest, *line;

                if (asprintf(&path, "%s/%s/%s", places[i / ELEMENTSOF(lists)], release,
                             lists[i % ELEMENTSOF(lists)]) < 0) {
                        path = NULL;
                        return;
                }
                if (read_file_below(root_fd, path, MODULE_LIST_LONGEST, &text, NULL) < 0)
                        continue;
                rest = text;
                while ((line = strsep(&rest, "\n")))
                        add_listed(root_fd, line, drivers);
        }
}

/* The last part of what a link of the watchdog's device leads to. Returns whether it is there. */
static bool add_link(int root_fd, const char *watchdog, const char *link,
                     WatchdogDrivers *drivers) {
        _cleanup_free_ char *path = NULL, *resolved = NULL;

        if (asprintf(&path, WATCHDOG_CLASS "/%s/device/%s", watchdog, link) < 0) {
                path = NULL;
                return false;
        }
        if (path_resolve(root_fd, path, &resolved) < 0)
                return false;
        add_driver(drivers, path_name(resolved), strlen(path_name(resolved)));
        return true;
}

void watchdog_drivers(int root_fd, const char *release, WatchdogDrivers *ret) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        bool is_silent = false;

        *ret = (WatchdogDrivers){ 0 };
        if (exists_below(root_fd, MODULES_LIVE "ipmi_watchdog"))
                add_driver(ret, "ipmi_watchdog", strlen("ipmi_watchdog"));
        if (open_directory_below(root_fd, WATCHDOG_CLASS, &dir) < 0)
                return;
        while ((entry = readdir(dir)))
                if (entry->d_name[0] != '.' &&
                    !add_link(root_fd, entry->d_name, "driver/module", ret) &&
                    !add_link(root_fd, entry->d_name, "driver", ret))
                        is_silent = true;
        if (is_silent)
                watchdog_add_loaded(root_fd, release, ret);
}
