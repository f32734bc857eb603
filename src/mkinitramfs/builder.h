/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into a capture initramfs, while it is being worked out. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/string-util.h"
#include "core/capture-plan.h"
#include "core/failure.h"
#include "core/settings.h"
#include "sys/blockdev.h"
#include "sys/cpio.h"
#include "sys/dm.h"
#include "sys/modules.h"
#include "sys/mounts.h"

typedef enum EntryType {
        ENTRY_DIRECTORY,
        ENTRY_LINK,
        ENTRY_FILE, /* a file of the system */
        ENTRY_TEXT, /* made here */
        ENTRY_CHARACTER_DEVICE,
        _ENTRY_TYPE_MAX,
} EntryType;

DECLARE_NAME_TABLE(entry_type, EntryType);

/* How the bytes of a file of the system go into the initramfs. */
typedef enum EntryCoding {
        CODING_AS_IS,
        CODING_GZIP,  /* a module of the kernel, whatever it was packed with */
        CODING_PLAIN, /* unpacked */
} EntryCoding;

/* One thing in the initramfs. */
typedef struct Entry {
        EntryType type;
        char *path; /* in the initramfs, absolute */
        mode_t mode;
        char *source;   /* ENTRY_FILE: below the root, without links. ENTRY_LINK: what it says */
        char *text;     /* ENTRY_TEXT */
        char *identity; /* ENTRY_TEXT: what of it decides if it changed; NULL: all */
        char *why;      /* for people */
        EntryCoding coding;
        unsigned major, minor;
        uint64_t size, mtime_nsec, inode, device; /* of the source, which decide if it changed */
} Entry;

#define ENTRIES_MOST        8192u
#define PACKED_FILE_LARGEST (256u * 1024u * 1024u) /* bytes of one file */

/* What a user whose target is none for us can do. */
#define ELSEWHERE                                                                            \
        "choose another place by Target=, or let an initrd of the distribution capture, by " \
        "Initrd="

typedef struct Builder {
        int root_fd;
        const char *root; /* "" or the absolute path of root_fd */
        const Settings *settings;
        const char *capture_program; /* path below the root */
        char *release;               /* of the capture kernel */
        char *config;                /* of the capture kernel: its .config, or NULL */

        Modules *modules; /* NULL if the kernel has none */
        char **walked;    /* devices whose drivers are in */
        size_t n_walked;
        Mounts *mounts, *fstab; /* NULL if there are none */
        DmTables tables;
        int tables_error;    /* negative if there are no tables */
        bool tables_are_old; /* they are a note, and LVM has changed something since */

        CapturePlan plan;
        Entry *entries;
        size_t n_entries;
        Compression compression;

        Error error, warning; /* if it failed, and if something is amiss */
} Builder;

/* Notes why it failed, unless that is noted already. Returns error. */
int fail(Builder *b, int error, const char *format, ...) _printf_(3, 4);
int fail_memory(Builder *b);

/* Notes what is amiss though there will be an image, behind what is noted already. */
void warn(Builder *b, const char *format, ...) _printf_(2, 3);

/* Whether the configuration of the capture kernel, as far as it is known, has this line. */
bool builder_config_has(const Builder *b, const char *line);

/* Add one thing, unless its path is taken already. Where the path leads through the links that the
 * initramfs has at its root (/bin, /sbin, /lib, /lib64), it is rewritten. All return 0 or negative
 * errno, with the reason noted. */
int builder_add_directory(Builder *b, const char *path) _must_check_;
int builder_add_link(Builder *b, const char *path, const char *target) _must_check_;
int builder_add_text(Builder *b, const char *path, const char *text, const char *why) _must_check_;
int builder_add_console(Builder *b) _must_check_;

/* A file of the system with that path below the root; links to it are followed. *ret is the file
 * that is at path then, of this or another source, or NULL if something else is. It is valid until
 * the next one is added, its path and source until the builder is done. */
int builder_add_file(Builder *b, const char *path, const char *source, const char *why,
                     Entry **ret) _must_check_;

/* What is at a path that is rewritten already, or NULL. */
Entry *builder_find(const Builder *b, const char *path);

/* Where a path would go, without "." and "..". Returns a fresh string, or NULL for lack of
 * memory. */
char *builder_path(const char *path) _must_check_;

/* Reads a file of the system, at most PACKED_FILE_LARGEST bytes. */
int builder_read(Builder *b, const char *source, char **ret, size_t *ret_size) _must_check_;

void builder_done(Builder *b);
