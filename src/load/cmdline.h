/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the capture kernel: from the running kernel's, less what would hurt, plus
 * what a capture kernel needs. Pure. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "core/report.h"

/* A report holds no longer string. */
#define COMMAND_LINE_LONGEST 8192u

typedef struct CommandLineInput {
        const char *fixed;        /* CommandLine=; NULL or "": start from running */
        const char *running;      /* /proc/cmdline */
        const char *remove;       /* CommandLineRemove=, may be NULL */
        const char *append;       /* CommandLineAppend=, may be NULL */
        const char *architecture; /* uname's machine */
        const char *vendor;       /* of the machine, as DMI has it; may be NULL */
        const char *initrd_words; /* what the initrd needs besides, may be NULL */
        const char *driver_words; /* what drivers of this machine need, may be NULL */
        bool initrd_knows_root; /* the initrd brings the devices and mounts of its own (dracut's) */
        bool initrd_is_own;     /* it is one that kdump-mkinitramfs made; it knows its root, too */
} CommandLineInput;

/* Makes the command line:
 *   the words of fixed, unchanged; or, if it is empty, those of running without those that
 *     load/cmdline-words.h lists and without the words of remove ("foo" takes away foo and
 *     foo=anything, "foo=bar" only that);
 *   the built-in words for the architecture, those of initrd_words and of driver_words, without
 *     those of remove, and without those whose name fixed or append has too, or another for the
 *     same ("maxcpus" for "nr_cpus"); words of running with a name that initrd_words or
 *     driver_words has are left out before;
 *   the words of append;
 *   and, behind a "--", the arguments for init that fixed and append have (those of running are
 *     dropped).
 * Words and their quotes are taken apart as the kernel does it; "-" and "_" in names are the same.
 * Returns 0 with a fresh string, however long it is, or -ENOMEM. */
int command_line_make(const CommandLineInput *input, char **ret) _must_check_;

/* What became of words of running that is worth telling: those that are left out, with the reason,
 * and those of which one cannot know what they do to a capture (load/cmdline-words.h). Nothing if
 * fixed is given. Returns 0 with a fresh array of at most WORD_NOTES_MOST, each to be freed with
 * word_note_done(); -ENOMEM. */
int command_line_notes(const CommandLineInput *input, WordNote **ret, size_t *ret_n) _must_check_;

/* What the kernel adds to the command line and counts against its limit: "elfcorehdr=0x", 16
 * digits and a blank (MAX_ELFCOREHDR_STR_LEN in arch/x86/kernel/kexec-bzimage64.c). */
#define COMMAND_LINE_KERNEL_ADDS 30u

/* The longest command line, in bytes without its NUL, that reaches a capture kernel of an
 * architecture (uname's machine) whole, by either system call. told_size is what the kernel's own
 * header says, as it says it (cmdline_size of a bzImage; max_command_line_size of s390), 0 if it
 * does not. At most COMMAND_LINE_LONGEST. */
size_t command_line_limit(const char *architecture, uint64_t told_size) _pure_;

#define LONGEST_NAME_MAX  64u
#define LONGEST_WORDS_MAX 320u

/* The longest words of a command line, for people who have to shorten it: up to three names, each
 * with the length of the whole word in bytes, as "dyndbg= (312), console= (20)". */
void command_line_longest_words(const char *line, char ret[static LONGEST_WORDS_MAX]);

/* The words that are added, for the manual's sake: calls with i = 0, 1, ... until it returns NULL.
 * *ret_architectures is NULL for all; *ret_initrd_is_own says whether a word is only for initrds of
 * kdump-mkinitramfs. */
const char *command_line_needed(size_t i, const char **ret_architectures, bool *ret_initrd_is_own);
