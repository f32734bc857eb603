/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A unified kernel image: a PE file that the firmware starts, with a kernel, its initrd and more in
 * sections of it (the UAPI Group's specification "Unified Kernel Image"). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* A piece of the file; no bytes if there is no such section. */
typedef struct UkiSection {
        uint64_t offset;
        uint64_t size; /* bytes, without what pads the section in the file */
} UkiSection;

typedef struct Uki {
        UkiSection kernel;  /* .linux, never empty */
        UkiSection release; /* .uname: as uname -r says it */
} Uki;

/* Finds the sections in the first size bytes of a file of file_size bytes; KERNEL_HEAD_MAX
 * (core/kernel-image.h) of them are plenty. Of an image with several profiles, the sections that
 * all share count. Returns 0; -ENOEXEC if it is no such image; -EBADMSG if it is one whose kernel
 * is not wholly in the file. */
int uki_parse(const void *head, size_t size, uint64_t file_size, Uki *ret) _must_check_;
