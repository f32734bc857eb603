/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as an elfcorehdr. */
#include "fuzz.h"

#include "load/elfcorehdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ElfcorehdrContent content;

        if (elfcorehdr_read(data, size, &content) == 0) {
                for (size_t i = 0; i < content.memory.n; i++)
                        FUZZ_CHECK(content.memory.ranges[i].start < content.memory.ranges[i].end);
                elfcorehdr_content_done(&content);
        }
        return 0;
}
