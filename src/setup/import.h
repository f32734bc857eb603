/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of other kdump services as a drop-in for kdumpd.conf: what each key becomes, or why
 * not and what to do instead. Pure; setup/import-files.h reads and writes the files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/settings.h"
#include "setup/shell-file.h"

/* Files of other kdump services, in the order in which they count: what comes later replaces what
 * came before. */
typedef enum ImportKind {
        IMPORT_KDUMP_CONF, /* Fedora's and RHEL's /etc/kdump.conf */
        IMPORT_FEDORA,     /* their /etc/sysconfig/kdump */
        IMPORT_SUSE,       /* SUSE's /etc/sysconfig/kdump */
        IMPORT_DEBIAN,     /* Debian's and Ubuntu's /etc/default/kdump-tools */
        _IMPORT_KIND_MAX,
} ImportKind;

/* One key of such a file. */
typedef struct ImportItem {
        char *file;
        unsigned line; /* 0: it is the whole file */
        char *key;
        char *value;  /* as it is to be shown; NULL if it is not known or not for everyone */
        bool is_kept; /* it becomes a setting, possibly together with others */
        const char *section, *setting; /* which one; NULL: none */
        char *becomes;                 /* its value */
        char *note;                    /* why not, what to do, or what else there is to it; NULL */
} ImportItem;

typedef struct Import {
        ImportItem *items;
        size_t n;
        bool panic_on_oops; /* the other service has every oops panic */
        bool is_off;        /* the other service is turned off */
} Import;

void import_done(Import *import);

/* Which file it is, by its keys. Returns a kind, or -ENOENT if they are of none. */
int import_detect(const char *text, size_t size) _must_check_;

/* Takes in a file of that kind; its name is for the comments. Returns 0; -EBADMSG (no text),
 * -E2BIG (too many lines), -ENOMEM. */
int import_add(Import *import, ImportKind kind, const char *name, const char *text,
               size_t size) _must_check_;

/* Takes in a program of Fedora's that is a setting by its place alone: one of those in
 * /etc/kdump/pre.d and post.d, if is_post. Returns 0 or -ENOMEM. */
int import_add_program(Import *import, const char *path, bool is_post) _must_check_;

/* The drop-in, as a fresh text. Comments say where each setting comes from and what was not carried
 * over. Returns 0 or -ENOMEM. */
int import_format(const Import *import, char **ret) _must_check_;
