/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as /proc/iomem. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "sys/iomem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1);
        Iomem iomem;

        FUZZ_CHECK(text);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        if (iomem_parse(text, &iomem) == 0) {
                for (size_t i = 0; i < iomem.memory.n; i++) {
                        FUZZ_CHECK(iomem.memory.ranges[i].start < iomem.memory.ranges[i].end);
                        FUZZ_CHECK(i == 0 || iomem.memory.ranges[i - 1].start <=
                                                     iomem.memory.ranges[i].start);
                }
                memory_map_done(&iomem.memory);
        }
        free(text);
        return 0;
}
