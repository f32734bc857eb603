/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the dumps of the configuration lie on the running system. */
#include "sys/dump-place.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/blockdev.h"
#include "sys/mounts.h"
#include "sys/path.h"

/* The device that is looked for, and the path on it. */
typedef struct Search {
        int root_fd;
        BlockName name;
        uint64_t major, minor;
        const char *path;
        char *found; /* the path on the running system */
} Search;

static int find_device(Search *search, const char *target) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = block_path(target, &path);
        if (r >= 0)
                r = block_by_path(search->root_fd, path, &search->name);
        return r < 0 ? r
                     : block_number(search->root_fd, &search->name, &search->major, &search->minor);
}

static bool is_of_device(const Search *search, const Mount *mount) {
        BlockName source;

        return (mount->major == search->major && mount->minor == search->minor) ||
               (mount_has_source(mount) && startswith(mount->source, "/dev/") &&
                block_by_path(search->root_fd, mount->source, &source) >= 0 &&
                streq(source.text, search->name.text));
}

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

        if (!behind || !is_of_device(search, mount))
                return 0;
        if (asprintf(&search->found, "%s%s", streq(mount->point, "/") ? "" : mount->point, behind) <
            0) {
                search->found = NULL;
                return -ENOMEM;
        }
        return 1;
}

/* Returns 0, -ENODEV if the device is not mounted with that path, -ENOMEM or another errno. */
static int find_mounted(Search *search, char **ret) {
        _cleanup_(mounts_freep) Mounts *mounts = NULL;
        int r;

        r = mounts_read_below(search->root_fd, "/proc/self/mountinfo", false, &mounts);
        if (r >= 0)
                r = mounts_each(mounts, try_mount, search);
        if (r <= 0)
                return r < 0 ? r : -ENODEV;
        *ret = search->found;
        return 0;
}

static int fail(int error, char **reterr, const char *before, const char *target,
                const char *after) {
        char *text = NULL;

        if (asprintf(&text, "%s%s%s", before, target, after) < 0)
                return -ENOMEM;
        *reterr = text;
        return error;
}

static const char *target_of(const Settings *settings, DumpPlace place) {
        return place == DUMP_PLACE_TARGET ? settings->target : settings->fallback_target;
}

int dump_place_device(const Settings *settings, DumpPlace place, char **ret) {
        const char *raw = startswith(strempty(target_of(settings, place)), "raw:");

        return raw ? block_path(raw, ret) : -ENXIO;
}

bool dump_place_any_device(const Settings *settings) {
        for (DumpPlace place = 0; place < _DUMP_PLACE_MAX; place++)
                if (startswith(strempty(target_of(settings, place)), "raw:"))
                        return true;
        return false;
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

int dump_place_mounted(int root_fd, const char *path, char **reterr) {
        _cleanup_(mount_done) Mount mounted = { 0 }, missing = { 0 };
        _cleanup_(mounts_freep) Mounts *fstab = NULL, *mounts = NULL;
        _cleanup_free_ char *whole = NULL;
        int r;

        r = mounts_read_below(root_fd, "/etc/fstab", true, &fstab);
        if (r >= 0)
                r = mounts_read_below(root_fd, "/proc/self/mountinfo", false, &mounts);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        whole = resolve(root_fd, path);
        if (!whole)
                return -ENOMEM;
        r = mounts_of_path(mounts, whole, &mounted);
        if (r >= 0)
                r = mounts_missing(fstab, whole, &mounted, &missing);
        if (r > 0)
                return fail(-EAGAIN, reterr, "what /etc/fstab mounts at ", missing.point,
                            " is not mounted");
        return r == -ENOMEM ? r : 0;
}

int dump_place(int root_fd, const Settings *settings, DumpPlace place, char **ret, char **reterr) {
        const char *target = target_of(settings, place);
        Search search = { .root_fd = root_fd, .path = settings->capture_path };
        int r;

        if (isempty(target))
                return fail(-ENXIO, reterr, "there is no FallbackTarget=", "", "");
        if (streq(target, "auto") || startswith(target, "raw:")) {
                r = dump_place_mounted(root_fd, settings->capture_path, reterr);
                if (r < 0)
                        return r;
                *ret = strdup(settings->capture_path);
                return *ret ? 0 : -ENOMEM;
        }
        r = find_device(&search, target);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return fail(-ENODEV, reterr, "there is no device ", target, "");
        r = find_mounted(&search, ret);
        if (r == -ENODEV)
                return fail(r, reterr, "", target, " is not mounted");
        return r;
}
