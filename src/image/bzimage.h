/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header of an x86 kernel image (Documentation/arch/x86/boot.rst in the kernel tree): what
 * loading it as a crash kernel depends on. Pure: works on the first bytes of the file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

/* The setup part, which holds all that is read here, has at most 256 sectors. */
#define BZIMAGE_HEAD_MAX    (256u * 512u)
#define BZIMAGE_RELEASE_MAX 128u

typedef struct BzImage {
        uint16_t protocol;     /* 0x20f is 2.15 */
        uint32_t cmdline_size; /* longest command line, without its NUL */
        uint32_t init_size;    /* bytes of memory that it needs until it has its own page tables */
        uint32_t kernel_alignment; /* of its load address; a power of two */
        uint64_t pref_address;     /* where it would like to be */
        uint16_t xloadflags;
        uint32_t payload_offset;           /* of the protected-mode part in the file */
        uint64_t payload_size;             /* from there to the end of the file */
        char release[BZIMAGE_RELEASE_MAX]; /* as uname -r says it; "" if the image does not tell */
        bool has_signature;                /* it carries a PE certificate table, good or not */
} BzImage;

/* Reads the header out of the first size bytes of a file of file_size bytes; size is file_size
 * or BZIMAGE_HEAD_MAX, whichever is less. Returns 0; -EBADMSG if kexec_file_load would not take
 * it, with a clause in *reterr_why (static, "it is ..."). */
int bzimage_parse(const void *head, size_t size, uint64_t file_size, BzImage *ret,
                  const char **reterr_why) _must_check_;
