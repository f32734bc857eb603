/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel's file: what loading it as a capture kernel depends on. Pure: works on the first bytes
 * of the file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* All that is read here stands in the first KERNEL_HEAD_MAX bytes: the setup part of a bzImage has
 * at most 256 sectors, and an image of s390 names itself at 0x10008. */
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
        bool is_elf;           /* a vmlinux of x86_64, which only kexec_load takes */
        bool is_flat;          /* an Image of arm64, riscv64 or loongarch64 */
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

/* Looks at the first size bytes of a file of file_size bytes, whether it is a kernel that can be
 * loaded on an architecture (uname's machine); size is file_size or KERNEL_HEAD_MAX, whichever is
 * less. On others than x86_64 it fills in init_size, is_flat and has_signature only; of an
 * architecture that it does not know it takes whatever may be a kernel. Returns 0; -EBADMSG if it
 * is none, or no memory, with a clause in *reterr_why (static) that calls it what it is: "it
 * is ...". */
int kernel_image_parse(const char *architecture, const void *head, size_t size, uint64_t file_size,
                       KernelImage *ret, const char **reterr_why) _must_check_;

/* Whether kernels of an architecture come in wrappings that kexec_file_load does not take and that
 * can be undone: those of which there is an Image to be compressed. */
bool kernel_image_may_be_packed(const char *architecture) _pure_;

/* Whether a file begins as one compressed with gzip. */
bool kernel_image_is_gzip(const void *head, size_t size) _pure_;

/* Finds the kernel in an EFI zboot image (drivers/firmware/efi/libstub/zboot-header.S in the kernel
 * tree), compressed with gzip. Returns 0 with its place in the file; -ENOEXEC if it is something
 * else, or compressed in another way; -EBADMSG if it is not wholly in the file. */
int kernel_zboot_parse(const void *head, size_t size, uint64_t file_size,
                       KernelPiece *ret) _must_check_;
