/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as what a kernel says of its functions. */
#include "fuzz.h"

#include "core/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint64_t offset = 0;
        uint32_t id = 0;

        if (btf_find_function(data, size, "kimage_free", &id) == 0)
                FUZZ_CHECK(id > 0 && id <= size / 12);
        if (btf_find_member(data, size, "kimage", "segment", &offset) == 0)
                FUZZ_CHECK(offset <= UINT32_MAX / 8);
        return 0;
}
