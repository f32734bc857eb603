/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with a kernel in them, as they lie on the disk. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/kernel-image.h"

/* If *fd, an open file of *size bytes, has the kernel in it in a form that kexec_file_load does not
 * take, replaces it by a file in memory that has the kernel as it is, and *size by the size of
 * that: out of a unified kernel image, and on architectures where kernels come like that, out of an
 * EFI zboot image or a file compressed with gzip. It is open for reading only: what anybody has
 * open for writing is not taken by kexec_file_load (kernel_read_file() in fs/kernel_read_file.c).
 * What can be unpacked no further stays as it is, for kernel_image_parse() to name. Returns 1 if
 * something was replaced; 0 if not; -EBADMSG with a clause in *reterr_why (static) if the kernel is
 * not wholly in the file, or damaged; -EFBIG if it is larger than kernels are; what reading and
 * memfd_create say. On errors nothing is replaced. */
int kernel_file_unwrap(const char *architecture, int *fd, uint64_t *size,
                       const char **reterr_why) _must_check_;

/* Whether the file ends in a signature as those of modules (scripts/sign-file.c in the kernel
 * tree), which is how kernels of ppc64le and s390x are signed, good or not. What cannot be read has
 * none. */
bool kernel_file_has_appended_signature(int fd, uint64_t size);

/* The release of the kernel in a file below root_fd, by its header or what stands beside it in a
 * unified kernel image. Returns 0; -ENODATA if the file does not tell; what open says. */
int kernel_file_release(int root_fd, const char *path,
                        char ret[static KERNEL_RELEASE_MAX]) _must_check_;

/* Reads as much of a kernel that begins at offset as kernel_image_parse() wants. Returns 0 with
 * what free() frees, or negative errno. */
int kernel_head_read(int fd, uint64_t offset, char **ret, size_t *ret_size) _must_check_;
