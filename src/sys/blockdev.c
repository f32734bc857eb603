/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block devices below a root: what sysfs says of them, and the links that udev makes. */
#include "sys/blockdev.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/path.h"

#define PATH_LONGEST         512u
#define COMMAND_LINE_LONGEST (64u * 1024u) /* bytes */
#define ROOT_DEVICE          "/dev/root"

static void attribute_path(char path[static PATH_LONGEST], const BlockName *name,
                           const char *attribute) {
        strscpyf(path, PATH_LONGEST, "/sys/class/block/%s%s%s", name->text, *attribute ? "/" : "",
                 attribute);
}

bool block_has(int root_fd, const BlockName *name, const char *attribute) {
        char path[PATH_LONGEST];

        attribute_path(path, name, attribute);
        return exists_below(root_fd, path);
}

int block_attribute(int root_fd, const BlockName *name, const char *attribute, char *buf,
                    size_t size) {
        char path[PATH_LONGEST];

        attribute_path(path, name, attribute);
        return read_line_below(root_fd, path, buf, size);
}

int block_number(int root_fd, const BlockName *name, uint64_t *ret_major, uint64_t *ret_minor) {
        char text[64], *colon;
        uint64_t major, minor;
        int r;

        r = block_attribute(root_fd, name, "dev", text, sizeof(text));
        if (r < 0)
                return r;
        colon = strchr(text, ':');
        if (!colon)
                return -EINVAL;
        *colon = '\0';
        if (parse_u64(text, 10, &major) < 0 || parse_u64(colon + 1, 10, &minor) < 0)
                return -EINVAL;
        *ret_major = major;
        *ret_minor = minor;
        return 0;
}

