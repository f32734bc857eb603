/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel's file, of either format. */
#include "core/kernel-image.h"

#include <elf.h>
#include <string.h>

#include "core/bzimage.h"
#include "core/elf-kernel.h"

int kernel_image_parse(const void *head, size_t size, uint64_t file_size, KernelImage *ret,
                       const char **reterr_why) {
        if (size >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0)
                return elf_kernel_parse(head, size, file_size, ret, reterr_why);
        return bzimage_parse(head, size, file_size, ret, reterr_why);
}
