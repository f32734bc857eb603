/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of GRUB, as far as crashkernel= stands in them: grub.cfg, /etc/default/grub and its
 * drop-ins. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The entries of a grub.cfg: its commands that name a kernel. */
typedef struct GrubEntries {
        size_t n;       /* how many there are */
        size_t n_right; /* that have just the word that was looked for, and no other crashkernel= */
        char *first;    /* crashkernel= of the first one; NULL if there is none */
} GrubEntries;

/* Counts them; word is "crashkernel=192M". Returns 0 with what grub_entries_done() frees, or
 * -ENOMEM. */
int grub_entries_count(const char *cfg, const char *word, GrubEntries *ret);
void grub_entries_done(GrubEntries *entries);

/* The drop-in that takes crashkernel= out of what was set before it, and adds the word once.
 * Returns a fresh string, or NULL. */
char *grub_dropin_make(const char *word);

/* The word of such a drop-in. Returns a fresh string, "" if it has none, or NULL. */
char *grub_dropin_word(const char *text);

/* The crashkernel= that a file of shell assignments has in GRUB_CMDLINE_LINUX_DEFAULT=, or else
 * in GRUB_CMDLINE_LINUX=, as written: nothing of it is run. The last one; NULL if there is none,
 * or for lack of memory. Where both have one, the former counts, as it comes last on the command
 * line. */
char *grub_defaults_word(const char *text, bool *ret_is_default);
