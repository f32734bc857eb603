/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs, and the shared libraries that they need: read out of the files, as nothing that is
 * packed may be run. */
#include "mkinitramfs/libraries.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file-util.h"
#include "mkinitramfs/elf-needed.h"
#include "mkinitramfs/ld-cache.h"
#include "sys/path.h"

#define LD_CACHE_PATH    "/etc/ld.so.cache"
#define LD_CACHE_LARGEST (16u * 1024u * 1024u)
#define NESTING_DEEPEST  32u /* of libraries that need libraries, and scripts of scripts */
#define SHEBANG_LONGEST  255u

/* Where libraries go: every loader looks into one of the directories that lead here. */
#define LIBRARIES "/usr/lib"

static const char *const library_directories[] = { "/lib64", "/usr/lib64", "/lib", "/usr/lib" };

/* Whether a file is a library for this program. */
static bool is_match(Builder *b, const char *path, const ElfNeeded *user) {
        _cleanup_(elf_needed_done) ElfNeeded e = { 0 };
        _cleanup_free_ char *data = NULL, *resolved = NULL;
        size_t size;

        if (path[0] != '/' || path_resolve(b->root_fd, path, &resolved) < 0 ||
            read_file_below(b->root_fd, resolved, PACKED_FILE_LARGEST, &data, &size) < 0 ||
            elf_needed_read(data, size, &e) < 0)
                return false;
        return e.elf_class == user->elf_class && e.elf_data == user->elf_data &&
               e.machine == user->machine;
}

/* The length of $ORIGIN at the start of a text, or 0: it stands for the directory of the file that
 * has the text. */
static size_t origin_length(const char *text) {
        static const char *const variables[] = { "$ORIGIN", "${ORIGIN}" };

        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                if (startswith(text, variables[i]))
                        return strlen(variables[i]);
        return 0;
}

/* Looks for a library in one directory, which may begin with $ORIGIN. Returns 1 if it is there, 0
 * if not, or -ENOMEM. */
static int try_directory(Builder *b, const char *directory, size_t length, const char *origin,
                         const char *name, const ElfNeeded *user, char **ret) {
        size_t n = MIN(origin_length(directory), length);
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%.*s%.*s/%s", n > 0 ? (int)(strrchr(origin, '/') - origin) : 0, origin,
                     (int)(length - n), directory + n, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (!is_match(b, path, user))
                return 0;
        *ret = TAKE_PTR(path);
        return 1;
}

static int try_run_path(Builder *b, const char *origin, const char *name, const ElfNeeded *user,
                        char **ret) {
        const char *p = user->run_path;
        int r = 0;

        while (p && *p && r == 0) {
                size_t n = strcspn(p, ":");

                if (n > 0)
                        r = try_directory(b, p, n, origin, name, user, ret);
                p += n + (p[n] == ':');
        }
        return r;
}

static int try_cache(Builder *b, const char *name, const ElfNeeded *user, char **ret) {
        _cleanup_free_ char *cache = NULL;
        const char *path;
        size_t size, i = 0;

        /* musl has none, and a system that is being installed neither. */
        if (read_file_below(b->root_fd, LD_CACHE_PATH, LD_CACHE_LARGEST, &cache, &size) < 0)
                return 0;
        while (ld_cache_next(cache, size, name, &i, &path) == 0) {
                if (!is_match(b, path, user))
                        continue;
                *ret = strdup(path);
                return *ret ? 1 : -ENOMEM;
        }
        return 0;
}

/* A name with a slash is a path, the same for everyone who has it. file is where the file with the
 * name is. Returns 0 with a fresh path. */
static int path_of_name(Builder *b, const char *name, const char *file, char **ret) {
        size_t n = origin_length(name);

        if (asprintf(ret, "%.*s%s", n > 0 ? (int)(strrchr(file, '/') - file) : 0, file, name + n) <
            0) {
                *ret = NULL;
                return fail_memory(b);
        }
        if (**ret != '/')
                return fail(b, -ENOENT,
                            "\"%s\" needs the shared library %s, which is no absolute path", file,
                            name);
        return 0;
}

/* As the loader would: the file's own directories, the cache, the usual directories. */
static int find_library(Builder *b, const char *origin, const char *name, const ElfNeeded *user,
                        char **ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (strchr(name, '/')) {
                r = path_of_name(b, name, origin, &path);
                if (r < 0)
                        return r;
                r = is_match(b, path, user);
                if (r > 0)
                        *ret = TAKE_PTR(path);
        } else {
                r = try_run_path(b, origin, name, user, ret);
                if (r == 0)
                        r = try_cache(b, name, user, ret);
                for (size_t i = 0; i < ELEMENTSOF(library_directories) && r == 0; i++)
                        r = try_directory(b, library_directories[i], strlen(library_directories[i]),
                                          origin, name, user, ret);
        }
        if (r < 0)
                return fail_memory(b);
        if (r == 0)
                return fail(b, -ENOENT,
                            "the shared library %s, which \"%s\" needs, is not installed", name,
                            origin);
        return 0;
}

/* Where a library goes: to where its name leads from the packed file that has it. */
static int place_library(Builder *b, const char *packed, const char *name, char **ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (strchr(name, '/')) {
                r = path_of_name(b, name, packed, &path);
                if (r < 0)
                        return r;
        } else if (asprintf(&path, LIBRARIES "/%s", name) < 0) {
                path = NULL;
                return fail_memory(b);
        }
        *ret = TAKE_PTR(path);
        return 0;
}

