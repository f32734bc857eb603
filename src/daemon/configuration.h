/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to tell of the configuration's files: what in them was not understood, and whether
 * they are others than those that were read. */
#pragma once

#include "sys/conffile.h"

#define CONFIGURATION_PROBLEMS_MAX 32u

/* Zeroed, it is that of nothing that was read. */
typedef struct Configuration {
        char *problems[CONFIGURATION_PROBLEMS_MAX + 1]; /* lines; NULL behind the last */
        size_t n_problems;
        uint64_t identity; /* of the files that were read */
        bool changed;      /* they are others now */
        bool is_due;       /* they could not be read, and are to be read again */
} Configuration;

void configuration_done(Configuration *c);

/* Adds a line, once; what is more than there is room for is dropped. */
void configuration_add_problem(Configuration *c, const char *file, unsigned line, const char *text);

/* conffile_read(), which logs what was not understood and notes it without values. On errors c is
 * as it was, too. root is that of root_fd, "" for "/". */
int configuration_read(Configuration *c, int root_fd, const char *root, Settings *s,
                       Error *reterr) _must_check_;

/* The same at the start: with the defaults where it cannot be read, which is logged, and then it
 * is_due. Returns 0 or -ENOMEM. */
int configuration_read_first(Configuration *c, int root_fd, const char *root,
                             Settings *s) _must_check_;

/* The same for one that is in force, of which *s are the settings: replaces these. That it cannot
 * be read is logged once, and then it is_due. */
int configuration_read_again(Configuration *c, int root_fd, const char *root,
                             Settings *s) _must_check_;

/* Notes whether the files, by their conffile_identity() now, have changed. Returns whether that is
 * news. */
bool configuration_compare(Configuration *c, uint64_t identity);
