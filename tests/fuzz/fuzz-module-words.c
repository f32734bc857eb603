/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any command line, looked through for the parameters of a module. */
#include "fuzz.h"

#include <string.h>

#include "base/string-util.h"
#include "core/module-words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *line = strndup((const char *)data, size);
        _cleanup_free_ char *words = NULL, *twice = NULL;

        if (!line || module_words(line, "disk", &words) < 0)
                return 0;
        FUZZ_CHECK(strlen(words) <= strlen(line));
        (void)module_words_forbid(line, "disk");
        twice = malloc(2 * strlen(words) + 2);
        if (!twice)
                return 0;
        strscpyf(twice, 2 * strlen(words) + 2, "%s %s", words, words);
        module_words_cut(twice, words);
        FUZZ_CHECK(streq(twice, *words ? words : " "));
        return 0;
}
