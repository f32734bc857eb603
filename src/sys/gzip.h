/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Data compressed with gzip, through zlib: its only user. */
#pragma once

#include <stddef.h>

#include "base/macro.h"

/* Packs size bytes as small as it can be. The same data gives the same bytes. Returns 0 with a
 * fresh buffer; -EFBIG (more than 4 GiB), -ENOMEM. */
int gzip_pack(const void *data, size_t size, void **ret, size_t *ret_size) _must_check_;

/* Unpacks it again, at most limit bytes. Returns 0 with a fresh buffer; -EBADMSG (not gzip, or not
 * all of it), -EFBIG (more than limit), -ENOMEM. */
int gzip_unpack(const void *data, size_t size, size_t limit, void **ret,
                size_t *ret_size) _must_check_;
