/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel modules of one release below a root, through libkmod: names and aliases, dependencies
 * of all kinds, options. The only user of libkmod. Nothing is loaded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

typedef struct Modules Modules;

/* One module that is to be loaded. */
typedef struct Module {
        char *name;
        char *path;    /* absolute, below the root; possibly compressed */
        char *options; /* "" for none */
        char *why;     /* for people: for whose sake it is here */
} Module;

/* What a module names, itself or the configuration about it. */
typedef struct ModuleName {
        char *name;
        char *module; /* which does so */
} ModuleName;

#define MODULES_MOST      512u
#define MODULE_NAMES_MOST 4096u

/* Opens the modules of a release; root is "" or an absolute path. Returns 0; -ENOENT (that release
 * has no modules here), -ENOMEM or what libkmod says. */
int modules_new(const char *root, const char *release, Modules **ret) _must_check_;
Modules *modules_free(Modules *m);
DEFINE_CLEANUP(Modules *, modules_free);

/* Adds what a name or alias stands for, with all that has to be loaded before and besides it, each
 * module once and in the order of loading. What is built into the kernel counts as found. The
 * blacklist does not count. why may be NULL. Returns 1 if it was found, 0 if not; -ELIBBAD
 * (modules.dep names a file that is not there), -E2BIG (more than MODULES_MOST), -ENOMEM or what
 * libkmod says. */
int modules_add(Modules *m, const char *name_or_alias, const char *why) _must_check_;

/* What has been added so far; valid until the next call. With m NULL there is nothing. */
const Module *modules_list(const Modules *m, size_t *ret_n);

/* Which files of firmware these, and those that are built in, may ask for: names below
 * /lib/firmware. Not all of them need be installed. */
const ModuleName *modules_firmware(const Modules *m, size_t *ret_n);

/* What they would have besides, as a soft dependency, and is not there. */
const ModuleName *modules_missing(const Modules *m, size_t *ret_n);
