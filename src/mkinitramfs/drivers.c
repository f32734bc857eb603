/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which kernel modules lead to a device. */
#include "mkinitramfs/drivers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/array.h"
#include "base/file-util.h"
#include "sys/path.h"
#include "sys/watchdog.h"

#define MODALIAS_MAX       4096u
#define PROPERTIES_LONGEST (64u * 1024u) /* bytes */
#define MODULES_LIVE       "/sys/module/"
#define WALKED_MOST        4096u

static int no_module(Builder *b, const char *alias, const char *what) {
        return fail(b, -ENOENT,
                    "the kernel module \"%s\", %s, is not among those of kernel %s: install it, "
                    "or give another Target=",
                    alias, what, b->release);
}

/* Whether the running kernel has it as a module. One that is built in has a directory there, too,
 * but no state. kernel/module/sysfs.c. */
static bool is_loaded(const Builder *b, const char *name) {
        char path[300];

        strscpyf(path, sizeof(path), MODULES_LIVE "%s/initstate", name);
        for (char *p = path + strlen(MODULES_LIVE); *p; p++)
                if (*p == '-')
                        *p = '_';
        return exists_below(b->root_fd, path);
}

/* A kernel without modules has it built in: by its configuration, or if it seems to be the one that
 * runs and has not loaded it. */
static int try_built_in(Builder *b, const char *alias, const char *what) {
        const char *name = startswith(alias, "fs-") ?: alias;

        if ((b->config && !builder_config_has(b, "CONFIG_MODULES=y")) || !is_loaded(b, name))
                return 1;
        return fail(
                b, -ENOENT,
                "there are no modules of kernel %s, and \"%s\", %s, is a module of the one that "
                "runs: install them",
                b->release, name, what);
}

