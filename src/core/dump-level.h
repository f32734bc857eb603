/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pages makedumpfile may be asked to leave out of the dump of a kernel. Its own message, "The
 * kernel version is not supported.", compares two numbers and tells nothing of that. What tells is
 * whether it knows the names by which the kernel describes its pages in VMCOREINFO: one that is not
 * in makedumpfile's file is something that it does not take into account. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* The bits of a dump level, which say what to leave out (makedumpfile(8), -d). */
#define DUMP_LEVEL_ZERO          UINT64_C(1)
#define DUMP_LEVEL_CACHE         UINT64_C(2)  /* of files, without private pages */
#define DUMP_LEVEL_CACHE_PRIVATE UINT64_C(4)  /* and all of it: this bit has that one in it */
#define DUMP_LEVEL_USER          UINT64_C(8)  /* memory of programs */
#define DUMP_LEVEL_FREE          UINT64_C(16) /* memory that nobody uses */

typedef enum LevelVerdict {
        LEVEL_NOT_KNOWN,   /* it cannot be found out */
        LEVEL_SAFE,        /* what it leaves out is what it was asked to */
        LEVEL_LOSES_PAGES, /* with user pages, it takes away pages of the kernel */
} LevelVerdict;

#define LEVEL_NAME_MAX 64

typedef struct LevelCheck {
        LevelVerdict verdict;
        char unknown[LEVEL_NAME_MAX]; /* LOSES_PAGES: what it does not know; "": by its version */
        bool is_blind;                /* it finds no free pages, so that they are in the dump */
} LevelCheck;

/* What of VMCOREINFO level_check() looks at, as lines of the same form, without any address.
 * Returns 0 with a fresh string, or -ENOMEM. */
int level_info(const char *info, char **ret) _must_check_;

/* Compares what a kernel says of its pages with what makedumpfile knows: info is the text of
 * VMCOREINFO, or of level_info(); program are the size bytes of makedumpfile's file, which holds
 * the names, and its version. Of another program, nothing is known. */
void level_check(const char *info, const void *program, size_t size, LevelCheck *ret);

/* The level that a dump gets if it is configured: without user pages' bit if that loses others. */
uint64_t level_safe(const LevelCheck *check, uint64_t configured) _pure_;

#define LEVEL_REASON_MAX 256

/* Why a dump gets another level than the configured one, or holds more than that says, as a clause;
 * "" if neither. */
const char *level_reason(const LevelCheck *check, uint64_t configured,
                         char buf[static LEVEL_REASON_MAX]);

#define LEVEL_CONTENTS_MAX 128

/* What a dump of that level holds, for people: "the kernel's memory and that of
 * programs". */
const char *level_contents(uint64_t level, bool is_blind, char buf[static LEVEL_CONTENTS_MAX]);

/* How the memory of the running system is used, bytes (/proc/meminfo). */
typedef struct MemoryUse {
        uint64_t total, free, cache, user;
} MemoryUse;

/* About how large a dump of it is before it is compressed, bytes. Pages of zeros are not taken
 * off: nobody knows how many there are. */
uint64_t level_dump_bytes(const MemoryUse *use, uint64_t level, bool is_blind) _pure_;
