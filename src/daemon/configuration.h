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
} Configuration;

void configuration_done(Configuration *c);

/* Adds a line; what is more than there is room for is dropped. */
void configuration_add_problem(Configuration *c, const char *file, unsigned line, const char *text);

/* conffile_read(), which logs what was not understood and notes it without values. On errors c is
 * as it was, too. root is that of root_fd, "" for "/". */
int configuration_read(Configuration *c, int root_fd, const char *root, Settings *s,
                       Error *reterr) _must_check_;

/* Looks at the files, and notes whether they have changed. Returns whether that is news. */
bool configuration_compare(Configuration *c, int root_fd);
