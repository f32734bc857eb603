/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of GRUB, as far as crashkernel= stands in them. */
#include "setup/grub-cfg.h"

#include <errno.h>
#include <stdio.h>

#include "base/string-util.h"
#include "core/crashkernel.h"

#define WORD_LINE "_kdumpd="

void grub_entries_done(GrubEntries *entries) {
        free(entries->first);
        *entries = (GrubEntries){ 0 };
}

/* What stands behind one of the commands that name a kernel, or NULL. */
static const char *kernel_command(const char *line) {
        static const char *const commands[] = { "linux", "linuxefi", "linux16" };

        line += strspn(line, " \t");
        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                const char *rest = startswith(line, commands[i]);

                if (rest && (*rest == ' ' || *rest == '\t'))
                        return rest;
        }
        return NULL;
}

int grub_entries_count(const char *cfg, const char *word, GrubEntries *ret) {
        GrubEntries entries = { 0 };

        for (const char *line = cfg; *line;) {
                size_t length = strcspn(line, "\n");
                const char *rest = kernel_command(line);
                _cleanup_free_ char *copy = NULL, *words = NULL;

                if (rest && rest <= line + length) {
                        copy = strndup(rest, (size_t)(line + length - rest));
                        words = copy ? crashkernel_words(copy) : NULL;
                        if (!words) {
                                grub_entries_done(&entries);
                                return -ENOMEM;
                        }
                        entries.n++;
                        entries.n_right += streq(words, word);
                        if (!entries.first)
                                entries.first = TAKE_PTR(words);
                }
                line += length + (line[length] == '\n');
        }
        *ret = entries;
        return 0;
}

char *grub_dropin_make(const char *word) {
        char *text;

        /* grub-mkconfig runs it in a shell of POSIX, with "set -e". The kernel looks up ",high" and
         * ",low" on their own, so each crashkernel= goes. */
        if (asprintf(&text,
                     "# By \"kdumpctl reserve --write\"; \"kdumpctl reserve --remove --write\"\n"
                     "# takes it away. It has to be the last of these files.\n" WORD_LINE "'%s'\n"
                     "for _name in GRUB_CMDLINE_LINUX GRUB_CMDLINE_LINUX_DEFAULT; do\n"
                     "\teval \"_words=\\${$_name-}\"\n"
                     "\t_words=$(printf '%%s\\n' \"$_words\" |\n"
                     "\t\tsed -E 's/(^|[[:space:]])crashkernel=[^[:space:]]*//g')\n"
                     "\teval \"$_name=\\$_words\"\n"
                     "done\n"
                     "GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX:+$GRUB_CMDLINE_LINUX }$_kdumpd\"\n"
                     "unset _kdumpd _name _words\n",
                     word) < 0)
                return NULL;
        return text;
}

char *grub_dropin_word(const char *text) {
        const char *word = strstr(text, "\n" WORD_LINE "'" CRASHKERNEL_WORD);

        if (!word)
                return strdup("");
        word += strlen("\n" WORD_LINE "'");
        return strndup(word, strcspn(word, "'\n"));
}

/* The last crashkernel= in n bytes, which may be in quotes. */
static const char *last_word(const char *line, size_t n, size_t *ret_length) {
        const char *last = NULL;

        for (const char *p = line; (p = strstr(p, CRASHKERNEL_WORD)) && p < line + n; p++)
                last = p;
        if (last)
                *ret_length = strcspn(last, " \t\n\"'\\");
        return last;
}

char *grub_defaults_word(const char *text, bool *ret_is_default) {
        const char *found = NULL;
        bool is_default = false;
        size_t length = 0;

        for (const char *line = text; *line;) {
                size_t n = strcspn(line, "\n"), word_length = 0;
                const char *start = line + strspn(line, " \t");
                const char *word = last_word(line, n, &word_length);
                bool sets_default = startswith(start, "GRUB_CMDLINE_LINUX_DEFAULT");

                if (word && startswith(start, "GRUB_CMDLINE_LINUX") && sets_default >= is_default) {
                        found = word;
                        length = word_length;
                        is_default = sets_default;
                }
                line += n + (line[n] == '\n');
        }
        if (!found)
                return NULL;
        *ret_is_default = is_default;
        return strndup(found, length);
}
