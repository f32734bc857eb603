/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the capture kernel: from the running kernel's, less what would hurt, plus
 * what a capture kernel needs. Pure. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "core/report.h"

/* No architecture's kernel takes more (COMMAND_LINE_SIZE), and a report holds no longer string. */
#define COMMAND_LINE_LONGEST 8192u

typedef struct CommandLineInput {
        const char *fixed;        /* CommandLine=; NULL or "": start from running */
        const char *running;      /* /proc/cmdline */
        const char *remove;       /* CommandLineRemove=, may be NULL */
        const char *append;       /* CommandLineAppend=, may be NULL */
        const char *architecture; /* uname's machine */
        const char *initrd_words; /* what the initrd needs besides, may be NULL */
        bool initrd_knows_root; /* the initrd brings the devices and mounts of its own (dracut's) */
        bool initrd_is_own;     /* it is one that kdump-mkinitramfs made; it knows its root, too */
} CommandLineInput;

/* Makes the command line:
 *   the words of fixed, unchanged; or, if it is empty, those of running without those that
 *     image/cmdline-words.h lists and without the words of remove ("foo" takes away foo and
 *     foo=anything, "foo=bar" only that);
 *   the built-in words for the architecture, without those of remove, and without those whose name
 *     append has too;
 *   the words of initrd_words, without those of remove, and without those whose name fixed or
 *     append has too; words of running with such a name are left out before;
 *   the words of append;
 *   and, behind a "--", the arguments for init that fixed and append have (those of running are
 *     dropped).
 * Words and their quotes are taken apart as the kernel does it; "-" and "_" in names are the same.
 * Returns 0 with a fresh string; -E2BIG if it would be longer than COMMAND_LINE_LONGEST;
 * -ENOMEM. */
int command_line_make(const CommandLineInput *input, char **ret) _must_check_;

/* What became of words of running that is worth telling: those that are left out, with the reason,
 * and those of which one cannot know what they do to a capture (image/cmdline-words.h). Nothing if
 * fixed is given. Returns 0 with a fresh array of at most WORD_NOTES_MOST, each to be freed with
 * word_note_done(); -ENOMEM. */
int command_line_notes(const CommandLineInput *input, WordNote **ret, size_t *ret_n) _must_check_;

/* What the kernel adds to the command line and counts against its limit: "elfcorehdr=0x", 16
 * digits and a blank (MAX_ELFCOREHDR_STR_LEN in arch/x86/kernel/kexec-bzimage64.c). */
#define COMMAND_LINE_KERNEL_ADDS 30u

/* Whether kexec_file_load on x86 takes a command line of this length (without its NUL) for a
 * kernel whose header has this cmdline_size. */
static inline bool command_line_fits(size_t length, uint32_t cmdline_size) {
        return length < cmdline_size && cmdline_size - length >= 1 + COMMAND_LINE_KERNEL_ADDS;
}

/* The words that are added, for the manual's sake: calls with i = 0, 1, ... until it returns NULL.
 * *ret_architectures is NULL for all; *ret_initrd_is_own says whether a word is only for initrds of
 * kdump-mkinitramfs. */
const char *command_line_needed(size_t i, const char **ret_architectures, bool *ret_initrd_is_own);
