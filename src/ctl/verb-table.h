/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl's command line may be made of: verbs and options, in two tables from which the
 * parser, the help and the shells' completions are made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "ctl/verbs.h"

/* The options that only some verbs take. */
typedef enum OptionSet {
        OPTION_COUNT = 1 << 0,
        OPTION_JSON = 1 << 1,
        OPTION_CRASH = 1 << 2,
        OPTION_YES = 1 << 3,
        OPTION_ROOT = 1 << 4,
        OPTION_WRITE = 1 << 5,
        OPTION_TEXTFILE = 1 << 6,
        OPTION_REMOVE = 1 << 7,
        OPTION_DRY_RUN = 1 << 8,
        OPTION_PANIC_ON_OOPS = 1 << 9,
} OptionSet;

typedef struct VerbOption {
        char letter;          /* 0: none */
        const char *name;     /* without its dashes; NULL: none */
        const char *argument; /* what it is called in the help; NULL: it takes none */
        OptionSet set;        /* 0: every verb takes it */
        size_t offset;        /* in Options: of a const char * if it takes an argument, or a bool */
        const char *help;     /* one line */
} VerbOption;

typedef struct Verb {
        const char *name;
        const char *argument; /* what may follow it, as the help calls that; NULL: nothing */
        int (*run)(const Options *options); /* returns the exit status */
        OptionSet takes;
        const char *help; /* one line, or two with a newline between them */
} Verb;

/* The tables, in the order of the help; *ret_n is the number of rows. */
const Verb *verb_table(size_t *ret_n);
const VerbOption *verb_option_table(size_t *ret_n);

/* The verb of that name, or NULL. */
const Verb *verb_find(const char *name);

/* Of a verb that Fedora's kdumpctl has, and this one has not: a sentence that names what does it
 * here. NULL for any other name. */
const char *verb_elsewhere(const char *name);

/* Returns the text that --help prints, in 80 columns, allocated; NULL if memory is short. */
char *verb_help_text(void);
