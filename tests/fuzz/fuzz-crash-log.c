/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the log in the directory of a dump. */
#include "fuzz.h"

#include <string.h>

#include "base/string-util.h"
#include "core/crash-log.h"

#define LINES_MOST 3u

static void check_text(const char *text) {
        _cleanup_free_ char *mended = strdup(text);

        FUZZ_CHECK(mended);
        utf8_mend(mended);
        FUZZ_CHECK(streq(text, mended) && !strchr(text, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        /* Of exactly that size, so that the sanitizer sees who reads on. */
        _cleanup_free_ char *log = malloc(size > 0 ? size : 1), *release = NULL;
        char message[CRASH_LINE_MAX], where[CRASH_LINE_MAX];
        const char *report;
        size_t n, lines = 0;
        bool crashed;

        FUZZ_CHECK(log);
        memcpy(log, data, size);
        crashed = crash_log_panic(log, size, message, where);
        FUZZ_CHECK(memchr(message, 0, sizeof(message)) && memchr(where, 0, sizeof(where)));
        check_text(message);
        check_text(where);
        FUZZ_CHECK(crashed || (!*message && !*where));
        FUZZ_CHECK(crash_log_report(log, size, LINES_MOST, &report, &n) == crashed);
        if (crashed) {
                FUZZ_CHECK(report >= log && n <= size && report + n <= log + size && n > 0);
                FUZZ_CHECK(report == log || report[-1] == '\n');
                for (size_t i = 0; i < n; i++)
                        lines += report[i] == '\n';
                FUZZ_CHECK(lines <= LINES_MOST);
        }
        if (crash_log_release(log, size, &release) == 0) {
                check_text(release);
                FUZZ_CHECK(*release && crash_log_has(log, size, "Linux version "));
        }
        return 0;
}
