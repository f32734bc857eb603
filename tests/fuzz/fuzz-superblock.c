/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a superblock of each type, with the first of them all around. */
#include "fuzz.h"

#include <string.h>

#include "core/superblock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct {
                const char *type;
                size_t offset;
        } kinds[] = {
                { "ext4", 1024 }, { "xfs", 0 }, { "f2fs", 1024 }, { "btrfs", 0x10000 }, { "x", 0 },
        };
        static uint8_t disk[SUPERBLOCK_REACH];
        Superblock s;

        if (size == 0)
                return 0;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                size_t offset = kinds[i].offset, n = size - 1;

                /* As it is, and where the superblock of that type would be. */
                if (superblock_parse(kinds[i].type, data + 1, n, &s) >= 0)
                        FUZZ_CHECK(s.n_asks <= SUPERBLOCK_ASKS_MOST);
                n = n < sizeof(disk) - offset ? n : sizeof(disk) - offset;
                memset(disk, data[0], sizeof(disk));
                memcpy(disk + offset, data + 1, n);
                if (superblock_parse(kinds[i].type, disk, sizeof(disk), &s) < 0)
                        continue;
                FUZZ_CHECK(s.n_asks <= SUPERBLOCK_ASKS_MOST && !s.is_guess);
                for (size_t k = 0; k < s.n_asks; k++)
                        FUZZ_CHECK(s.asks[k]->name[0] != '\0');
                FUZZ_CHECK(!(s.parts & SUPERBLOCK_JOURNAL) ||
                           strlen(s.journal_uuid) == SUPERBLOCK_UUID_MAX - 1);
        }
        return 0;
}
