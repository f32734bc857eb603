/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The import of settings, to its own files. */
#pragma once

#include "setup/import.h"

typedef struct ImportRow ImportRow;

/* What is at hand to work out what a key becomes. */
typedef struct ImportContext {
        Import *import;
        const ShellFile *file; /* all of its settings */
        bool is_remote;        /* dumps go to another machine */
} ImportContext;

/* Fills in item->becomes, or item->note. Returns 0 or -ENOMEM. */
typedef int (*ImportRule)(const ImportContext *context, const ImportRow *row, const char *value,
                          ImportItem *item);

struct ImportRow {
        const char *key;
        ImportRule rule; /* NULL: there is the note only */
        const char *section, *setting;
        const char *note;
        bool is_secret; /* the value is nobody's business */
};

/* The rows of a kind; the key of the last one is NULL. */
const ImportRow *import_rows(ImportKind kind);

/* Whether these settings send dumps to another machine, and whether every oops is to panic. */
bool import_is_remote(ImportKind kind, const ShellFile *file);
bool import_panics_on_oops(ImportKind kind, const ShellFile *file);
bool import_is_off(ImportKind kind, const ShellFile *file);

/* The value of a variable, "" if it is not set or not known. */
const char *import_value(const ShellFile *file, const char *key);

/* Sets item->note. Returns 0 or -ENOMEM. */
int import_note(ImportItem *item, const char *format, ...) _printf_(2, 3);
int import_become(ImportItem *item, const char *format, ...) _printf_(2, 3);
