/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a unified kernel image, cut as kdump-load cuts it. */
#include "fuzz.h"

#include "core/kernel-image.h"
#include "core/uki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Uki uki;

        if (uki_parse(data, MIN(size, (size_t)KERNEL_HEAD_MAX), size, &uki) < 0)
                return 0;
        FUZZ_CHECK(uki.kernel.size > 0 && uki.kernel.size <= size);
        FUZZ_CHECK(uki.kernel.offset <= size - uki.kernel.size);
        FUZZ_CHECK(uki.release.size <= size && uki.release.offset <= size - uki.release.size);
        return 0;
}