static int add_needs(Builder *b, const char *source, const char *packed, const char *data,
                     size_t size, unsigned depth);

/* Adds a library and what it needs in turn. The one that needs it is at user_path, and goes to
 * user_packed. */
static int add_library(Builder *b, const char *user_path, const char *user_packed, const char *name,
                       const ElfNeeded *user, unsigned depth) {
        _cleanup_free_ char *found = NULL, *path = NULL, *packed = NULL, *why = NULL, *data = NULL;
        Entry *entry;
        size_t size;
        int r;

        r = place_library(b, user_packed, name, &path);
        if (r < 0)
                return r;
        packed = builder_path(path);
        if (!packed)
                return fail_memory(b);
        if (builder_find(b, packed))
                return 0;
        r = find_library(b, user_path, name, user, &found);
        if (r < 0)
                return r;
        if (asprintf(&why, "needed by %s", user_path) < 0) {
                why = NULL;
                return fail_memory(b);
        }
        r = builder_add_file(b, path, found, why, &entry);
        if (r < 0 || !entry)
                return r;
        r = builder_read(b, entry->source, &data, &size);
        return r < 0 ? r : add_needs(b, found, packed, data, size, depth + 1);
}

static int add_interpreter(Builder *b, const char *source, const char *interpreter) {
        _cleanup_free_ char *why = NULL;
        Entry *entry;

        if (interpreter[0] != '/')
                return fail(b, -EBADMSG, "the dynamic loader \"%s\" of \"%s\" is no absolute path",
                            interpreter, source);
        if (asprintf(&why, "the dynamic loader of %s", source) < 0) {
                why = NULL;
                return fail_memory(b);
        }
        return builder_add_file(b, interpreter, interpreter, why, &entry);
}

/* Adds what a file names as its needs, if it is an ELF file. packed is where it goes. */
static int add_needs(Builder *b, const char *source, const char *packed, const char *data,
                     size_t size, unsigned depth) {
        _cleanup_(elf_needed_done) ElfNeeded e = { 0 };
        _cleanup_free_ char *origin = NULL;
        int r;

        if (depth > NESTING_DEEPEST)
                return fail(b, -ELOOP, "the libraries of \"%s\" are nested too deeply", source);
        r = elf_needed_read(data, size, &e);
        if (r == -ENOEXEC)
                return 0;
        if (r < 0)
                return fail(b, r, "\"%s\" is a damaged ELF file", source);
        /* $ORIGIN is where the file is, not where a link to it is. */
        r = path_resolve(b->root_fd, source, &origin);
        if (r < 0)
                return fail(b, r, "\"%s\" cannot be read: %s", source, strerror(-r));
        if (e.interpreter) {
                r = add_interpreter(b, source, e.interpreter);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < e.n_needed; i++) {
                r = add_library(b, origin, packed, e.needed[i], &e, depth);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_program(Builder *b, const char *path, const char *source, const char *why,
                       unsigned depth);

/* The program behind "#!", and the one that env(1) would start. */
static int add_script_needs(Builder *b, const char *source, const char *data, size_t size,
                            unsigned depth) {
        char line[SHEBANG_LONGEST + 1], *program, *argument;
        _cleanup_free_ char *why = NULL, *found = NULL;
        int r;

        strscpy(line, MIN(sizeof(line), size - 1), data + 2);
        line[strcspn(line, "\n")] = '\0';
        program = strstrip(line);
        argument = program + strcspn(program, " \t");
        if (*argument)
                *argument++ = '\0';
        argument = strstrip(argument);
        if (program[0] != '/')
                return fail(b, -EINVAL, "the script \"%s\" names no program behind its \"#!\"",
                            source);
        if (asprintf(&why, "for the script %s", source) < 0) {
                why = NULL;
                return fail_memory(b);
        }
        r = add_program(b, program, program, why, depth + 1);
        if (r < 0 || !endswith(program, "/env"))
                return r;
        argument[strcspn(argument, " \t")] = '\0';
        r = program_find(b, argument, why, &found);
        return r < 0 ? r : add_program(b, found, found, why, depth + 1);
}

static int add_program(Builder *b, const char *path, const char *source, const char *why,
                       unsigned depth) {
        _cleanup_free_ char *data = NULL;
        const char *packed;
        Entry *entry;
        size_t size;
        int r;

        if (depth > NESTING_DEEPEST)
                return fail(b, -ELOOP, "the script \"%s\" leads to itself", source);
        r = builder_add_file(b, path, source, why, &entry);
        if (r < 0 || !entry)
                return r;
        packed = entry->path;
        r = builder_read(b, entry->source, &data, &size);
        if (r < 0)
                return r;
        if (size > 2 && memcmp(data, "#!", 2) == 0)
                return add_script_needs(b, source, data, size, depth);
        return add_needs(b, source, packed, data, size, depth);
}

int program_add(Builder *b, const char *path, const char *source, const char *why) {
        return add_program(b, path, source, why, 0);
}

int program_find(Builder *b, const char *name, const char *why, char **ret) {
        int r = path_find_program(b->root_fd, name, ret);

        if (r == -ENOMEM)
                return fail_memory(b);
        return r < 0 ? fail(b, -ENOENT, "the program \"%s\", %s, is not installed", name, why) : 0;
}
