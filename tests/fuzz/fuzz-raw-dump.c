/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the header of a dump on a device. */
#include "fuzz.h"

#include <string.h>

#include "base/sha256.h"
#include "core/raw-dump.h"

static void check(const uint8_t header[static RAW_DUMP_HEADER]) {
        uint8_t again[RAW_DUMP_HEADER];
        const RawPart *parts[3];
        RawDump raw, back;

        if (raw_dump_unpack(header, &raw) < 0)
                return;
        parts[0] = &raw.info;
        parts[1] = &raw.log;
        parts[2] = &raw.dump;
        for (unsigned i = 0; i < 3; i++)
                FUZZ_CHECK(parts[i]->size == 0 || (parts[i]->offset >= RAW_DUMP_HEADER &&
                                                   parts[i]->offset <= INT64_MAX - parts[i]->size));
        FUZZ_CHECK(raw.info.size <= RAW_DUMP_INFO);
        raw_dump_pack(&raw, again);
        FUZZ_CHECK(raw_dump_unpack(again, &back) == 0);
        FUZZ_CHECK(back.is_complete == raw.is_complete && back.is_flat == raw.is_flat &&
                   back.is_recovered == raw.is_recovered &&
                   memcmp(&back.dump, &raw.dump, sizeof(back.dump)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        uint8_t header[RAW_DUMP_HEADER] = { 0 };
        Sha256 s;

        memcpy(header, data, size < sizeof(header) ? size : sizeof(header));
        check(header);
        /* No fuzzer finds a digest. */
        sha256_init(&s, sha256_blocks);
        sha256_add(&s, header, 128);
        sha256_end(&s, header + 128);
        check(header);
        return 0;
}
