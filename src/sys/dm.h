/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of device-mapper devices: from the kernel, for which it takes CAP_SYS_ADMIN, or from a
 * note that somebody with it has made before. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "core/paths.h"

typedef struct DmTableLine {
        uint64_t start_sectors, length_sectors; /* of 512 bytes */
        char *type;
        char *parameters; /* as the kernel gives them, devices as MAJOR:MINOR; "" where they may
                             hold secrets (dm_type_is_harmless()) */
} DmTableLine;

typedef struct DmTable {
        char *name, *uuid;
        uint64_t major, minor;
        DmTableLine *lines;
        size_t n_lines;
} DmTable;

typedef struct DmTables {
        DmTable *tables;
        size_t n_tables;
} DmTables;

#define DM_TABLES_MOST    4096u
#define DM_LINES_MOST     1024u
#define DM_STRING_LONGEST 4096u
#define DM_NOTE_PATH      RUN_DIRECTORY "/tables.json"
#define DM_NOTE_LONGEST   (16u * 1024u * 1024u) /* bytes */

/* Whether the kernel has the device mapper: without it there are no tables. */
bool dm_is_there(int root_fd);

/* Asks the kernel for the tables of all devices. Returns 0 (there may be none); -EPERM, -EACCES,
 * -E2BIG, -ENOMEM, or what the ioctls say. include/uapi/linux/dm-ioctl.h. */
int dm_tables_read(DmTables *ret) _must_check_;

/* Writes them to DM_NOTE_PATH below root_fd, and reads them from there. Returns 0; -ENOENT (no such
 * note), -EBADMSG, -ENOMEM, or what open, write and read say. */
int dm_tables_note(int root_fd, const DmTables *tables) _must_check_;
int dm_tables_noted(int root_fd, DmTables *ret) _must_check_;

/* Whether LVM has changed volumes after the note was made, by the backups of its metadata in
 * /etc/lvm/backup, which it writes with each change (lvm.conf(5), backup/backup). */
bool dm_note_is_old(int root_fd);

/* The note's bytes, for whoever reads them from elsewhere: 0, -EBADMSG, -ENOMEM. */
int dm_tables_from_json(const char *text, size_t size, DmTables *ret) _must_check_;
int dm_tables_to_json(const DmTables *tables, char **ret) _must_check_;

/* The table of the device with these numbers, or NULL. */
const DmTable *dm_tables_find(const DmTables *tables, uint64_t major, uint64_t minor);
void dm_tables_done(DmTables *tables);
