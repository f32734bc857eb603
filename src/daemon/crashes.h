/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What panics before this boot have left: dumps that were not told of yet, the newest one, and
 * whether a crash test gave its dump. */
#pragma once

#include "core/aftermath.h"
#include "core/settings.h"
#include "sys/dump-place.h"
#include "sys/dump-store.h"

/* The names of the dumps that were told of, below the root; one file for each place. */
#define CRASHES_TOLD_PATHS \
        { "/var/lib/kdumpd/dumps.target", "/var/lib/kdumpd/dumps.fallback" }

/* New dumps that are told of one by one, of one look; the older ones just count. */
#define CRASHES_NEWS_MOST 16u

typedef struct CrashesOps {
        /* There is a dump that was not told of. */
        void (*found)(void *userdata, const Dump *dump);
        /* There are so many more. */
        void (*more)(void *userdata, size_t n);
        /* What became of a test. */
        void (*judged)(void *userdata, const CrashTest *test);
} CrashesOps;

/* A directory as it was at the last look; if it is the same, nothing came or went. */
typedef struct CrashesPlace {
        char *path;
        uint64_t device, inode, changed_nsec;
        LastCrash last;
} CrashesPlace;

typedef struct Crashes {
        int root_fd;
        char boot_id[37];
        const CrashesOps *ops;
        void *userdata;
        CrashesPlace places[_DUMP_PLACE_MAX];
        bool test_read;
} Crashes;

void crashes_init(Crashes *c, int root_fd, const CrashesOps *ops, void *userdata);
void crashes_done(Crashes *c);

/* Looks whether something is new, cheaply if nothing is, and brings aftermath up to date. Returns
 * whether that changed. What cannot be read is tried again the next time. */
bool crashes_look(Crashes *c, const Settings *settings, uint64_t now_usec, Aftermath *aftermath);
