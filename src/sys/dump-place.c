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

#define MOUNTINFO_LONGEST (4u * 1024u * 1024u) /* bytes */

/* "253:0" */
#define NUMBER_MAX 32u

/* Fields of mountinfo have \040 for a blank, and the like. */
static void unescape(char *s) {
        char *to = s;

        for (const char *p = s; *p; p++) {
                if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
                    p[3] >= '0' && p[3] <= '7') {
                        *to++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
                        p += 3;
                } else
                        *to++ = *p;
        }
        *to = '\0';
}

typedef struct Line {
        char *number, *root, *point, *source;
} Line;

/* Takes a line of mountinfo apart, in place (fs/proc_namespace.c, show_mountinfo()): "36 35 98:0
 * /root /point options optional... - type source options". */
static int parse_mount(char *line, Line *ret) {
        char *fields[5], *rest = line, *field;
        size_t n = 0;

        while (n < ELEMENTSOF(fields) && (field = strsep(&rest, " ")))
                fields[n++] = field;
        while ((field = strsep(&rest, " ")) && !streq(field, "-"))
                ;
        if (n < ELEMENTSOF(fields) || !rest || !strsep(&rest, " "))
                return -EBADMSG;
        *ret = (Line){ fields[2], fields[3], fields[4], strsep(&rest, " ") };
        if (!ret->source)
                return -EBADMSG;
        unescape(ret->root);
        unescape(ret->point);
        unescape(ret->source);
        return 0;
}

/* The device that is looked for. */
typedef struct Device {
        BlockName name;
        char number[NUMBER_MAX];
} Device;

static int find_device(int root_fd, const char *target, Device *ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = block_path(target, &path);
        if (r >= 0)
                r = block_by_path(root_fd, path, &ret->name);
        if (r >= 0)
                r = block_attribute(root_fd, &ret->name, "dev", ret->number, sizeof(ret->number));
        return r;
}

/* btrfs and the like have numbers of their own there; the name of the device tells. */
static bool is_of_device(int root_fd, const Line *m, const Device *device) {
        BlockName source;

        return streq(m->number, device->number) ||
               (startswith(m->source, "/dev/") && block_by_path(root_fd, m->source, &source) >= 0 &&
                streq(source.text, device->name.text));
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

/* Returns 0, -ENODEV if the device is not mounted with that path, -ENOMEM or another errno. */
static int find_mounted(int root_fd, const Device *device, const char *path, char **ret) {
        _cleanup_free_ char *text = NULL;
        char *rest, *line;
        int r;

        r = read_file_below(root_fd, "/proc/self/mountinfo", MOUNTINFO_LONGEST, &text, NULL);
        if (r < 0)
                return r;
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                const char *behind;
                Line m;

                if (parse_mount(line, &m) < 0 || !is_of_device(root_fd, &m, device))
                        continue;
                behind = behind_root(path, m.root);
                if (!behind)
                        continue;
                if (asprintf(ret, "%s%s", streq(m.point, "/") ? "" : m.point, behind) < 0)
                        return -ENOMEM;
                return 0;
        }
        return -ENODEV;
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
        Device device;
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
        r = find_device(root_fd, target, &device);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return fail(-ENODEV, reterr, "there is no device ", target, "");
        r = find_mounted(root_fd, &device, settings->capture_path, ret);
        if (r == -ENODEV)
                return fail(r, reterr, "", target, " is not mounted");
        return r;
}
