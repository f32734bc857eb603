/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the beginning of a vmlinux, cut as kdump-load cuts it: what is accepted fits into
 * the memory that is asked for, and comes out of the file. */
#include "fuzz.h"

#include "core/elf-kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t head = size < KERNEL_HEAD_MAX ? size : KERNEL_HEAD_MAX;
        const char *why = NULL;
        KernelImage image;
        uint64_t end = 0;
        bool has_entry = false;

        if (elf_kernel_parse(data, head, size, &image, &why) < 0) {
                FUZZ_CHECK(why && *why);
                return 0;
        }
        FUZZ_CHECK(image.is_elf && image.n_pieces >= 1 && image.n_pieces <= KERNEL_PIECES_MAX);
        for (size_t i = 0; i < image.n_pieces; i++) {
                const KernelPiece *piece = &image.pieces[i];

                FUZZ_CHECK(piece->offset <= size && piece->size <= size - piece->offset);
                FUZZ_CHECK(piece->size > 0 && piece->at >= end);
                end = piece->at + piece->size;
                has_entry |= image.entry_offset >= piece->at && image.entry_offset < end;
        }
        FUZZ_CHECK(has_entry);
        FUZZ_CHECK(end == image.payload_size && end <= image.init_size);
        FUZZ_CHECK(image.init_size <= UINT32_C(1) << 30);
        FUZZ_CHECK(image.pref_address % image.kernel_alignment == 0);
        return 0;
}
