/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vmlinux: the kernel as an ELF file, as it is built and before it is packed into a bzImage.
 * Pure. */
#pragma once

#include "core/kernel-image.h"

/* As kernel_image_parse(), of an ELF file. An x86_64 kernel runs wherever it is put, if that is as
 * far from where it was linked to as whole pages of 2 MiB (__startup_64() in
 * arch/x86/kernel/head64.c), be it built with CONFIG_RELOCATABLE or not. */
int elf_kernel_parse(const void *head, size_t size, uint64_t file_size, KernelImage *ret,
                     const char **reterr_why) _must_check_;

/* Of an ELF file for another architecture, which the caller has made sure of: whether it is whole,
 * and what it takes in memory, which it writes to image->init_size. Returns NULL, or why it cannot
 * be loaded, as above. */
const char *elf_kernel_measure(const void *head, size_t size, uint64_t file_size,
                               KernelImage *image) _must_check_;
