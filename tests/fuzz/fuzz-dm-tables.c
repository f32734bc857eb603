/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the note of device-mapper tables, and as lines that are to be carried. */
#include "fuzz.h"

#include "base/string-util.h"
#include "core/dm-table.h"
#include "sys/dm.h"

/* What was carried is carried again as it is. A RAID that lacks nothing is that RAID. */
static void carry(const DmTableLine *target) {
        static const bool none[4];
        _cleanup_free_ char *whole = NULL;
        DmLine line, again;
        const char *why = NULL;

        (void)dm_line_is_snapshot_of(target->type, target->parameters, "253:1");
        if (dm_raid_without(target->parameters, none, ELEMENTSOF(none), &whole) == 0)
                FUZZ_CHECK(strlen(whole) <= 2 * strlen(target->parameters));
        if (dm_line_carry(target->type, target->parameters, &line, &why) < 0) {
                FUZZ_CHECK(why);
                return;
        }
        FUZZ_CHECK(dm_type_is_harmless(target->type));
        FUZZ_CHECK(line.n_modules <= DM_LINE_MODULES_MOST);
        FUZZ_CHECK(dm_line_carry(target->type, line.parameters, &again, &why) == 0);
        FUZZ_CHECK(streq(line.parameters, again.parameters));
        dm_line_done(&again);
        dm_line_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        DmTables tables, back;

        if (dm_tables_from_json((const char *)data, size, &tables) < 0)
                return 0;
        FUZZ_CHECK(tables.n_tables <= DM_TABLES_MOST);
        for (size_t i = 0; i < tables.n_tables; i++)
                for (size_t j = 0; j < tables.tables[i].n_lines; j++)
                        carry(&tables.tables[i].lines[j]);
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
