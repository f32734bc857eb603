/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packing what was worked out. */
#pragma once

#include "mkinitramfs/builder.h"

typedef struct Image {
        char *path; /* below the root */
        bool fresh; /* it was there, and is what would be built now */
        uint64_t packed_bytes, unpacked_bytes;
} Image;

/* Builds it into path, a file below the root, and notes beside it what it was made of (note is the
 * path for that, or NULL). if_needed: not if it is there and nothing has changed. */
int image_make(Builder *b, const char *path, const char *note, bool if_needed,
               Image *ret) _must_check_;
void image_done(Image *image);
