/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a program, by a table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

/* One option: what it does is to set one of the last two. */
typedef struct Option {
        const char *name;   /* "root", for --root; NULL for one that has a letter only */
        char letter;        /* 'n' for -n as well, 0: none */
        bool *flag;         /* set to true */
        const char **value; /* set to the argument, which this option then takes */
} Option;

#define OPTIONS_MOST 16u /* in a table */

/* Takes the options off a command line, as getopt_long(3) does: optind is then at the first of the
 * other arguments. Besides those of the table there are -h and --help, which print the help as it
 * is, and --version. Returns 1 to go on, 0 if all is said; -EINVAL for a wrong option and -EIO if
 * what is to be said cannot be written, both of which have been complained about; -E2BIG if n is
 * over OPTIONS_MOST. */
int options_parse(int argc, char **argv, const char *program, const char *help,
                  const Option *options, size_t n) _must_check_;

/* Whether all that was written to the standard output has arrived, for the end of a program.
 * Returns 0, or -EIO, which has been complained about. */
int options_said(const char *program) _must_check_;
