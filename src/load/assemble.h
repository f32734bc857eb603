/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Assembles a crash kernel image of our own in memory, and loads it with kexec_load(2). */
#pragma once

#include "core/failure.h"
#include "core/kernel-image.h"
#include "core/report.h"
#include "sys/kexec.h"

/* What tests break on purpose. */
typedef enum Spoil {
        SPOIL_NOTHING,
        SPOIL_DIGEST,  /* the elfcorehdr is part of the digest, even if the kernel may update it */
        SPOIL_FLAG,    /* the kernel is not told that it may update the image */
        SPOIL_SEGMENT, /* a byte of the kernel changes after the digest was made */
        SPOIL_EFI,     /* nothing of EFI is handed over but the place of the ACPI tables */
        _SPOIL_MAX,
} Spoil;

DECLARE_NAME_TABLE(spoil, Spoil);

typedef struct AssembleInput {
        int root_fd;
        const char *architecture; /* uname's machine */
        const char *release;      /* uname's release */
        int kernel_fd;
        int initrd_fd; /* negative: none */
        const char *command_line;
        bool halt_on_damage;
        Spoil spoil;
        bool dry_run; /* plan it only: without the files' contents */
} AssembleInput;

typedef struct AssembledImage AssembledImage;

/* Assembles an image, with everything in memory that the system call is going to read. Returns
 * FAILURE_NONE; or a failure, with a clause in reterr, and *ret is untouched. */
Failure assemble_image(const AssembleInput *input, AssembledImage **ret,
                       Error *reterr) _must_check_;
AssembledImage *assembled_image_free(AssembledImage *assembled);
DEFINE_CLEANUP(AssembledImage *, assembled_image_free);

/* The flags that are tried first. */
unsigned long assembled_image_flags(const AssembledImage *assembled);

/* Makes the system call, again with fewer flags if the kernel does not know them. Returns what the
 * last call returned; its times and flags are in the report. */
int assembled_image_load(AssembledImage *assembled, const KexecOps *ops,
                         LoadReport *report) _must_check_;
