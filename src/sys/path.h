/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths with their symbolic links resolved below a root directory, as after chroot(2). */
#pragma once

#include "base/macro.h"

/* Resolves path, which is absolute, below root_fd: links that are absolute or lead up stay below
 * it. Returns 0 with a fresh absolute path without links, "." and ".."; -ENOENT, -ELOOP (more than
 * 40 links), -ENAMETOOLONG, -ENOMEM, or what readlink says. */
int path_resolve(int root_fd, const char *path, char **ret) _must_check_;

/* The same for a path whose end need not be there: *ret is what is there, and *ret_rest what is
 * not ("" or "c/d", without links by its nature). */
int path_resolve_prefix(int root_fd, const char *path, char **ret, char **ret_rest) _must_check_;

/* Finds a program by its name in the directories where programs are, below root_fd; what is an
 * absolute path already is not looked for. Returns 0 with a fresh path as it was found, with its
 * links; -ENOENT, -ENOMEM. */
int path_find_program(int root_fd, const char *name, char **ret) _must_check_;
