/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which kernel modules lead to a device. */
#include "mkinitramfs/drivers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file-util.h"
#include "sys/path.h"
#include "sys/watchdog.h"

#define MODALIAS_MAX 4096u
#define MODULES_LIVE "/sys/module/"

static int no_module(Builder *b, const char *alias, const char *what) {
        return fail(b, -ENOENT,
                    "the kernel module \"%s\", %s, is not among those of kernel %s: install it, "
                    "or give another Target=",
                    alias, what, b->release);
}

int driver_try(Builder *b, const char *alias, const char *what) {
        int r;

        r = modules_add(b->modules, alias, what);
        if (r == -ELIBBAD)
                return fail(b, r,
                            "a file of the kernel module \"%s\", %s, is missing: run \"depmod %s\"",
                            alias, what, b->release);
        if (r == -E2BIG)
                return fail(b, r, "more than %u kernel modules would go into the initramfs",
                            MODULES_MOST);
        if (r < 0)
                return fail(b, r, "the kernel module \"%s\", %s, cannot be looked up: %s", alias,
                            what, strerror(-r));
        return r;
}

int driver_add(Builder *b, const char *alias, const char *what) {
        int r;

        r = driver_try(b, alias, what);
        return r == 0 ? no_module(b, alias, what) : MIN(r, 0);
}

/* The last part of what a link in sysfs leads to. Returns 0; -ENOENT, -ENOMEM. */
static int link_name(int root_fd, const char *directory, const char *link, char **ret) {
        _cleanup_free_ char *path = NULL, *resolved = NULL;
        int r;

        if (asprintf(&path, "%s/%s", directory, link) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = path_resolve(root_fd, path, &resolved);
        if (r < 0)
                return r == -ENOMEM ? r : -ENOENT;
        *ret = strdup(strrchr(resolved, '/') + 1);
        return *ret ? 0 : -ENOMEM;
}

/* One device on the way to the root of its bus. What drives it now is the best choice; where that
 * is built into the running kernel, it may be a module for the one that captures. */
static int drivers_of_one(Builder *b, const char *sysfs, const char *what) {
        _cleanup_free_ char *driver = NULL, *module = NULL, *path = NULL;
        char alias[MODALIAS_MAX];
        int r;

        r = link_name(b->root_fd, sysfs, "driver", &driver);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = link_name(b->root_fd, sysfs, "driver/module", &module);
        if (r == -ENOMEM)
                return fail_memory(b);
        if (r >= 0)
                return driver_add(b, module, what);
        if (asprintf(&path, "%s/modalias", sysfs) < 0) {
                path = NULL;
                return fail_memory(b);
        }
        if (read_line_below(b->root_fd, path, alias, sizeof(alias)) < 0 || alias[0] == '\0')
                return 0;
        r = driver_try(b, alias, what);
        return MIN(r, 0);
}

int drivers_of_device(Builder *b, const char *sysfs, const char *what) {
        _cleanup_free_ char *path = strdup(sysfs);
        int r;

        if (!path)
                return fail_memory(b);
        while (startswith(path, "/sys/devices/")) {
                r = drivers_of_one(b, path, what);
                if (r < 0)
                        return r;
                *strrchr(path, '/') = '\0';
        }
        return 0;
}

static int add_words(Builder *b, const char *words, const char *what) {
        _cleanup_free_ char *copy = strdup(words);
        char *rest = NULL;

        if (!copy)
                return fail_memory(b);
        for (char *w = strtok_r(copy, " \t", &rest); w; w = strtok_r(NULL, " \t", &rest)) {
                int r = driver_add(b, w, what);

                if (r < 0)
                        return r;
        }
        return 0;
}

#define FOR_WATCHDOG "for the watchdog that is running"

/* Not all drivers say what they drive; all that are loaded are few, and do nothing where their
 * hardware is not. */
static int add_loaded_watchdogs(Builder *b) {
        WatchdogDrivers drivers = { 0 };
        int r = 0;

        watchdog_add_loaded(b->root_fd, b->release, &drivers);
        for (size_t i = 0; i < drivers.n && r >= 0; i++)
                r = driver_try(b, drivers.name[i], FOR_WATCHDOG);
        return MIN(r, 0);
}

/* A watchdog that runs goes on running after the panic, and has to be fed by its driver. */
static int add_watchdog(Builder *b, const char *name) {
        _cleanup_free_ char *path = NULL, *device = NULL;
        char state[16] = "";
        int r;

        if (asprintf(&path, WATCHDOG_CLASS "/%s/state", name) < 0) {
                path = NULL;
                return fail_memory(b);
        }
        if (read_line_below(b->root_fd, path, state, sizeof(state)) < 0 || !streq(state, "active"))
                return 0;
        free(TAKE_PTR(path));
        if (asprintf(&path, WATCHDOG_CLASS "/%s/device", name) < 0) {
                path = NULL;
                return fail_memory(b);
        }
        r = path_resolve(b->root_fd, path, &device);
        if (r == -ENOMEM)
                return fail_memory(b);
        return r < 0 ? add_loaded_watchdogs(b) : drivers_of_device(b, device, FOR_WATCHDOG);
}

static int add_watchdogs(Builder *b) {
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent *entry;
        int r = 0;

        if (open_directory_below(b->root_fd, WATCHDOG_CLASS, &directory) < 0)
                return 0;
        while (r >= 0 && (entry = readdir(directory)))
                if (entry->d_name[0] != '.')
                        r = add_watchdog(b, entry->d_name);
        return r;
}

int drivers_besides(Builder *b) {
        int r;

        r = add_watchdogs(b);
        if (r < 0)
                return r;
        /* Without its driver the kernel takes memory that the hypervisor has unplugged for some
         * that can be read. */
        if (exists_below(b->root_fd, MODULES_LIVE "virtio_mem")) {
                r = driver_try(b, "virtio_mem", "for memory that the hypervisor plugs");
                if (r < 0)
                        return r;
        }
        return add_words(b, b->settings->extra_modules, "of ExtraModules=");
}
