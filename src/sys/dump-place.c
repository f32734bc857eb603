/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the dumps of the configuration lie on the running system. */
#include "sys/dump-place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"

#define MOUNTINFO_LONGEST (4u * 1024u * 1024u) /* bytes */

/* "253:0" */
#define NUMBER_MAX 32u

/* A link to a device points to it, or to another such link: /dev/disk/by-uuid/..., /dev/vg/lv. */
#define LINKS_MOST 8u

/* As udev names the links in /dev/disk/by-*: what is not plain becomes \x20. */
static bool is_plain(unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               (c != '\0' && strchr("#+-.:=@_", c)) || c >= 0x80;
}

static void link_path(char path[static PATH_MAX], const char *directory, const char *value) {
        size_t n;

        strscpyf(path, PATH_MAX, "/dev/disk/%s/", directory);
        n = strlen(path);
        for (const char *p = value; *p && n + 5 < PATH_MAX; p++) {
                if (is_plain((unsigned char)*p))
                        path[n++] = *p;
                else {
                        strscpyf(path + n, PATH_MAX - n, "\\x%02x", (unsigned char)*p);
                        n += 4;
                }
        }
        path[n] = '\0';
}

static void device_path(char path[static PATH_MAX], const char *target) {
        static const struct {
                const char *prefix, *directory;
        } tags[] = {
                { "UUID=", "by-uuid" },
                { "LABEL=", "by-label" },
                { "PARTUUID=", "by-partuuid" },
                { "PARTLABEL=", "by-partlabel" },
        };

        for (size_t i = 0; i < ELEMENTSOF(tags); i++) {
                const char *value = startswith(target, tags[i].prefix);

                if (value) {
                        link_path(path, tags[i].directory, value);
                        return;
                }
        }
        strscpy(path, PATH_MAX, target);
}

/* The number ("8:1") of the block device that path names, by its name below /sys/class/block. */
static int device_number(int root_fd, const char *device, char ret[static NUMBER_MAX]) {
        char path[PATH_MAX], target[PATH_MAX], attribute[PATH_MAX];

        strscpy(path, sizeof(path), device);
        for (unsigned i = 0; i < LINKS_MOST; i++) {
                ssize_t n =
                        readlinkat(root_fd, path + strspn(path, "/"), target, sizeof(target) - 1);

                if (n < 0)
                        break;
                target[n] = '\0';
                if (target[0] == '/')
                        strscpy(path, sizeof(path), target);
                else {
                        size_t directory = (size_t)(path_name(path) - path);

                        strscpy(path + directory, sizeof(path) - directory, target);
                }
        }
        strscpyf(attribute, sizeof(attribute), "/sys/class/block/%s/dev", path_name(path));
        return read_line_below(root_fd, attribute, ret, NUMBER_MAX);
}

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

typedef struct Mount {
        char *number, *root, *point, *source;
} Mount;

/* Takes a line of mountinfo apart, in place (fs/proc_namespace.c, show_mountinfo()): "36 35 98:0
 * /root /point options optional... - type source options". */
static int parse_mount(char *line, Mount *ret) {
        char *fields[5], *rest = line, *field;
        size_t n = 0;

        while (n < ELEMENTSOF(fields) && (field = strsep(&rest, " ")))
                fields[n++] = field;
        while ((field = strsep(&rest, " ")) && !streq(field, "-"))
                ;
        if (n < ELEMENTSOF(fields) || !rest || !strsep(&rest, " "))
                return -EBADMSG;
        *ret = (Mount){ fields[2], fields[3], fields[4], strsep(&rest, " ") };
        if (!ret->source)
                return -EBADMSG;
        unescape(ret->root);
        unescape(ret->point);
        unescape(ret->source);
        return 0;
}

/* btrfs and the like have numbers of their own there; the name of the device tells. */
static bool is_of_device(int root_fd, const Mount *m, const char *number) {
        char of_source[NUMBER_MAX];

        return streq(m->number, number) ||
               (startswith(m->source, "/dev/") &&
                device_number(root_fd, m->source, of_source) >= 0 && streq(of_source, number));
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
static int find_mounted(int root_fd, const char *number, const char *path, char **ret) {
        _cleanup_free_ char *text = NULL;
        char *rest, *line;
        int r;

        r = read_file_below(root_fd, "/proc/self/mountinfo", MOUNTINFO_LONGEST, &text, NULL);
        if (r < 0)
                return r;
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                const char *behind;
                Mount m;

                if (parse_mount(line, &m) < 0 || !is_of_device(root_fd, &m, number))
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

int dump_device_path(const char *name, char **ret) {
        char path[PATH_MAX];

        device_path(path, name);
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

int dump_place_device(const Settings *settings, DumpPlace place, char **ret) {
        const char *raw = startswith(strempty(target_of(settings, place)), "raw:");

        return raw ? dump_device_path(raw, ret) : -ENXIO;
}

bool dump_place_any_device(const Settings *settings) {
        for (DumpPlace place = 0; place < _DUMP_PLACE_MAX; place++)
                if (startswith(strempty(target_of(settings, place)), "raw:"))
                        return true;
        return false;
}

int dump_place(int root_fd, const Settings *settings, DumpPlace place, char **ret, char **reterr) {
        const char *target = target_of(settings, place);
        char path[PATH_MAX], number[NUMBER_MAX];
        int r;

        if (isempty(target))
                return fail(-ENXIO, reterr, "there is no FallbackTarget=", "", "");
        if (streq(target, "auto") || startswith(target, "raw:")) {
                *ret = strdup(settings->capture_path);
                return *ret ? 0 : -ENOMEM;
        }
        device_path(path, target);
        r = device_number(root_fd, path, number);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return fail(-ENODEV, reterr, "there is no device ", target, "");
        r = find_mounted(root_fd, number, settings->capture_path, ret);
        if (r == -ENODEV)
                return fail(r, reterr, "", target, " is not mounted");
        return r;
}
