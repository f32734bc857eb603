/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the dumps of the configuration lie on the running system. */
#include "sys/dump-target.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/blockdev.h"
#include "sys/mounts.h"
#include "sys/path.h"

/* A path on a device. */
typedef struct Search {
        const char *path;
        char *found; /* the path on the running system */
} Search;

/* The rest of path behind the part of the file system that is mounted, NULL if it is not in
 * there. */
static const char *behind_root(const char *path, const char *root) {
        const char *rest;

        if (streq(root, "/"))
                return path;
        rest = startswith(path, root);
        return rest && (*rest == '/' || *rest == '\0') ? rest : NULL;
}

/* Returns 1 if the path is there, 0 if not, -ENOMEM. */
static int try_mount(void *userdata, const Mount *mount) {
        Search *search = userdata;
        const char *behind = behind_root(search->path, mount->root);

        if (!behind)
                return 0;
        if (asprintf(&search->found, "%s%s",
                     streq(mount->point, "/") && *behind ? "" : mount->point, behind) < 0) {
                search->found = NULL;
                return -ENOMEM;
        }
        return 1;
}

/* Returns 0, -ENODEV if the device is not mounted with that path, -ENOMEM or another errno. */
static int find_mounted(int root_fd, const BlockName *name, const char *path, char **ret) {
        _cleanup_(mounts_freep) Mounts *mounts = NULL;
        Search search = { .path = path };
        int r;

        r = mounts_read_below(root_fd, "/proc/self/mountinfo", false, &mounts);
        if (r >= 0)
                r = mounts_each_of_device(mounts, root_fd, name, try_mount, &search);
        if (r <= 0)
                return r < 0 ? r : -ENODEV;
        *ret = search.found;
        return 0;
}

static const Target *target_of(const Settings *settings, DumpTarget which) {
        return which == DUMP_TARGET_MAIN ? &settings->target : &settings->fallback_target;
}

int dump_target_device(const Settings *settings, DumpTarget which, char **ret) {
        const Target *target = target_of(settings, which);

        return target->type == TARGET_RAW ? block_path(&target->device, ret) : -ENXIO;
}

bool dump_target_any_device(const Settings *settings) {
        return settings->target.type == TARGET_RAW || settings->fallback_target.type == TARGET_RAW;
}

/* Where a path leads, also if its end is not there yet. */
static char *resolve(int root_fd, const char *path) {
        _cleanup_free_ char *found = NULL, *rest = NULL;
        char *whole;

        if (path_resolve_prefix(root_fd, path, &found, &rest) < 0)
                return strdup(path);
        if (asprintf(&whole, "%s%s%s", found, *rest && !streq(found, "/") ? "/" : "", rest) < 0)
                return NULL;
        return whole;
}

int dump_target_mounted(int root_fd, const char *path, Error *reterr) {
        _cleanup_(mount_done) Mount mounted = { 0 }, missing = { 0 };
        _cleanup_(mounts_freep) Mounts *fstab = NULL, *mounts = NULL;
        _cleanup_free_ char *whole = NULL;
        int r;

        r = mounts_read_below(root_fd, "/etc/fstab", true, &fstab);
        if (r >= 0)
                r = mounts_read_below(root_fd, "/proc/self/mountinfo", false, &mounts);
        if (r < 0)
                return r == -ENOMEM ? error_set_memory(reterr) : 0;
        whole = resolve(root_fd, path);
        if (!whole)
                return error_set_memory(reterr);
        r = mounts_of_path(mounts, whole, &mounted);
        if (r >= 0)
                r = mounts_missing(fstab, whole, &mounted, &missing);
        if (r > 0)
                return error_set(reterr, -EAGAIN, "what /etc/fstab mounts at %s is not mounted",
                                 missing.point);
        return r == -ENOMEM ? error_set_memory(reterr) : 0;
}

int dump_target_path(int root_fd, const Settings *settings, DumpTarget which, char **ret,
                     Error *reterr) {
        const Target *target = target_of(settings, which);
        BlockName name;
        int r;

        if (target->type == TARGET_NONE)
                return error_set(reterr, -ENXIO, "there is no FallbackTarget=");
        if (target->type != TARGET_DEVICE) {
                r = dump_target_mounted(root_fd, settings->capture_path, reterr);
                if (r < 0)
                        return r;
                *ret = strdup(settings->capture_path);
                return *ret ? 0 : error_set_memory(reterr);
        }
        r = block_by_name(root_fd, &target->device, &name);
        if (r == -ENOMEM)
                return error_set_memory(reterr);
        if (r < 0)
                return error_set(reterr, -ENODEV, "there is no device %s", target->name);
        r = find_mounted(root_fd, &name, settings->capture_path, ret);
        if (r == -ENODEV)
                return error_set(reterr, r, "%s is not mounted", target->name);
        if (r == -ENOMEM)
                return error_set_memory(reterr);
        return r < 0 ? error_set(reterr, r, "what is mounted cannot be found out: %s", strerror(-r))
                     : 0;
}
