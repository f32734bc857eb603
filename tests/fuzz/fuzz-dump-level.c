/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as VMCOREINFO and, behind a zero, as makedumpfile's file. */
#include "fuzz.h"

#include <string.h>

#include "base/string-util.h"
#include "core/dump-level.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *info = strndup((const char *)data, size), *program = NULL;
        _cleanup_free_ char *noted = NULL, *again = NULL;
        size_t n = strlen(info) < size ? size - strlen(info) - 1 : 0;
        char reason[LEVEL_REASON_MAX];
        LevelCheck check, check_noted;

        /* Of exactly that size, so that the sanitizer sees who reads on. */
        program = malloc(MAX(n, (size_t)1));
        FUZZ_CHECK(info && program);
        memcpy(program, data + size - n, n);
        level_check(info, program, n, &check);
        FUZZ_CHECK(memchr(check.unknown, 0, sizeof(check.unknown)));
        FUZZ_CHECK(check.verdict != LEVEL_NOT_KNOWN || (!check.is_blind && !check.unknown[0]));
        FUZZ_CHECK((level_safe(&check, 31) == 31) == (check.verdict != LEVEL_LOSES_PAGES));
        FUZZ_CHECK(strlen(level_reason(&check, 31, reason)) < sizeof(reason));
        FUZZ_CHECK(level_info(info, &noted) == 0 && strlen(noted) <= strlen(info) + 1);
        level_check(noted, program, n, &check_noted);
        FUZZ_CHECK(check_noted.verdict == check.verdict && check_noted.is_blind == check.is_blind &&
                   streq(check_noted.unknown, check.unknown));
        FUZZ_CHECK(level_info(noted, &again) == 0 && streq(noted, again));
        return 0;
}
