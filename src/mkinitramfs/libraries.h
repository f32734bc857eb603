/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs, with the shared libraries that they need. All of it returns 0 or negative errno, with
 * the reason noted. */
#pragma once

#include "mkinitramfs/builder.h"

/* Adds a program with the shared libraries and the dynamic loader that it needs; a script with the
 * program behind its "#!". source is a path below the root. */
int program_add(Builder *b, const char *path, const char *source, const char *why) _must_check_;

/* Finds a program by name in the usual directories, or by its path. Returns 0 with the path as it
 * was found (with links), or negative errno with the reason noted. */
int program_find(Builder *b, const char *name, const char *why, char **ret) _must_check_;
