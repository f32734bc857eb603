/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header of an x86 kernel image (Documentation/arch/x86/boot.rst in the kernel tree). Pure. */
#pragma once

#include "core/kernel-image.h"

/* As kernel_image_parse(), of a bzImage; -EBADMSG if kexec_file_load would not take it. */
int bzimage_parse(const void *head, size_t size, uint64_t file_size, KernelImage *ret,
                  const char **reterr_why) _must_check_;

/* Whether a PE file, as kernels for UEFI are on each architecture, carries a certificate table,
 * good or not. */
bool pe_has_certificates(const void *head, size_t size, uint64_t file_size) _pure_;
