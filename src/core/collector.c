/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the core collector: its words, its dump level, what it says. */
#include "core/collector.h"

#include <errno.h>
#include <stdio.h>

void words_free(char **words) {
        for (char **word = words; word && *word; word++)
                free(*word);
        free(words);
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies the word at *line to word, which has room, and moves on behind it. */
static int take_word(const char **line, char *word) {
        char quote = '\0';

        for (; **line && (quote || !is_blank(**line)); (*line)++) {
                if (quote && **line == quote)
                        quote = '\0';
                else if (!quote && (**line == '\'' || **line == '"'))
                        quote = **line;
                else {
                        if (**line == '\\' && quote != '\'' && (*line)[1] != '\0')
                                (*line)++;
                        *word++ = **line;
                }
        }
        *word = '\0';
        return quote ? -EINVAL : 0;
}

int collector_split(const char *line, char ***ret) {
        _cleanup_words_ char **words = calloc(COLLECTOR_WORDS_MOST + 1, sizeof(char *));
        _cleanup_free_ char *word = malloc(strlen(line) + 1);
        size_t n = 0;

        if (!words || !word)
                return -ENOMEM;
        for (;;) {
                while (is_blank(*line))
                        line++;
                if (*line == '\0')
                        break;
                if (n == COLLECTOR_WORDS_MOST)
                        return -E2BIG;
                if (take_word(&line, word) < 0)
                        return -EINVAL;
                words[n] = strdup(word);
                if (!words[n++])
                        return -ENOMEM;
        }
        if (n == 0)
                return -EINVAL;
        *ret = TAKE_PTR(words);
        return 0;
}

/* Options that take an argument, which may be the rest of their word; -d does, too. */
#define WITH_ARGUMENT "bgix"

/* Of one word: of letters, which may stand together in it, or of a name. */
static const char *other_use(const char *word) {
        static const char *const names[] = {
                "--split",   "--reassemble", "--dump-dmesg",   "--mem-usage",
                "--dry-run", "--help",       "--check-params",
        };
        static const char *const letters[] = { "-F", "-R", "-g", "-h", "-v" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(word, names[i]))
                        return names[i];
        if (word[0] != '-' || word[1] == '-')
                return NULL;
        for (const char *p = word + 1; *p; p++) {
                for (size_t i = 0; i < ELEMENTSOF(letters); i++)
                        if (*p == letters[i][1])
                                return letters[i];
                if (strchr("d" WITH_ARGUMENT, *p))
                        break;
        }
        return NULL;
}

const char *collector_other_use(char *const *words) {
        const char *found = NULL;

        if (!streq(path_name(words[0]), "makedumpfile"))
                return NULL;
        for (size_t i = 1; words[i] && !found; i++)
                found = other_use(words[i]);
        return found;
}

/* Where the level stands: the index of its word, or 0, with the offset in it. */
static size_t find_level(char *const *words, size_t *ret_offset) {
        for (size_t i = 1; words[i]; i++) {
                if (words[i][0] != '-' || words[i][1] == '-')
                        continue;
                /* Options without an argument may stand before it in one word: "-ld31". */
                for (size_t at = 1; words[i][at]; at++) {
                        if (strchr(WITH_ARGUMENT, words[i][at]))
                                break;
                        if (words[i][at] != 'd')
                                continue;
                        if (words[i][at + 1]) {
                                *ret_offset = at + 1;
                                return i;
                        }
                        *ret_offset = 0;
                        return words[i + 1] ? i + 1 : 0;
                }
        }
        return 0;
}

int collector_level(char *const *words, uint64_t *ret) {
        uint64_t level = 0;
        size_t i, offset;

        i = find_level(words, &offset);
        if (i == 0)
                return -ENOENT;
        for (const char *p = words[i] + offset;;) {
                char number[8];
                size_t n = strcspn(p, ",");
                uint64_t value;

                if (n >= sizeof(number))
                        return -ENOENT;
                memcpy(number, p, n);
                number[n] = '\0';
                if (parse_u64(number, 10, &value) < 0)
                        return -ENOENT;
                level |= value;
                if (p[n] == '\0')
                        break;
                p += n + 1;
        }
        *ret = level;
        return 0;
}

int collector_with(char *const *words, uint64_t level, const char *const *more, size_t n_more,
                   char ***ret) {
        _cleanup_words_ char **copy = NULL;
        size_t n = 0, at = 0, offset = 0;

        while (words[n])
                n++;
        copy = calloc(n + n_more + 1, sizeof(char *));
        if (!copy)
                return -ENOMEM;
        if (level != UINT64_MAX)
                at = find_level(words, &offset);
        for (size_t i = 0; i < n + n_more; i++) {
                if (i != 0 && i == at) {
                        copy[i] = malloc(offset + 24);
                        if (copy[i])
                                strscpyf(copy[i], offset + 24, "%.*s%llu", (int)offset, words[i],
                                         (unsigned long long)level);
                } else
                        copy[i] = strdup(i < n ? words[i] : more[i - n]);
                if (!copy[i])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(copy);
        return 0;
}

char *collector_join(char *const *words) {
        size_t size = 1;
        char *line;

        for (size_t i = 0; words[i]; i++)
                size += strlen(words[i]) + 1;
        line = calloc(1, size);
        if (!line)
                return NULL;
        for (size_t i = 0, at = 0; words[i]; i++) {
                size_t n = strlen(words[i]);

                if (i > 0)
                        line[at++] = ' ';
                memcpy(line + at, words[i], n);
                at += n;
        }
        return line;
}

/* "Write bytes     : 104695977" */
int collector_written(const char *line, uint64_t *ret) {
        const char *rest = startswith(line, "Write bytes");

        if (!rest)
                return -EINVAL;
        rest += strspn(rest, " ");
        if (*rest++ != ':')
                return -EINVAL;
        return parse_u64(rest + strspn(rest, " "), 10, ret);
}

bool collector_says_unknown(const char *text) {
        return strstr(text, "The kernel version is not supported.") ||
               strstr(text, "The makedumpfile operation may be incomplete.");
}
