/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the note of device-mapper tables. */
#include "fuzz.h"

#include "base/string-util.h"
#include "sys/dm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        DmTables tables, back;

        if (dm_tables_from_json((const char *)data, size, &tables) < 0)
                return 0;
        FUZZ_CHECK(tables.n_tables <= DM_TABLES_MOST);
        FUZZ_CHECK(dm_tables_to_json(&tables, &text) == 0);
        if (strlen(text) <= DM_NOTE_LONGEST) {
                FUZZ_CHECK(dm_tables_from_json(text, strlen(text), &back) == 0);
                FUZZ_CHECK(dm_tables_to_json(&back, &again) == 0);
                FUZZ_CHECK(streq(text, again));
                dm_tables_done(&back);
        }
        dm_tables_done(&tables);
        return 0;
}
