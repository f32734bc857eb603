/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of the running kernel's command line that the capture kernel must not get, each with what
 * it does. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/string-util.h"

/* What is wrong with a word in a capture kernel, which has a few hundred MiB, one CPU, its own
 * initrd, and one job. */
typedef enum WordMeaning {
        WORD_OF_BOOT_LOADER,   /* it belongs to this boot, or to what started it */
        WORD_SETS_MEMORY,      /* it sets memory aside in proportion to the whole machine */
        WORD_MAKES_PANICS,     /* it makes a panic of what a capture survives */
        WORD_WAITS_FOR_ROOT,   /* it waits for devices of the real root, or uses them */
        WORD_HARMS_CAPTURE,    /* it gets in the way of a dump otherwise */
        WORD_OF_CONFIGURATION, /* CommandLineRemove= names it; no row of the table has this */
        WORD_UNKNOWN,          /* a sysctl that is not in the table: it stays; neither has this */
        _WORD_MEANING_MAX,
} WordMeaning;

DECLARE_NAME_TABLE(word_meaning, WordMeaning);

typedef struct WordRow {
        WordMeaning meaning;
        bool if_initrd_knows_root; /* only where the initrd brings the devices and mounts itself */
        const char *reason;        /* what becomes of the capture, as the beginning of a sentence */
        /* With blanks between them: names of parameters ("module.parameter" if they are a module's,
         * "sysctl.NAME" for Linux 5.8 and newer), or "name=value" if only that value is meant,
         * which may be one of several with commas between them. */
        const char *spellings;
} WordRow;

/* The table: calls with i = 0, 1, ... until it returns NULL. */
const WordRow *word_row(size_t i);

/* Whether a parameter's name is the one of this spelling. In names "-" and "_" are the same, as
 * they are to the kernel (parameqn() in kernel/params.c), and so are "." and "/" in those that
 * begin with "sysctl" (process_sysctl_arg() in fs/proc/proc_sysctl.c). */
bool word_same_name(const char *name, size_t name_length, const char *spelling,
                    size_t spelling_length) _pure_;

/* The row that a parameter belongs to, or NULL. value is NULL if it has none. */
const WordRow *word_find(const char *name, size_t name_length, const char *value,
                         size_t value_length);

/* Whether a parameter sets a sysctl of the kernel or of its memory, which may do anything to a
 * capture if the table does not know it. */
bool word_is_sysctl(const char *name, size_t name_length) _pure_;
