/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old dumps: removes what Keep= and MinFree= say, and never anything else. For whoever adds one:
 * kdump-capture after a panic, kdumpctl when it takes one from a device. A directory that belongs
 * to somebody else than root (or the caller) is no dump. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "core/dump-info.h"

/* Complete ones of this host; with more, none is removed. */
#define OLD_DUMPS_MOST 65536u

typedef struct Retention {
        int base_fd;             /* the directory of dumps */
        const char *name;        /* of the one that is added, which stays; its host's dumps count */
        uint64_t keep;           /* dumps; 0: all */
        uint64_t min_free_bytes; /* MIN_FREE_AUTO: rotation_min_free(); 0: whatever is free */

        /* Space for us on the file system of fd, bytes. Returns 0 or negative errno. */
        int (*free_bytes)(void *userdata, int fd, uint64_t *ret);
        /* Makes what was done to fd, a directory, durable. Returns 0 or negative errno. */
        int (*sync)(void *userdata, int fd, const char *name);
        /* Tells people what was removed, or why nothing was. */
        void (*say)(void *userdata, const char *text);
        /* Is called now and then; may be NULL. */
        void (*progress)(void *userdata);
        void *userdata;
} Retention;

/* Directories of this host that have little more than the log of a crash. */
#define TRACES_MOST 20u

/* Removes what there is of incomplete dumps of this host, and then its oldest complete ones, until
 * min_free_bytes are free, or will be when the file system has freed what they took; but never the
 * newest complete one, and no complete one where even that would be too little. */
void retain_make_room(const Retention *r);

/* The same for a dump that did not fit into what was free, until bytes are, as far as that goes.
 * Returns whether anything was removed. */
bool retain_make_more_room(const Retention *r, uint64_t bytes) _must_check_;

/* The same for a dump of that size for sure, if it fits then: the newest complete one goes, too,
 * and last, but for its log and its description, which tells so. Where even that would not be
 * enough, nothing goes. Returns whether anything was removed, with the name of the newest if that
 * went, or else what was there before. */
bool retain_make_sure_room(const Retention *r, uint64_t bytes,
                           char ret_newest[static CRASH_NAME_MAX]) _must_check_;

/* How many bytes are free at most when all has gone that may for that; 0 if nothing may. */
uint64_t retain_most_room(const Retention *r);

/* Removes the oldest complete dumps of this host beyond the number to keep. */
void retain_newest(const Retention *r);

/* Removes the oldest incomplete ones of this host, with all that is there, beyond TRACES_MOST. */
void retain_traces(const Retention *r);

/* Space on the file system of fd, bytes, with what that keeps for root. Returns 0 or -errno. */
int retain_free_bytes(int fd, uint64_t *ret) _must_check_;
