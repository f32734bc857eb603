/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the beginning of /proc/kcore. */
#include "fuzz.h"

#include "sys/kcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        MemoryRange ram = { .start = 0x1000, .end = 0x80000000, .type = MEMORY_RAM };
        const MemoryMap memory = { .ranges = &ram, .n = 1 };
        Kcore kcore;

        if (kcore_parse(data, size, 0x1000000, &memory, &kcore) == 0) {
                FUZZ_CHECK(kcore.kernel_vaddr >= UINT64_C(0xffffffff80000000));
                FUZZ_CHECK(kcore.kernel_size > 0 && kcore.page_offset != 0);
        }
        return 0;
}
