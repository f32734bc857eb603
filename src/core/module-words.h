/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel's command line has for modules: "MODULE.PARAMETER=VALUE", which the kernel itself
 * hears only if the module is built in, and "modprobe.blacklist=". modprobe(8) takes both from
 * there, and so does kdump-capture, which loads modules without it. Pure. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"

/* The parameters for a module, with blanks between them, as finit_module(2) takes them: "" if there
 * are none. '-' and '_' are the same in names of modules. Words behind "--" are none of the
 * kernel's. Returns 0 with a fresh string, or -ENOMEM. */
int module_words(const char *line, const char *module, char **ret) _must_check_;

/* Cuts words off the end of a module's options, in place, if they are there. */
void module_words_cut(char *options, const char *words);

/* Whether modprobe.blacklist= names it. */
bool module_words_forbid(const char *line, const char *module);

/* The name of a module by its file: "/lib/modules/1.2.3/kernel/fs/x-y.ko.gz" is "x-y". Returns a
 * fresh string or NULL. */
char *module_name_of_path(const char *path) _must_check_;
