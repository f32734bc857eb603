/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into a capture initramfs, while it is being worked out. */
#include "mkinitramfs/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/file-util.h"
#include "sys/kernel-config.h"
#include "sys/path.h"

static const char *const entry_type_table[_ENTRY_TYPE_MAX] = {
        [ENTRY_DIRECTORY] = "directory",
        [ENTRY_LINK] = "link",
        [ENTRY_FILE] = "file",
        [ENTRY_TEXT] = "text",
        [ENTRY_CHARACTER_DEVICE] = "device",
};
DEFINE_NAME_TABLE(entry_type, EntryType, _ENTRY_TYPE_MAX);

int fail(Builder *b, int error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        if (b->error.text[0] == '\0')
                (void)error_setv(&b->error, error, format, ap);
        va_end(ap);
        return error;
}

int fail_memory(Builder *b) {
        return fail(b, -ENOMEM, "out of memory");
}

void warn(Builder *b, const char *format, ...) {
        bool is_first = b->warning.text[0] == '\0';
        Error warning;
        va_list ap;

        va_start(ap, format);
        (void)error_setv(&warning, 0, format, ap);
        va_end(ap);
        (void)error_set(&b->warning, 0, "%s%s%s", b->warning.text, is_first ? "" : "; ",
                        warning.text);
}

bool builder_config_has(const Builder *b, const char *line) {
        return kernel_config_has(b->config, line);
}

/* The links at the root of the initramfs, so that whatever directory a dynamic loader or a script
 * looks into, it is the same one. */
static const struct {
        const char *from, *to;
} moved[] = {
        { "/usr/sbin", "/usr/bin" }, { "/usr/lib64", "/usr/lib" }, { "/sbin", "/usr/bin" },
        { "/bin", "/usr/bin" },      { "/lib64", "/usr/lib" },     { "/lib", "/usr/lib" },
};

static void follow_link(char *path) {
        for (size_t i = 0; i < ELEMENTSOF(moved); i++)
                if (streq(path, moved[i].from)) {
                        memcpy(path, moved[i].to, strlen(moved[i].to) + 1);
                        return;
                }
}

/* As the kernel will walk it; a link at its end is not followed. */
char *builder_path(const char *path) {
        size_t room = 2 * strlen(path) + 2; /* "/lib" becomes twice as long */
        char *walked = malloc(room), *slash;

        if (!walked)
                return NULL;
        walked[0] = '\0';
        for (const char *p = path + strspn(path, "/"); *p;) {
                size_t n = strcspn(p, "/"), length;

                if (n != 1 || p[0] != '.') {
                        follow_link(walked);
                        length = strlen(walked);
                        slash = strrchr(walked, '/');
                        if (n == 2 && p[0] == '.' && p[1] == '.') {
                                if (slash)
                                        *slash = '\0';
                        } else
                                strscpyf(walked + length, room - length, "/%.*s", (int)n, p);
                }
                p += n;
                p += strspn(p, "/");
        }
        if (walked[0] == '\0')
                strscpy(walked, room, "/");
        return walked;
}

Entry *builder_find(const Builder *b, const char *path) {
        for (size_t i = 0; i < b->n_entries; i++)
                if (streq(b->entries[i].path, path))
                        return &b->entries[i];
        return NULL;
}

/* Adds the directories that a path is in. */
static int add_parents(Builder *b, const char *path) {
        _cleanup_free_ char *copy = strdup(path);
        char *slash;

        if (!copy)
                return fail_memory(b);
        slash = strrchr(copy, '/');
        if (!slash || slash == copy)
                return 0;
        *slash = '\0';
        return builder_add_directory(b, copy);
}

/* Adds the directories that a path leads out of again. */
static int add_detours(Builder *b, const char *path) {
        int r = 0;

        for (const char *p = path; r >= 0 && (p = strstr(p, "/..")); p += 3) {
                _cleanup_free_ char *directory = strndup(path, (size_t)(p - path));

                if (!directory)
                        return fail_memory(b);
                if (p != path && (p[3] == '/' || p[3] == '\0'))
                        r = builder_add_directory(b, directory);
        }
        return r;
}

