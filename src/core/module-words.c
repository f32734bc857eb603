/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel's command line has for modules. */
#include "core/module-words.h"

#include <errno.h>

#include "base/string-util.h"

#define BLACKLIST "modprobe.blacklist="

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\n';
}

/* The next word from *line on, which quotes may hold together; its length, or 0 at the end.
 * lib/cmdline.c, next_arg(). */
static size_t next_word(const char **line, const char **ret) {
        bool is_quoted = false;
        const char *p = *line;

        while (is_blank(*p))
                p++;
        *ret = p;
        for (; *p && (is_quoted || !is_blank(*p)); p++)
                if (*p == '"')
                        is_quoted = !is_quoted;
        *line = p;
        return (size_t)(p - *ret);
}

static char plain(char c) {
        return c == '-' ? '_' : c;
}

/* Whether the first n bytes of text are that name. */
static bool is_name(const char *text, size_t n, const char *name) {
        if (strlen(name) != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (plain(text[i]) != plain(name[i]))
                        return false;
        return true;
}

/* The rest of a word for that module behind its name, or NULL. Of a word in quotes, which is one
 * with its value in quotes to the kernel, the name begins behind the first. */
static const char *parameter_of(const char *word, size_t n, const char *module, size_t *ret_n) {
        const char *dot = memchr(word, '.', n), *equals = memchr(word, '=', n);
        const char *name = word + (n > 0 && *word == '"');

        if (!dot || (equals && equals < dot) || !is_name(name, (size_t)(dot - name), module))
                return NULL;
        *ret_n = n - (size_t)(dot + 1 - word);
        return *ret_n > 0 ? dot + 1 : NULL;
}

int module_words(const char *line, const char *module, char **ret) {
        /* The quote of a word takes the place of the name behind it. */
        char *words = malloc(strlen(line) + 1), *to = words;
        const char *word, *parameter;
        size_t n, length;

        if (!words)
                return -ENOMEM;
        while ((n = next_word(&line, &word)) > 0) {
                if (n == 2 && memcmp(word, "--", 2) == 0)
                        break;
                parameter = parameter_of(word, n, module, &length);
                if (!parameter)
                        continue;
                if (to != words)
                        *to++ = ' ';
                if (*word == '"')
                        *to++ = '"';
                memcpy(to, parameter, length);
                to += length;
        }
        *to = '\0';
        *ret = words;
        return 0;
}

void module_words_cut(char *options, const char *words) {
        size_t n = strlen(options), m = strlen(words);

        if (m == 0 || !endswith(options, words) || (n > m && options[n - m - 1] != ' '))
                return;
        options[n > m ? n - m - 1 : 0] = '\0';
}

bool module_words_forbid(const char *line, const char *module) {
        const char *word;
        size_t n;

        while ((n = next_word(&line, &word)) > 0) {
                const char *p = word + strlen(BLACKLIST), *end = word + n;

                if (n == 2 && memcmp(word, "--", 2) == 0)
                        return false;
                if (n < strlen(BLACKLIST) || memcmp(word, BLACKLIST, strlen(BLACKLIST)) != 0)
                        continue;
                while (p < end) {
                        const char *comma = memchr(p, ',', (size_t)(end - p)) ?: end;

                        if (is_name(p, (size_t)(comma - p), module))
                                return true;
                        p = comma + 1;
                }
        }
        return false;
}

char *module_name_of_path(const char *path) {
        const char *name = path_name(path), *end = strstr(name, ".ko");

        return end ? strndup(name, (size_t)(end - name)) : strdup(name);
}
