/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the description of a crash that lies beside a dump. */
#include "fuzz.h"

#include <errno.h>

#include "base/string-util.h"
#include "sys/dump-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        DumpInfo info, back;

        if (dump_info_from_json((const char *)data, size, &info) < 0)
                return 0;
        /* What was read can be written, read, and written to the same bytes. */
        FUZZ_CHECK(dump_info_to_json(&info, &text) == 0);
        FUZZ_CHECK(strlen(text) <= DUMP_JSON_LONGEST);
        FUZZ_CHECK(dump_info_from_json(text, strlen(text), &back) == 0);
        FUZZ_CHECK(dump_info_to_json(&back, &again) == 0);
        FUZZ_CHECK(streq(text, again));
        dump_info_done(&back);
        dump_info_done(&info);
        return 0;
}