/* Makes room for an entry. Returns 1 with it, 0 if its path is taken, or negative errno. */
static int add(Builder *b, const char *path, EntryType type, mode_t mode, Entry **ret) {
        _cleanup_free_ char *rewritten = builder_path(path);
        Entry *entry;
        int r;

        if (!rewritten)
                return fail_memory(b);
        if (builder_find(b, rewritten))
                return 0;
        r = add_detours(b, path);
        if (r >= 0)
                r = add_parents(b, rewritten);
        if (r < 0)
                return r;
        if (b->n_entries >= ENTRIES_MOST)
                return fail(b, -E2BIG, "more than %u files would go into the initramfs",
                            ENTRIES_MOST);
        entry = ARRAY_ADD(b->entries, b->n_entries);
        if (!entry)
                return fail_memory(b);
        entry->path = TAKE_PTR(rewritten);
        entry->type = type;
        entry->mode = mode;
        *ret = entry;
        return 1;
}

int builder_add_directory(Builder *b, const char *path) {
        Entry *entry;
        int r;

        r = add(b, path, ENTRY_DIRECTORY, S_IFDIR | 0755, &entry);
        return r < 0 ? r : 0;
}

int builder_add_link(Builder *b, const char *path, const char *target) {
        Entry *entry;
        int r;

        r = add(b, path, ENTRY_LINK, S_IFLNK | 0777, &entry);
        if (r <= 0)
                return r;
        entry->source = strdup(target);
        return entry->source ? 0 : fail_memory(b);
}

int builder_add_text(Builder *b, const char *path, const char *text, const char *why) {
        Entry *entry;
        int r;

        r = add(b, path, ENTRY_TEXT, S_IFREG | 0600, &entry);
        if (r <= 0)
                return r;
        entry->text = strdup(text);
        entry->why = strdup(why);
        return entry->text && entry->why ? 0 : fail_memory(b);
}

/* /dev/console; Documentation/admin-guide/devices.txt in the kernel tree. */
int builder_add_console(Builder *b) {
        Entry *entry;
        int r;

        r = add(b, "/dev/console", ENTRY_CHARACTER_DEVICE, S_IFCHR | 0600, &entry);
        if (r <= 0)
                return r;
        entry->major = 5;
        entry->minor = 1;
        return 0;
}

static void note_identity(Entry *entry, const struct stat *st) {
        entry->size = (uint64_t)st->st_size;
        entry->inode = st->st_ino;
        entry->device = st->st_dev;
        entry->mtime_nsec =
                (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;
}

int builder_add_file(Builder *b, const char *path, const char *source, const char *why,
                     Entry **ret) {
        _cleanup_free_ char *resolved = NULL, *rewritten = NULL;
        struct stat st;
        Entry *entry;
        int r;

        rewritten = builder_path(path);
        if (!rewritten)
                return fail_memory(b);
        r = path_resolve(b->root_fd, source, &resolved);
        if (r >= 0 && fstatat(b->root_fd, resolved + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
                r = -errno;
        if (r < 0)
                return fail(b, r, "\"%s\", %s, cannot be packed: %s", source, why, strerror(-r));
        if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > PACKED_FILE_LARGEST)
                return fail(b, -EINVAL, "\"%s\", %s, cannot be packed: it is %s", source, why,
                            S_ISREG(st.st_mode) ? "too large" : "no regular file");
        r = add(b, path, ENTRY_FILE, S_IFREG | ((st.st_mode & 0111) != 0 ? 0755 : 0644), &entry);
        if (r < 0)
                return r;
        if (r == 0)
                entry = builder_find(b, rewritten);
        else {
                entry->source = TAKE_PTR(resolved);
                entry->why = strdup(why);
                if (!entry->why)
                        return fail_memory(b);
                note_identity(entry, &st);
        }
        *ret = entry && entry->type == ENTRY_FILE ? entry : NULL;
        return 0;
}

int builder_read(Builder *b, const char *source, char **ret, size_t *ret_size) {
        int r;

        r = read_file_below(b->root_fd, source, PACKED_FILE_LARGEST, ret, ret_size);
        return r < 0 ? fail(b, r, "\"%s\" cannot be read: %s", source, strerror(-r)) : 0;
}

void builder_done(Builder *b) {
        for (size_t i = 0; i < b->n_entries; i++) {
                Entry *e = &b->entries[i];

                free(e->path);
                free(e->source);
                free(e->text);
                free(e->identity);
                free(e->why);
        }
        free(b->entries);
        free(b->release);
        free(b->config);
        for (size_t i = 0; i < b->n_walked; i++)
                free(b->walked[i]);
        free(b->walked);
        capture_plan_done(&b->plan);
        dm_tables_done(&b->tables);
        (void)mounts_free(b->mounts);
        (void)mounts_free(b->fstab);
        (void)modules_free(b->modules);
        *b = (Builder){ .root_fd = -EBADF };
}
