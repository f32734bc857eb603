/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which boot loader has started this machine, and where it has the kernel command line from. */
#pragma once

#include <stdbool.h>

#include "sys/efi.h"

/* Files by which boot loaders and their tools are known: a row of the table in boot-loader.c
 * each. */
typedef enum BootFile {
        BOOT_FILE_OSTREE,
        BOOT_FILE_GRUBBY,
        BOOT_FILE_PBL,
        BOOT_FILE_SDBOOTUTIL,
        BOOT_FILE_GRUB_DEFAULTS,
        BOOT_FILE_GRUB_CFG,
        BOOT_FILE_GRUB2_CFG,
        BOOT_FILE_ZIPL,
        BOOT_FILE_EXTLINUX,
        BOOT_FILE_FIRMWARE_CMDLINE,
        BOOT_FILE_FLASH_KERNEL,
        BOOT_FILE_U_BOOT,
        _BOOT_FILE_MAX,
} BootFile;

/* What the machine says of its start. */
typedef struct BootFacts {
        char loader[EFI_TEXT_MAX]; /* LoaderInfo: "systemd-boot 257.13", "GRUB 2.12"; "" */
        char stub[EFI_TEXT_MAX];   /* StubInfo: "systemd-stub 257.13"; "" */
        char *command_line;        /* of the running kernel */
        bool reads_dropins;        /* grub-mkconfig reads /etc/default/grub.d, as Debian's does */
        bool has[_BOOT_FILE_MAX];
} BootFacts;

void boot_facts_done(BootFacts *facts);

/* How the word gets to the kernel. */
typedef enum BootMethod {
        BOOT_BY_GRUB,    /* a file in /etc/default/grub.d, and grub.cfg made anew */
        BOOT_BY_ENTRIES, /* /etc/kernel/cmdline, and the entries made anew by kernel-install(8) */
        BOOT_BY_ADDON,   /* an add-on of unified kernel images */
        BOOT_BY_HAND,    /* by commands that are printed: nobody has tried it here */
} BootMethod;

typedef struct BootLoader {
        const char *name; /* as people call it */
        BootMethod method;
        const char *place;     /* where the command line is kept; a clause */
        const char *add[4];    /* commands that put the word there, NULL behind the last; @NEW@ is
                                  the new word, @OLD@ one that the running kernel has */
        const char *remove[4]; /* and take it away */
} BootLoader;

/* The paths of a file, any of which will do, NULL behind the last. */
const char *const *boot_file_paths(BootFile file) _const_;

/* The row of the boot loader that has started the machine, by what it says rather than by what lies
 * about; the last row fits all. Pure. */
const BootLoader *boot_loader_find(const BootFacts *facts) _pure_;

/* The rows, for tests and the manual's sake: NULL behind the last. */
const BootLoader *boot_loader_row(size_t i) _const_;

/* The commands of a row with the words filled in, one on each line; removes: those that take the
 * word away, and new_word may be NULL. A command with @OLD@ is there once for each of old_words,
 * between which is one blank. Returns a fresh string, or
 * NULL for lack of memory. */
char *boot_loader_commands(const BootLoader *loader, bool removes, const char *new_word,
                           const char *old_words);
