/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What panics before this boot have left: dumps that were not told of yet, the newest one, and
 * whether a crash test gave its dump. */
#pragma once

#include "core/paths.h"
#include "core/settings.h"
#include "daemon/aftermath.h"
#include "daemon/last-boot.h"
#include "sys/dump-store.h"
#include "sys/dump-target.h"

/* The names of the dumps that were told of, below the root; one file for each target. */
#define NEW_DUMPS_TOLD_PATHS \
        { STATE_DIRECTORY "/dumps.target", STATE_DIRECTORY "/dumps.fallback" }

/* New dumps that are told of one by one, of one look; the older ones just count. */
#define NEW_DUMPS_MOST 16u

typedef struct NewDumpsOps {
        /* The last crash test, if there was one, as it stands now: before the places are looked at,
         * and again when it was judged. */
        void (*tested)(void *userdata, const CrashTest *test);
        /* There is a dump that was not told of. */
        void (*found)(void *userdata, const Dump *dump);
        /* There are so many more. */
        void (*more)(void *userdata, size_t n);
        /* What became of a test; its note was written. */
        void (*judged)(void *userdata, const CrashTest *test);
        /* The last boot ended without a shutdown (daemon/last-boot.h), and nothing that it left was
         * found: in all places, or else in those that can be looked at. */
        void (*unclean)(void *userdata, const LastBoot *boot, bool in_all, const char *pstore);
        /* The newest dump so far, whether new or not; without a time if there is none at all. The
         * last call counts. */
        void (*newest)(void *userdata, const LastCrash *newest);
} NewDumpsOps;

/* Looks at all that is there, and tells what is new. Returns false if a target could not be read,
 * or dumps on devices were not looked for yet in this boot: there may be more the next time. Takes
 * as long as the file systems do, and is for a process that may be killed: what was told is noted
 * after it was, so that nothing is lost. */
bool new_dumps_look(int root_fd, const Settings *settings, uint64_t now_usec,
                    const NewDumpsOps *ops, void *userdata);
