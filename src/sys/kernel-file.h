/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with a kernel in them, as they lie on the disk. */
#pragma once

#include <stdint.h>

#include "core/kernel-image.h"

/* If *fd, an open file of *size bytes, is a unified kernel image, replaces it by a file in memory
 * that has the kernel out of it, and *size by the size of that. It is open for reading only: what
 * anybody has open for writing is not taken by kexec_file_load (kernel_read_file() in
 * fs/kernel_read_file.c). Returns 1 if so; 0 if it is something else; -EBADMSG if the kernel is not
 * wholly in the file; what reading and memfd_create say. Nothing is replaced then. */
int kernel_file_unwrap(int *fd, uint64_t *size) _must_check_;

/* The release of the kernel in a file below root_fd, by its header or what stands beside it in a
 * unified kernel image. Returns 0; -ENODATA if the file does not tell; what open says. */
int kernel_file_release(int root_fd, const char *path,
                        char ret[static KERNEL_RELEASE_MAX]) _must_check_;
