/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a record of the kernel's log. */
#include "fuzz.h"

#include "base/string-util.h"
#include "sys/kmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *record = (const char *)data;
        char text[KMSG_TEXT_MAX + 1];
        int r;

        text[KMSG_TEXT_MAX] = 'c';
        r = kmsg_parse(record, size, text);
        FUZZ_CHECK(text[KMSG_TEXT_MAX] == 'c');
        FUZZ_CHECK(r == 0 || r == 1);
        if (r == 0)
                return 0;
        FUZZ_CHECK(memchr(text, '\0', KMSG_TEXT_MAX) && startswith(text, "crash hp: "));
        /* Facility 0 leaves numbers below 8, whatever zeros stand before them. */
        while (size > 1 && record[0] == '0' && record[1] != ',') {
                record++;
                size--;
        }
        FUZZ_CHECK(size > 2 && record[0] >= '0' && record[0] <= '7' && record[1] == ',');
        return 0;
}
