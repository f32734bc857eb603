/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the beginning of a kernel image, cut as kdump-load cuts it. */
#include "fuzz.h"

#include <string.h>

#include "core/bzimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *why = NULL;
        KernelImage image;

        if (bzimage_parse(data, size < KERNEL_HEAD_MAX ? size : KERNEL_HEAD_MAX, size, &image,
                          &why) < 0) {
                FUZZ_CHECK(why && *why);
                return 0;
        }
        FUZZ_CHECK(memchr(image.release, '\0', sizeof(image.release)));
        FUZZ_CHECK(image.pieces[0].offset + image.payload_size == size);
        FUZZ_CHECK(image.init_size >= image.payload_size);
        return 0;
}
