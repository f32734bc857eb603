/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which old dumps may go to make room for new ones. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* Instead of a number of bytes: as rotation_min_free() says. */
#define MIN_FREE_AUTO UINT64_MAX

typedef struct OldDump {
        char name[128];     /* of the directory */
        uint64_t time_usec; /* of the crash, by that name */
        bool is_complete;   /* kdump.json says so, and the dump is there */
        bool is_gone;       /* it was removed, or does not go: it is not looked at again */
        uint64_t bytes;     /* that are free without it; of an incomplete one, without its dump */
} OldDump;

/* What is to be free for a new dump on a file system of that size, bytes, if nobody says it. */
uint64_t rotation_min_free(uint64_t file_system_bytes) _const_;

/* What is to be free for a file of that size so that it fits for sure, bytes. */
uint64_t rotation_needed(uint64_t file_system_bytes, uint64_t file_bytes) _const_;

/* Sorts dumps from the oldest to the newest; those of one second by their names. */
void rotation_sort(OldDump *dumps, size_t n);

/* How many of the n sorted dumps have to go so that keep complete ones stay (0: all of them stay).
 * Fills ret, an array of n, with their indices, oldest first. Incomplete ones neither count nor
 * go. */
size_t rotation_beyond(const OldDump *dumps, size_t n, uint64_t keep, size_t *ret);

/* How many of the n sorted dumps leave for good, as there are more than keep incomplete ones, which
 * have little more than a log. Fills ret as above. */
size_t rotation_traces(const OldDump *dumps, size_t n, uint64_t keep, size_t *ret);

/* How many bytes the sorted dumps leave that may go for the sake of space: what there is of
 * incomplete ones, and all complete ones but the newest complete one. */
uint64_t rotation_most(const OldDump *dumps, size_t n);

/* The next one to go for the sake of space: the oldest incomplete one that takes any, or else the
 * oldest complete one that is not the newest complete one. Returns its index, or n if none may
 * go. */
size_t rotation_next(const OldDump *dumps, size_t n);

/* The newest complete one of the sorted dumps: its index, or n if there is none. */
size_t rotation_newest(const OldDump *dumps, size_t n);
