/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dynamic loader's cache, /etc/ld.so.cache, in the formats of glibc 2.2 and newer
 * (sysdeps/generic/dl-cache.h in its tree). Pure. */
#pragma once

#include <stddef.h>

#include "base/macro.h"

/* Finds the next library of a name in a cache of size bytes: *index is 0 at first and is moved on.
 * Variants for special processors are left out: what is packed must run on any. Returns 0 with a
 * path, as long as data is there; -ENOENT (there is none, or no other one), -EBADMSG (no such
 * cache, or a damaged one). */
int ld_cache_next(const void *data, size_t size, const char *name, size_t *index,
                  const char **ret) _must_check_;
