/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a name in the directory of dumps, and as a README.txt there. */
#include "fuzz.h"

#include <string.h>

#include "base/string-util.h"
#include "core/dump-layout.h"

#define LAST_SECOND UINT64_C(253402300799) /* of the year 9999 */

static void check_name(const char *name) {
        CivilTime time;
        bool is_local;

        FUZZ_CHECK(dump_file_of_name(name) < _DUMP_FILE_MAX);
        FUZZ_CHECK(!dump_log_has_readme(name) || dump_file_of_name(name) == DUMP_FILE_LOG);
        if (dump_directory_time(name, &time, &is_local) < 0)
                return;
        FUZZ_CHECK(strlen(name) < CRASH_NAME_MAX && name[0] != '.');
        FUZZ_CHECK(time.month >= 1 && time.month <= 12 && time.day >= 1 && time.day <= 31);
        FUZZ_CHECK(civil_to_seconds(&time) <= LAST_SECOND);
}

static void check_line(const char *line) {
        char mended[DUMP_README_LINE_MAX];

        FUZZ_CHECK(memchr(line, '\0', DUMP_README_LINE_MAX));
        strscpy(mended, sizeof(mended), line);
        utf8_mend(mended);
        FUZZ_CHECK(streq(line, mended) && !strchr(line, '\n'));
}

static void check_readme(const char *text, size_t size) {
        DumpReadme readme;

        dump_readme(text, size, &readme);
        FUZZ_CHECK(readme.witness < _DUMP_WITNESS_MAX);
        check_line(readme.words);
        check_line(readme.release);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        /* Of exactly that size, so that the sanitizer sees who reads on. */
        _cleanup_free_ char *text = malloc(size > 0 ? size : 1);
        _cleanup_free_ char *name = strndup((const char *)data, size);

        FUZZ_CHECK(text && name);
        memcpy(text, data, size);
        check_name(name);
        check_readme(text, size);
        if (size >= DUMP_HEAD)
                FUZZ_CHECK(!dump_is_flattened(text) || startswith(text, "makedumpfile"));
        return 0;
}
