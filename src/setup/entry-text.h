/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of kernel-install(8), systemd-boot(7) and ukify(1) in which crashkernel= stands, or by
 * which it gets there. Pure: each function returns a fresh string, or NULL for lack of memory. */
#pragma once

#include <stdbool.h>

/* What /etc/kernel/cmdline is to be where there is none: the running kernel's command line without
 * what the boot loader adds, kernel-install(8) adds, and crashkernel=. */
char *cmdline_from_running(const char *running);

/* A text of /etc/kernel/cmdline with that crashkernel= word as the only one, or with NULL, without
 * any. Lines that are comments, which systemd knows since 257, come first then. */
char *cmdline_with(const char *text, const char *word);

/* crashkernel= of such a text. */
char *cmdline_words(const char *text);

/* Whether one of its words begins with that. */
bool cmdline_has(const char *text, const char *prefix);

/* crashkernel= of the "options" of an entry (UAPI Group, Boot Loader Specification, type 1). */
char *entry_words(const char *text);

/* The value of a key in a section of a file in INI format: the last one; "" if there is none. With
 * section NULL, in a file without sections. */
char *ini_value(const char *text, const char *section, const char *key);
