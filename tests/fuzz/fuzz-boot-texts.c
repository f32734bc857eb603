/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as the files of boot loaders; the first byte says which. */
#include "fuzz.h"

#include "base/string-util.h"
#include "core/crashkernel.h"
#include "setup/entry-text.h"
#include "setup/grub-cfg.h"
#include "sys/efi.h"

#define WORD "crashkernel=192M"

/* Whatever stood there, the word is the only one afterwards. */
static void replace(const char *text) {
        _cleanup_free_ char *made = cmdline_with(text, WORD), *words = cmdline_words(made);
        _cleanup_free_ char *without = cmdline_with(made, NULL), *none = cmdline_words(without);

        FUZZ_CHECK(streq(words, WORD));
        FUZZ_CHECK(streq(none, ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = size > 0 ? strndup((const char *)data + 1, size - 1) : NULL;
        _cleanup_free_ char *word = NULL, *value = NULL, *entry = NULL, *running = NULL;
        GrubEntries entries = { 0 };
        char variable[EFI_TEXT_MAX];
        bool is_default;

        if (!text)
                return 0;
        switch (data[0] % 5) {
        case 0:
                replace(text);
                running = cmdline_from_running(text);
                FUZZ_CHECK(!cmdline_has(running, CRASHKERNEL_WORD) || strchr(running, '\n'));
                break;
        case 1:
                FUZZ_CHECK(grub_entries_count(text, WORD, &entries) == 0);
                FUZZ_CHECK(entries.n_right <= entries.n && !entries.first == (entries.n == 0));
                grub_entries_done(&entries);
                break;
        case 2:
                word = grub_defaults_word(text, &is_default);
                FUZZ_CHECK(!word || startswith(word, CRASHKERNEL_WORD));
                break;
        case 3:
                value = ini_value(text, "UKI", "SecureBootPrivateKey");
                entry = entry_words(text);
                word = grub_dropin_word(text);
                FUZZ_CHECK(value && entry && word && strlen(value) <= strlen(text));
                break;
        default:
                if (efi_parse_text(data, size, variable) == 0)
                        FUZZ_CHECK(strlen(variable) < sizeof(variable));
                break;
        }
        return 0;
}
