/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as /proc/iomem, and as the list of what it leaves out. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "sys/iomem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1);
        MemoryMap cma = { 0 };
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
        if (size > 0)
                memcpy(text, data, size);
        if (iomem_parse_cma(text, &cma) == 0)
                for (size_t i = 0; i < cma.n; i++)
                        FUZZ_CHECK(cma.ranges[i].start < cma.ranges[i].end);
        else
                FUZZ_CHECK(cma.n == 0);
        memory_map_done(&cma);
        free(text);
        return 0;
}
