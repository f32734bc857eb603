/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A crash kernel image of our own for kexec_load(2): its segments, what is in them and where they
 * go. Pure: works on buffers and on a description of the machine.  Made in three steps, so that
 * each is done as early as it can be: plan (all but the content of the two files), seal (the digest
 * over everything), select (which of the two digests counts). */
#pragma once

#include <stdbool.h>

#include "base/sha256.h"
#include "core/crash-machine.h"
#include "core/failure.h"
#include "core/kernel-image.h"
#include "load/elfcorehdr.h"

typedef enum SegmentRole {
        SEGMENT_KERNEL,
        SEGMENT_INITRD,
        SEGMENT_BOOT, /* boot parameters and command line */
        SEGMENT_ELFCOREHDR,
        SEGMENT_PURGATORY, /* where the image is entered */
        _SEGMENT_MAX,
} SegmentRole;

typedef struct Segment {
        const void *data;
        size_t size;          /* of the content; 0: there is no such segment */
        uint64_t address;     /* physical */
        uint64_t memory_size; /* whole pages; what the content does not fill is zero */
} Segment;

/* The kernel and initrd by size, and the rest of what goes into an image. */
typedef struct CrashFiles {
        const uint8_t *head; /* the first head_size bytes of the kernel's file */
        size_t head_size;
        const KernelImage *header; /* what kernel_image_parse() said about them */
        uint64_t initrd_size;      /* 0: none */
        const char *command_line;  /* without elfcorehdr= */
        bool halt_on_damage;       /* the purgatory stops instead of resetting the machine */
} CrashFiles;

typedef struct CrashImage {
        Segment segments[_SEGMENT_MAX];
        uint64_t entry;         /* physical */
        uint64_t kernel_memory; /* what the kernel needs from its segment's address on: more than
                                   the segment if nobody else can come to lie there */
        Elfcorehdr elfcorehdr;
        uint8_t *boot;
        uint8_t *purgatory;
        uint8_t digests[2][SHA256_SIZE]; /* without the elfcorehdr, and with it */
} CrashImage;

void crash_image_done(CrashImage *image);

/* One architecture that images can be built for. */
typedef struct ImageArchitecture {
        const char *name;         /* uname's machine */
        unsigned elf_machine;     /* EM_* */
        unsigned long kexec_flag; /* KEXEC_ARCH_* */
        /* See crash_image_plan(). */
        Failure (*plan)(const struct ImageArchitecture *architecture, const CrashMachine *machine,
                        const CrashFiles *files, CrashImage *image, Error *reterr);
} ImageArchitecture;

/* NULL if there is none of that name, or this build does not have it. */
const ImageArchitecture *image_architecture(const char *name);

/* Decides what goes where and makes all that we make ourselves. The kernel's and the initrd's
 * segments have no data yet: the caller sets it, of the sizes that stand there. Returns
 * FAILURE_NONE, or why it cannot be, with a sentence in reterr; *ret is untouched then. */
Failure crash_image_plan(const ImageArchitecture *architecture, const CrashMachine *machine,
                         const CrashFiles *files, CrashImage *ret, Error *reterr) _must_check_;

/* Computes the digests, over the content of all segments but the purgatory. All data is there. */
void crash_image_seal(CrashImage *image, Sha256Blocks blocks);

/* Writes into the purgatory what it has to check. An elfcorehdr that the kernel is going to update
 * may not be part of that. */
void crash_image_select(CrashImage *image, bool with_elfcorehdr);
