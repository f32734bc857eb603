/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines out of any text: lines of the input are running, fixed, remove, append,
 * architecture, words of the initrd and of drivers. */
#include "fuzz.h"

#include "base/string-util.h"
#include "load/cmdline.h"

/* Quotes are even in number, or the kernel would take what it adds for a part of the last word. */
static void check(const char *line) {
        unsigned quotes = 0;

        for (const char *p = line; *p; p++)
                quotes += *p == '"';
        FUZZ_CHECK(quotes % 2 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *)data, size), *line = NULL, *again = NULL;
        char *rest = text, *part[7] = { NULL }, longest[LONGEST_WORDS_MAX];
        _cleanup_free_ WordNote *notes = NULL;
        CommandLineInput input;
        size_t n_notes;
        int r;

        if (!text)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(part) && rest; i++)
                part[i] = strsep(&rest, "\n");
        input = (CommandLineInput){ .running = part[0],
                                    .fixed = part[1],
                                    .remove = part[2],
                                    .append = part[3],
                                    .architecture = part[4] ?: "x86_64",
                                    .initrd_words = part[5],
                                    .driver_words = part[6],
                                    .initrd_knows_root = size % 2 == 0 };
        FUZZ_CHECK(command_line_notes(&input, &notes, &n_notes) == 0);
        FUZZ_CHECK(n_notes <= WORD_NOTES_MOST);
        for (size_t i = 0; i < n_notes; i++)
                word_note_done(&notes[i]);
        r = command_line_make(&input, &line);
        FUZZ_CHECK(r == 0);
        check(line);
        command_line_longest_words(line, longest);
        FUZZ_CHECK(isempty(longest) == isempty(line));

        /* What came out has the same words when it is taken apart again. */
        input = (CommandLineInput){ .fixed = line,
                                    .remove = "nr_cpus maxcpus irqpoll noirqdistrib "
                                              "reset_devices panic acpi_no_memhotplug "
                                              "numa",
                                    .architecture = input.architecture };
        if (!isempty(line)) {
                r = command_line_make(&input, &again);
                FUZZ_CHECK(r == 0 && streq(line, again));
        }
        return 0;
}
