/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as memory of the kernel: an image, its command line, a list of symbols, an answer; and
 * as the headers of the file that all this is read by. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/string-util.h"
#include "core/kexec-mark.h"
#include "sys/kcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        MemoryRange reserved = { .start = 0x100000, .end = 0x10000000, .type = MEMORY_CRASH };
        const MemoryMap memory = { .ranges = &reserved, .n = 1 };
        char mark[KEXEC_MARK_MAX], text[MARK_ANSWER_MAX];
        uint64_t address = 0, offset, room;
        LiveSegments segments;
        MarkAnswer answer;

        if (kimage_parse(data, size, &KIMAGE_LAYOUT_USUAL, &memory, &segments) == 0) {
                FUZZ_CHECK(segments.n > 0 && segments.n <= KIMAGE_SEGMENTS_MOST);
                for (size_t i = 0; i < segments.n; i++)
                        FUZZ_CHECK(segments.items[i].address >= reserved.start &&
                                   segments.items[i].size <=
                                           reserved.end - segments.items[i].address);
        }
        if (kexec_mark_find(data, size, mark))
                FUZZ_CHECK(kexec_mark_is(mark));
        if (kallsyms_find((const char *)data, size, "kexec_crash_image", &address) == 0)
                FUZZ_CHECK(address != 0);
        if (size >= sizeof(address))
                memcpy(&address, data + size - sizeof(address), sizeof(address));
        if (kcore_find(data, size, address, size & 1, &offset, &room) == 0)
                FUZZ_CHECK(room > 0);
        memcpy(text, data, MIN(size, sizeof(text) - 1));
        text[MIN(size, sizeof(text) - 1)] = '\0';
        mark_answer_parse(text, &answer);
        FUZZ_CHECK(answer.kind != MARK_FOUND || kexec_mark_is(answer.mark));
        FUZZ_CHECK(answer.kind != MARK_UNKNOWN || answer.why[0] != '\0');
        return 0;
}
