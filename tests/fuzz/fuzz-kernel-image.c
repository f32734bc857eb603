/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a kernel of each architecture, cut as kdump-load cuts it: each is taken or called
 * something, what is taken needs memory, and what is to be unpacked lies in the file. */
#include "fuzz.h"

#include <stdlib.h>

#include "core/kernel-image.h"
#include "sys/gzip.h"

#define UNPACKED_MOST 65536u

static void unpack(const uint8_t *data, size_t size) {
        void *plain;
        size_t n;

        if (gzip_unpack(data, size, UNPACKED_MOST, &plain, &n) < 0)
                return;
        FUZZ_CHECK(n <= UNPACKED_MOST);
        free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const architectures[] = { "x86_64",  "aarch64",     "ppc64le", "s390x",
                                                     "riscv64", "loongarch64", "mips64" };
        size_t head = size < KERNEL_HEAD_MAX ? size : KERNEL_HEAD_MAX;
        KernelPiece piece;

        for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
                const char *why = NULL;
                KernelImage image;

                if (kernel_image_parse(architectures[i], data, head, size, &image, &why) < 0)
                        FUZZ_CHECK(why && *why);
                else
                        FUZZ_CHECK(image.init_size > 0 || size == 0);
        }
        if (kernel_zboot_parse(data, head, size, &piece) >= 0) {
                FUZZ_CHECK(piece.size > 0 && piece.offset <= size &&
                           piece.size <= size - piece.offset);
                unpack(data + piece.offset, (size_t)piece.size);
        }
        if (kernel_image_is_gzip(data, head))
                unpack(data, size);
        return 0;
}
