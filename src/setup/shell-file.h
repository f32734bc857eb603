/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of settings that a shell reads, as those in /etc/sysconfig and /etc/default: parsed, and
 * never run. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

/* What is longer is no file of settings, or no setting. */
#define SHELL_FILE_LONGEST   (64u * 1024u)
#define SHELL_VARIABLES_MOST 1024u
#define SHELL_VALUE_LONGEST  4000u
#define SHELL_NAME_LONGEST   64u

/* One assignment, or a statement that is none. */
typedef struct ShellVariable {
        char *name;          /* NULL: it is another statement */
        char *value;         /* NULL: only a shell would know */
        const char *why;     /* then, as a clause; static */
        bool is_conditional; /* it may be never carried out */
        unsigned line;       /* from 1 on, where it begins */
} ShellVariable;

typedef struct ShellFile {
        ShellVariable *items;
        size_t n;
} ShellFile;

/* Takes apart size bytes: assignments with words in single or double quotes or none, with
 * backslashes, on several lines; comments; "export". References to variables that the file has set
 * before are followed, other expansions and what stands under a condition are not known. A line
 * break in a value is a blank, as it is where a shell splits it into words. Returns 0 with what
 * shell_file_done() frees; -EBADMSG (a zero byte: no text), -E2BIG (too many statements),
 * -ENOMEM. */
int shell_file_parse(const char *text, size_t size, ShellFile *ret) _must_check_;

/* Accepts a zeroed one, and leaves one. */
void shell_file_done(ShellFile *file);

/* The last assignment to a variable, which is the one that counts, or NULL. */
const ShellVariable *shell_file_find(const ShellFile *file, const char *name);
