/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the beginning of a kernel image, cut as kdump-load cuts it. */
#include "fuzz.h"

#include <string.h>

#include "image/bzimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *why = NULL;
        BzImage image;

        if (bzimage_parse(data, size < BZIMAGE_HEAD_MAX ? size : BZIMAGE_HEAD_MAX, size, &image,
                          &why) < 0) {
                FUZZ_CHECK(why && *why);
                return 0;
        }
        FUZZ_CHECK(memchr(image.release, '\0', sizeof(image.release)));
        FUZZ_CHECK(image.payload_offset + image.payload_size == size);
        FUZZ_CHECK(image.init_size >= image.payload_size);
        return 0;
}
