/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the core collector: its words, its dump level, what it says. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/string-util.h"

#define COLLECTOR_WORDS_MOST 64u

void words_free(char **words);
DEFINE_CLEANUP(char **, words_free);
#define _cleanup_words_ _cleanup_(words_freep)

/* Splits a command line into words, ended by NULL: at blanks, but for those in single or double
 * quotes or behind a backslash, which are taken off. Returns 0; -EINVAL (no word, a quote that does
 * not end), -E2BIG (over COLLECTOR_WORDS_MOST words), -ENOMEM. */
int collector_split(const char *line, char ***ret) _must_check_;

/* The dump level of makedumpfile's -d, all of its bits if it is a list. Returns 0; -ENOENT if there
 * is none. */
int collector_level(char *const *words, uint64_t *ret) _must_check_;

/* The first option with which makedumpfile writes no dump into the file that it is given, but
 * something else, elsewhere or nothing; NULL if there is none, or it is another program. Some of
 * them it takes without complaint. */
const char *collector_other_use(char *const *words);

/* A copy of the words with another level, and the n_more words more at the end. level may be
 * UINT64_MAX: the level stays. Returns 0 or -ENOMEM. */
int collector_with(char *const *words, uint64_t level, const char *const *more, size_t n_more,
                   char ***ret) _must_check_;

/* The words as one line for people. Returns a fresh string, or NULL for lack of memory. */
char *collector_join(char *const *words);

/* Takes how much makedumpfile has written, or would have, bytes, off a line of its report. Returns
 * 0; -EINVAL or -ERANGE if the line says something else. */
int collector_written(const char *line, uint64_t *ret);

/* True for a line, or all of an output, by which makedumpfile says that it does not know the kernel
 * that it looks at. */
bool collector_says_unknown(const char *text);
