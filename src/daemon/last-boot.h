/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the last boot ended. While kdumpd runs, a note on the disk says so, with the boot's ID; an
 * orderly end of kdumpd, as every shutdown brings it, takes that back. A boot that finds the note
 * of another one there follows a panic, a reset or a power failure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/paths.h"

#define LAST_BOOT_PATH    STATE_DIRECTORY "/boot.json"    /* of the boot that kdumpd ran in last */
#define LAST_BOOT_UNCLEAN STATE_DIRECTORY "/unclean.json" /* of one that is to be told of */

typedef struct LastBoot {
        char boot_id[37];
        uint64_t started_usec; /* realtime: kdumpd first ran in it */
        bool is_running;
} LastBoot;

/* Notes that kdumpd runs in this boot, since now_usec (realtime) at the latest; of the boot before,
 * unless it ended in order, keeps what last_boot_unclean() finds. Writes nothing the second time.
 * May wait for the disk. Returns the time that is noted. */
uint64_t last_boot_begin(int root_fd, uint64_t now_usec);

/* Notes an orderly end. A file system that hangs holds nobody up for more than two seconds. */
void last_boot_end(int root_fd);

/* Whether there is a boot to be told of that had no orderly end. */
bool last_boot_unclean(int root_fd, LastBoot *ret);

/* It was told of, or a dump tells of it. */
void last_boot_told(int root_fd);

/* Whether the firmware kept something that was written in a boot that began at since_usec or later.
 * Returns the directory where it is, static; NULL if nothing is known. */
const char *last_boot_pstore(int root_fd, uint64_t since_usec);