int driver_try(Builder *b, const char *alias, const char *what) {
        int r;

        if (!b->modules)
                return try_built_in(b, alias, what);
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

/* What is built into kernels before Linux 5.2 they know by the names of files alone, and not by
 * what these are asked for. */
static const char *name_of_built_in(const char *alias) {
        static const char *const levels[][2] = {
                { "md-linear", "linear" }, { "md-raid0", "raid0" },   { "md-raid1", "raid1" },
                { "md-raid10", "raid10" }, { "md-raid4", "raid456" }, { "md-raid5", "raid456" },
                { "md-raid6", "raid456" },
        };

        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                if (streq(levels[i][0], alias))
                        return levels[i][1];
        return startswith(alias, "fs-");
}

int driver_add(Builder *b, const char *alias, const char *what) {
        const char *name = name_of_built_in(alias);
        int r;

        r = driver_try(b, alias, what);
        if (r == 0 && name)
                r = driver_try(b, name, what);
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

/* What a device is called for whoever looks for its driver: buses without an attribute for that, as
 * that of memory cards, say it in the properties of events. "" if none does. */
static int read_alias(Builder *b, const char *sysfs, char ret[static MODALIAS_MAX]) {
        _cleanup_free_ char *path = NULL, *event = NULL, *properties = NULL;
        char *rest, *line;

        ret[0] = '\0';
        if (asprintf(&path, "%s/modalias", sysfs) < 0 ||
            asprintf(&properties, "%s/uevent", sysfs) < 0)
                return fail_memory(b);
        if (read_line_below(b->root_fd, path, ret, MODALIAS_MAX) >= 0 ||
            read_file_below(b->root_fd, properties, PROPERTIES_LONGEST, &event, NULL) < 0)
                return 0;
        rest = event;
        while ((line = strsep(&rest, "\n"))) {
                const char *alias = startswith(line, "MODALIAS=");

                if (alias)
                        strscpy(ret, MODALIAS_MAX, alias);
        }
        return 0;
}

/* By what a device is called, whatever its driver is called in that kernel. Returns as driver_try()
 * does. */
static int try_alias(Builder *b, const char *sysfs, const char *what) {
        char alias[MODALIAS_MAX];
        int r;

        r = read_alias(b, sysfs, alias);
        return r < 0 || alias[0] == '\0' ? r : driver_try(b, alias, what);
}

/* One device on the way to the root of its bus. What drives it now is the best choice; where that
 * is built into the running kernel, it may be a module for the one that captures. */
static int drivers_of_one(Builder *b, const char *sysfs, const char *what) {
        _cleanup_free_ char *driver = NULL, *module = NULL;
        int r, by_alias;

        r = link_name(b->root_fd, sysfs, "driver", &driver);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = link_name(b->root_fd, sysfs, "driver/module", &module);
        if (r == -ENOMEM)
                return fail_memory(b);
        if (r < 0)
                return MIN(try_alias(b, sysfs, what), 0);
        r = driver_try(b, module, what);
        if (r != 0)
                return MIN(r, 0);
        by_alias = try_alias(b, sysfs, what);
        return by_alias == 0 ? no_module(b, module, what) : MIN(by_alias, 0);
}

static int note_walk(Builder *b, const char *sysfs) {
        char **walked;

        if (b->n_walked >= WALKED_MOST)
                return fail(b, -E2BIG, "more than %u devices lead to the target", WALKED_MOST);
        walked = ARRAY_ADD(b->walked, b->n_walked);
        if (!walked || !(*walked = strdup(sysfs)))
                return fail_memory(b);
        return 0;
}

static bool is_walked(const Builder *b, const char *sysfs) {
        for (size_t i = 0; i < b->n_walked; i++)
                if (streq(b->walked[i], sysfs))
                        return true;
        return false;
}

/* What a device waits for, as a regulator or a clock. Links that only put off the end of the
 * supplier's own start hold nobody up. drivers/base/core.c, device_link_add(). */
static int suppliers_of_one(Builder *b, const char *sysfs, const char *what) {
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent *entry;
        int r = 0;

        if (open_directory_below(b->root_fd, sysfs, &directory) < 0)
                return 0;
        while (r >= 0 && (entry = readdir(directory))) {
                _cleanup_free_ char *path = NULL, *supplier = NULL, *only = NULL;
                char value[8] = "";

                if (!startswith(entry->d_name, "supplier:"))
                        continue;
                if (asprintf(&path, "%s/%s/supplier", sysfs, entry->d_name) < 0 ||
                    asprintf(&only, "%s/%s/sync_state_only", sysfs, entry->d_name) < 0)
                        return fail_memory(b);
                if ((read_line_below(b->root_fd, only, value, sizeof(value)) >= 0 &&
                     streq(value, "1")) ||
                    path_resolve(b->root_fd, path, &supplier) < 0)
                        continue;
                r = drivers_of_device(b, supplier, what);
        }
        return r;
}

/* Suppliers and what these hang on lead to others, and may do so in a circle. */
int drivers_of_device(Builder *b, const char *sysfs, const char *what) {
        _cleanup_free_ char *path = strdup(sysfs);
        int r = 0;

        if (!path)
                return fail_memory(b);
        while (r >= 0 && startswith(path, "/sys/devices/") && !is_walked(b, path)) {
                r = note_walk(b, path);
                if (r >= 0)
                        r = suppliers_of_one(b, path, what);
                if (r >= 0)
                        r = drivers_of_one(b, path, what);
                *strrchr(path, '/') = '\0';
        }
        return r;
}

/* One of ExtraModules= may be gone after an upgrade, or built in under another name, which is no
 * reason to have no image. */
static int add_extra(Builder *b, const char *name) {
        static const char what[] = "of ExtraModules=";
        int r;

        r = b->modules ? modules_add(b->modules, name, what) : 0;
        if (r == 0)
                warn(b,
                     "kernel %s has no module \"%s\", %s: it is left out; if it is built in or has "
                     "another name there, change ExtraModules=",
                     b->release, name, what);
        else if (r == -ELIBBAD)
                warn(b,
                     "a file of the kernel module \"%s\", %s, is missing: it is left out; run "
                     "\"depmod %s\"",
                     name, what, b->release);
        else if (r < 0)
                return driver_try(b, name, what);
        return 0;
}

static int add_extras(Builder *b) {
        _cleanup_free_ char *copy = strdup(b->settings->extra_modules);
        char *rest = NULL;
        int r = 0;

        if (!copy)
                return fail_memory(b);
        for (char *w = strtok_r(copy, " \t", &rest); w && r >= 0; w = strtok_r(NULL, " \t", &rest))
                r = add_extra(b, w);
        return r;
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
        return add_extras(b);
}
