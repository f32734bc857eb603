/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel's file: what loading it as a crash kernel depends on. Pure: works on the first bytes of
 * the file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* All that is read here stands in the first KERNEL_HEAD_MAX bytes: the setup part of a bzImage has
 * at most 256 sectors. */
#define KERNEL_HEAD_MAX    (256u * 512u)
#define KERNEL_RELEASE_MAX 128u
#define KERNEL_PIECES_MAX  16u

/* A part of the file that goes to memory. */
typedef struct KernelPiece {
        uint64_t offset; /* in the file */
        uint64_t size;
        uint64_t at; /* bytes from where the kernel is put */
} KernelPiece;

typedef struct KernelImage {
        bool is_elf;           /* a vmlinux, which only kexec_load takes */
        uint16_t protocol;     /* of a bzImage: 0x20f is 2.15 */
        uint32_t cmdline_size; /* longest command line, without its NUL */
        uint32_t init_size;    /* bytes of memory that it needs until it has its own page tables */
        uint32_t kernel_alignment; /* of its load address; a power of two */
        uint64_t pref_address;     /* where it would like to be */
        uint16_t xloadflags;       /* of a bzImage */
        uint32_t entry_offset;     /* of the 64-bit entry point, from where the kernel is put */
        uint64_t payload_size;     /* bytes from there to the end of its last piece */
        KernelPiece pieces[KERNEL_PIECES_MAX]; /* ascending in memory, not overlapping */
        size_t n_pieces;                       /* at least 1; 1 of a bzImage */
        char release[KERNEL_RELEASE_MAX]; /* as uname -r says it; "" if the image does not tell */
        bool has_signature;               /* it carries a PE certificate table, good or not */
} KernelImage;

/* Reads the header out of the first size bytes of a file of file_size bytes; size is file_size or
 * KERNEL_HEAD_MAX, whichever is less. Returns 0; -EBADMSG if it is no kernel for x86_64 that can be
 * loaded, or no memory, with a clause in *reterr_why (static, "it is ..."). */
int kernel_image_parse(const void *head, size_t size, uint64_t file_size, KernelImage *ret,
                       const char **reterr_why) _must_check_;

/* Whether a release as uname tells it is older than major.minor: "6.1.0-28-amd64" is 6.1. What
 * cannot be understood is taken for new. */
bool kernel_release_before(const char *release, uint32_t than_major, uint32_t than_minor) _pure_;