int block_open(int root_fd, const BlockName *name) {
        _cleanup_close_ int fd = -EBADF;
        char path[PATH_LONGEST];
        struct stat st;

        strscpyf(path, sizeof(path), "/dev/%s", name->text);
        for (char *p = path + strlen("/dev/"); *p; p++)
                if (*p == '!')
                        *p = '/';
        fd = open_below(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISBLK(st.st_mode) || S_ISREG(st.st_mode) ? TAKE_FD(fd) : -ENOTBLK;
}

int block_sysfs(int root_fd, const BlockName *name, char **ret) {
        char path[PATH_LONGEST];

        attribute_path(path, name, "");
        return path_resolve(root_fd, path, ret);
}

/* Takes the last part of a path for a name, if there is such a device. */
static int name_of(int root_fd, const char *device, BlockName *ret) {
        BlockName name;

        if (strlen(device) >= sizeof(name.text) || device[0] == '\0')
                return -ENOTBLK;
        strscpy(name.text, sizeof(name.text), device);
        /* As the kernel writes "cciss/c0d0" in sysfs. */
        for (char *p = name.text; *p; p++)
                if (*p == '/')
                        *p = '!';
        if (!block_has(root_fd, &name, ""))
                return -ENOTBLK;
        *ret = name;
        return 0;
}

int block_by_number(int root_fd, uint64_t major, uint64_t minor, BlockName *ret) {
        _cleanup_free_ char *resolved = NULL;
        char path[PATH_LONGEST];
        int r;

        strscpyf(path, sizeof(path), "/sys/dev/block/%" PRIu64 ":%" PRIu64, major, minor);
        r = path_resolve(root_fd, path, &resolved);
        if (r < 0)
                return r;
        return name_of(root_fd, strrchr(resolved, '/') + 1, ret) < 0 ? -ENOENT : 0;
}

/* Nodes in /dev/mapper need not be links: whoever makes them without udev makes devices. */
static int by_mapper_name(int root_fd, const char *mapper_name, BlockName *ret) {
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent *entry;
        int r;

        r = open_directory_below(root_fd, "/sys/class/block", &directory);
        if (r < 0)
                return r == -ENOMEM ? r : -ENOTBLK;
        r = -ENOTBLK;
        while (r < 0 && (entry = readdir(directory))) {
                char text[256];
                BlockName name;

                if (!startswith(entry->d_name, "dm-") ||
                    name_of(root_fd, entry->d_name, &name) < 0 ||
                    block_attribute(root_fd, &name, "dm/name", text, sizeof(text)) < 0 ||
                    !streq(text, mapper_name))
                        continue;
                *ret = name;
                r = 0;
        }
        return r;
}

/* As the kernel takes numbers in root=: "8:1", or of old "801". block/early-lookup.c, and
 * new_decode_dev(). */
static int by_root_number(int root_fd, const char *text, BlockName *ret) {
        const char *colon = strchr(text, ':');
        char first[16];
        uint64_t major, minor;

        strscpyf(first, sizeof(first), "%.*s", (int)strcspn(text, ":"), text);
        if (colon && parse_u64(first, 10, &major) >= 0 && parse_u64(colon + 1, 10, &minor) >= 0)
                return block_by_number(root_fd, major, minor, ret);
        if (colon || parse_u64(text, 16, &minor) < 0)
                return -ENOENT;
        major = minor >> 8 & 0xfff;
        minor = (minor & 0xff) | (minor >> 12 & 0xfff00);
        return block_by_number(root_fd, major, minor, ret);
}

/* What a kernel that has mounted its root itself calls the device of that is in no /dev: the
 * command line tells which one it is. */
static int by_root_word(int root_fd, BlockName *ret) {
        _cleanup_free_ char *line = NULL;
        char *rest, *word, *last = NULL;
        DeviceName name;

        if (read_file_below(root_fd, "/proc/cmdline", COMMAND_LINE_LONGEST, &line, NULL) < 0)
                return -ENOENT;
        rest = line;
        while ((word = strsep(&rest, " \t\n"))) {
                char *value = (char *)startswith(word, "root=");

                last = value ?: last;
        }
        if (!last)
                return -ENOENT;
        last += strspn(last, "\"");
        last[strcspn(last, "\"")] = '\0';
        if (device_name_parse(last, &name) < 0)
                return by_root_number(root_fd, last, ret);
        return streq(last, ROOT_DEVICE) ? -ENOENT : block_by_name(root_fd, &name, ret);
}

int block_by_path(int root_fd, const char *path, BlockName *ret) {
        _cleanup_free_ char *resolved = NULL;
        const char *device, *mapper;
        int r;

        r = path_resolve(root_fd, path, &resolved);
        if (r == -ENOENT && streq(path, ROOT_DEVICE))
                return by_root_word(root_fd, ret);
        if (r < 0)
                return r;
        device = startswith(resolved, "/dev/");
        if (!device)
                return -ENOTBLK;
        mapper = startswith(device, "mapper/");
        return mapper ? by_mapper_name(root_fd, mapper, ret) : name_of(root_fd, device, ret);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(((const BlockName *)a)->text, ((const BlockName *)b)->text);
}

int block_slaves(int root_fd, const BlockName *name, BlockName **ret, size_t *ret_n) {
        char path[PATH_LONGEST];

        attribute_path(path, name, "slaves");
        return block_names(root_fd, path, ret, ret_n);
}

int block_names(int root_fd, const char *path, BlockName **ret, size_t *ret_n) {
        _cleanup_free_ BlockName *names = NULL;
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent *entry;
        size_t n = 0;
        int r = 0;

        if (open_directory_below(root_fd, path, &directory) < 0) {
                *ret = NULL;
                *ret_n = 0;
                return 0;
        }
        while (r >= 0 && (entry = readdir(directory))) {
                BlockName *name;

                if (entry->d_name[0] == '.' || strlen(entry->d_name) >= BLOCK_NAME_MAX)
                        continue;
                if (n >= BLOCK_SLAVES_MOST) {
                        r = -E2BIG;
                        break;
                }
                name = ARRAY_ADD(names, n);
                if (name)
                        strscpy(name->text, sizeof(name->text), entry->d_name);
                else
                        r = -ENOMEM;
        }
        if (r < 0)
                return r;
        if (n > 0)
                qsort(names, n, sizeof(*names), compare_names);
        *ret = TAKE_PTR(names);
        *ret_n = n;
        return 0;
}

static int hex(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode(char *text) {
        char *to = text;

        for (const char *p = text; *p; p++) {
                if (p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0 &&
                    (p[2] != '0' || p[3] != '0')) {
                        *to++ = (char)(hex(p[2]) * 16 + hex(p[3]));
                        p += 3;
                        continue;
                }
                *to++ = *p;
        }
        *to = '\0';
}

char *block_encode(const char *text) {
        static const char digits[] = "0123456789abcdef";
        char *encoded = malloc(4 * strlen(text) + 1), *to = encoded;

        if (!encoded)
                return NULL;
        for (const char *p = text; *p; p++) {
                if (isalnum((unsigned char)*p) || strchr("#+-.:=@_", *p) ||
                    ((unsigned char)*p & 0x80)) {
                        *to++ = *p;
                        continue;
                }
                *to++ = '\\';
                *to++ = 'x';
                *to++ = digits[(unsigned char)*p >> 4];
                *to++ = digits[(unsigned char)*p & 15];
        }
        *to = '\0';
        return encoded;
}

int block_path(const DeviceName *name, char **ret) {
        static const char *const directories[_DEVICE_NAME_TAG_MAX] = {
                [DEVICE_NAME_UUID] = "/dev/disk/by-uuid",
                [DEVICE_NAME_LABEL] = "/dev/disk/by-label",
                [DEVICE_NAME_PARTUUID] = "/dev/disk/by-partuuid",
                [DEVICE_NAME_PARTLABEL] = "/dev/disk/by-partlabel",
        };
        _cleanup_free_ char *encoded = NULL;
        char *path;

        if (name->tag == DEVICE_NAME_PATH)
                path = strdup(name->value);
        else {
                encoded = block_encode(name->value);
                if (!encoded || asprintf(&path, "%s/%s", directories[name->tag], encoded) < 0)
                        path = NULL;
        }
        if (!path)
                return -ENOMEM;
        *ret = path;
        return 0;
}

int block_by_name(int root_fd, const DeviceName *name, BlockName *ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = block_path(name, &path);
        return r < 0 ? r : block_by_path(root_fd, path, ret);
}

/* Whether a link leads to the device. */
static bool leads_to(int root_fd, const char *directory, const char *link, const BlockName *name) {
        _cleanup_free_ char *path = NULL;
        BlockName found;

        if (asprintf(&path, "%s/%s", directory, link) < 0) {
                path = NULL;
                return false;
        }
        return block_by_path(root_fd, path, &found) == 0 && streq(found.text, name->text);
}

int block_link(int root_fd, const char *directory, const char *prefix, const BlockName *name,
               char **ret) {
        _cleanup_free_ char *best = NULL;
        _cleanup_closedir_ DIR *links = NULL;
        struct dirent *entry;
        int r;

        r = open_directory_below(root_fd, directory, &links);
        if (r < 0)
                return r == -ENOMEM ? r : -ENOENT;
        for (size_t n = 0; r >= 0 && n < BLOCK_LINKS_MOST && (entry = readdir(links)); n++) {
                const char *rest = startswith(entry->d_name, prefix);

                if (!rest || entry->d_name[0] == '.' || (best && strcmp(rest, best) >= 0) ||
                    !leads_to(root_fd, directory, entry->d_name, name))
                        continue;
                free(best);
                best = strdup(rest);
                if (!best)
                        r = -ENOMEM;
        }
        if (r < 0 || !best)
                return r < 0 ? r : -ENOENT;
        decode(best);
        *ret = TAKE_PTR(best);
        return 0;
}
