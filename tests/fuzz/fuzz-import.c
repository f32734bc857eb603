/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a configuration of another kdump service: what is made of it is something that
 * kdumpd takes. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/string-util.h"
#include "setup/import.h"

static void check_settings(const Import *import) {
        Settings settings;
        Error error;

        FUZZ_CHECK(settings_init(&settings) == 0);
        for (size_t i = 0; i < import->n; i++) {
                const ImportItem *item = &import->items[i];

                FUZZ_CHECK(item->file && item->key && item->line > 0);
                FUZZ_CHECK(item->is_kept == (item->setting != NULL));
                FUZZ_CHECK(item->is_kept || item->note);
                if (item->is_kept)
                        FUZZ_CHECK(settings_set(&settings, item->section, item->setting,
                                                item->becomes, &error) == 0);
        }
        settings_done(&settings);
}

/* Each line is a comment, a section or a setting. */
static void check_text(char *text) {
        char *line;

        while ((line = strsep(&text, "\n")))
                FUZZ_CHECK(*line == '\0' || *line == '#' || *line == '[' || strchr(line, '='));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL;
        Import import = { 0 };

        (void)!import_detect((const char *)data, size);
        for (unsigned kind = 0; kind < _IMPORT_KIND_MAX; kind++) {
                int r = import_add(&import, (ImportKind)kind, "/etc/x", (const char *)data, size);

                FUZZ_CHECK(r == 0 || r == -EBADMSG || r == -E2BIG);
                if (r < 0)
                        break;
        }
        check_settings(&import);
        FUZZ_CHECK(import_format(&import, &text) == 0);
        check_text(text);
        import_done(&import);
        return 0;
}
