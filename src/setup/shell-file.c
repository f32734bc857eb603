/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of settings that a shell reads, parsed. */
#include "setup/shell-file.h"

#include <errno.h>

#include "base/array.h"
#include "base/string-util.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static const char why_command[] = "it takes the output of a command";
static const char why_reference[] = "it refers to a variable that the file does not set";
static const char why_expansion[] = "only a shell could work it out";
static const char why_condition[] = "it stands under a condition";
static const char why_quote[] = "a quote does not end";
static const char why_long[] = "it is too long for any setting";
static const char why_other[] = "it is no assignment";
static const char why_command_follows[] = "it is set for one command only";
static const char why_array[] = "it is an array";
static const char why_control[] = "it has control characters";

typedef struct Parser {
        const char *p, *end;
        unsigned line;
        unsigned depth; /* of if, case, loops and braces */
        ShellFile *file;
} Parser;

/* A value that is being put together. */
typedef struct Word {
        char text[SHELL_VALUE_LONGEST + 1];
        size_t n;
        const char *why; /* it is not known */
} Word;

static int peek(const Parser *parser) {
        return parser->p < parser->end ? (unsigned char)*parser->p : -1;
}

static int take(Parser *parser) {
        int c = peek(parser);

        if (c < 0)
                return c;
        parser->p++;
        if (c == '\n')
                parser->line++;
        return c;
}

static void add(Word *word, int c) {
        if (c == '\n' || c == '\t' || c == '\r')
                c = ' ';
        if ((c > 0 && c < ' ') || c == 0x7f)
                word->why = word->why ?: why_control;
        else if (word->n < SHELL_VALUE_LONGEST)
                word->text[word->n++] = (char)c;
        else
                word->why = word->why ?: why_long;
}

static bool is_blank(int c) {
        return c == ' ' || c == '\t' || c == '\r';
}

static size_t name_length(const char *p, const char *end) {
        size_t n = 0;

        while (p + n < end && p[n] != '\0' && strchr(NAME_CHARACTERS, p[n]))
                n++;
        return n > 0 && p[0] >= '0' && p[0] <= '9' ? 0 : n;
}

static const ShellVariable *find(const ShellFile *file, const char *name, size_t length) {
        for (size_t i = file->n; i > 0; i--) {
                const ShellVariable *v = &file->items[i - 1];

                if (v->name && strlen(v->name) == length && memcmp(v->name, name, length) == 0)
                        return v;
        }
        return NULL;
}

static void add_reference(Parser *parser, Word *word, const char *name, size_t length) {
        const ShellVariable *v = find(parser->file, name, length);

        if (!v || !v->value) {
                word->why = word->why ?: v ? v->why : why_reference;
                return;
        }
        for (const char *p = v->value; *p; p++)
                add(word, (unsigned char)*p);
}

/* Up to the bracket that closes the one that was taken; quotes and brackets in it count. */
static void skip_brackets(Parser *parser, int open, int close) {
        unsigned depth = 1;
        int c, quote = 0;

        while (depth > 0 && (c = take(parser)) >= 0) {
                if (c == '\\')
                        (void)take(parser);
                else if (quote)
                        quote = c == quote ? 0 : quote;
                else if (c == '\'' || c == '"')
                        quote = c;
                else if (c == open)
                        depth++;
                else if (c == close)
                        depth--;
        }
}

/* Behind a "$". */
static void take_dollar(Parser *parser, Word *word) {
        size_t n;

        switch (peek(parser)) {
        case '(':
                (void)take(parser);
                skip_brackets(parser, '(', ')');
                word->why = word->why ?: why_command;
                return;
        case '{':
                (void)take(parser);
                n = name_length(parser->p, parser->end);
                if (n > 0 && parser->p + n < parser->end && parser->p[n] == '}') {
                        add_reference(parser, word, parser->p, n);
                        parser->p += n + 1;
                        return;
                }
                skip_brackets(parser, '{', '}');
                word->why = word->why ?: why_expansion;
                return;
        default:
                break;
        }
        n = name_length(parser->p, parser->end);
        if (n > 0) {
                add_reference(parser, word, parser->p, n);
                parser->p += n;
        } else if (peek(parser) > ' ' && strchr("0123456789@*#?$!-'", peek(parser)))
                word->why = word->why ?: why_expansion;
        else
                add(word, '$');
}

static void take_backquotes(Parser *parser, Word *word) {
        int c;

        word->why = word->why ?: why_command;
        while ((c = take(parser)) >= 0 && c != '`')
                if (c == '\\')
                        (void)take(parser);
}

static void take_double_quotes(Parser *parser, Word *word) {
        int c;

        while ((c = take(parser)) >= 0 && c != '"') {
                if (c == '$')
                        take_dollar(parser, word);
                else if (c == '`')
                        take_backquotes(parser, word);
                else if (c != '\\')
                        add(word, c);
                else if (peek(parser) == '\n')
                        (void)take(parser);
                else if (peek(parser) > 0 && strchr("$`\"\\", peek(parser)))
                        add(word, take(parser));
                else
                        add(word, c);
        }
        if (c < 0)
                word->why = why_quote;
}

static void take_single_quotes(Parser *parser, Word *word) {
        int c;

        while ((c = take(parser)) >= 0 && c != '\'')
                add(word, c);
        if (c < 0)
                word->why = why_quote;
}

/* Up to a blank, the end of the line, or what ends a command. */
static void take_word(Parser *parser, Word *word) {
        for (;;) {
                int c = peek(parser);

                if (c < 0 || c == '\n' || is_blank(c) || strchr(";&|<>)", c))
                        return;
                (void)take(parser);
                if (c == '\'')
                        take_single_quotes(parser, word);
                else if (c == '"')
                        take_double_quotes(parser, word);
                else if (c == '$')
                        take_dollar(parser, word);
                else if (c == '`')
                        take_backquotes(parser, word);
                else if (c == '(') {
                        skip_brackets(parser, '(', ')');
                        word->why = word->why ?: why_array;
                } else if (c != '\\')
                        add(word, c);
                else if (peek(parser) == '\n')
                        (void)take(parser);
                else if (peek(parser) >= 0)
                        add(word, take(parser));
        }
}

static void skip_blanks(Parser *parser) {
        for (;;) {
                if (is_blank(peek(parser)))
                        (void)take(parser);
                else if (peek(parser) == '\\' && parser->p + 1 < parser->end &&
                         parser->p[1] == '\n') {
                        (void)take(parser);
                        (void)take(parser);
                } else
                        return;
        }
}

static void skip_line(Parser *parser) {
        while (peek(parser) >= 0 && peek(parser) != '\n')
                (void)take(parser);
}

/* The rest of a command: true if there is anything but a comment. A ";" ends it. */
static bool skip_rest(Parser *parser) {
        bool anything = false;

        for (;;) {
                Word ignored;

                skip_blanks(parser);
                if (peek(parser) == '#')
                        skip_line(parser);
                if (peek(parser) < 0 || peek(parser) == '\n')
                        return anything;
                if (peek(parser) == ';') {
                        while (peek(parser) == ';')
                                (void)take(parser);
                        return anything;
                }
                anything = true;
                ignored.n = 0;
                ignored.why = NULL;
                take_word(parser, &ignored);
                if (peek(parser) > 0 && strchr("&|<>)", peek(parser)))
                        (void)take(parser);
        }
}

static int add_variable(Parser *parser, const char *name, size_t length, unsigned line,
                        const Word *word) {
        ShellVariable *v;

        if (parser->file->n >= SHELL_VARIABLES_MOST)
                return -E2BIG;
        v = ARRAY_ADD(parser->file->items, parser->file->n);
        if (!v)
                return -ENOMEM;
        *v = (ShellVariable){ .line = line, .why = word->why, .is_conditional = parser->depth > 0 };
        v->name = name ? strndup(name, MIN(length, (size_t)SHELL_NAME_LONGEST)) : NULL;
        v->value = name && !word->why ? strndup(word->text, word->n) : NULL;
        return (name && !v->name) || (name && !word->why && !v->value) ? -ENOMEM : 0;
}

/* Behind "NAME=" or "NAME+=". Further assignments may follow on the line. */
static int take_assignment(Parser *parser, const char *name, size_t length, bool adds) {
        unsigned line = parser->line;
        Word word;
        size_t n;

        word.n = 0;
        word.why = parser->depth > 0 ? why_condition : NULL;
        if (adds)
                add_reference(parser, &word, name, length);
        take_word(parser, &word);
        skip_blanks(parser);
        n = name_length(parser->p, parser->end);
        if ((n == 0 || parser->p + n == parser->end || parser->p[n] != '=') && skip_rest(parser))
                word.why = word.why ?: why_command_follows;
        return add_variable(parser, name, length, line, &word);
}

static bool is_word(const char *p, size_t length, const char *const *list) {
        for (size_t i = 0; list[i]; i++)
                if (strlen(list[i]) == length && memcmp(p, list[i], length) == 0)
                        return true;
        return false;
}

static bool ends_in_brace(const char *start, const char *end) {
        while (end > start && strchr(" \t\r\n", end[-1]))
                end--;
        return end > start && end[-1] == '{';
}

/* Any other command. */
static int take_other(Parser *parser) {
        static const char *const opens[] = { "if", "case", "for", "while", "until", "{", NULL };
        static const char *const closes[] = { "fi", "esac", "done", "}", NULL };
        static const char *const within[] = { "then", "else", "do", "elif", NULL };
        static const Word other = { .why = why_other };
        const char *start = parser->p;
        unsigned line = parser->line;
        size_t n = 0;

        while (start + n < parser->end && !strchr(" \t\r\n;", start[n]))
                n++;
        if (is_word(start, n, within)) {
                /* What follows on the same line is a command of its own. */
                parser->p += n;
                return 0;
        }
        if (is_word(start, n, closes)) {
                parser->depth -= parser->depth > 0 ? 1 : 0;
                (void)skip_rest(parser);
                return 0;
        }
        if (is_word(start, n, opens))
                parser->depth++;
        if (!skip_rest(parser) && parser->p == start)
                (void)take(parser);
        /* A function is a condition, too: nobody knows whether it is called. */
        if (!is_word(start, n, opens) && ends_in_brace(start, parser->p))
                parser->depth++;
        return add_variable(parser, NULL, 0, line, &other);
}

static int take_statement(Parser *parser) {
        static const char *const prefixes[] = { "export", "readonly", "declare", "typeset", NULL };
        size_t n;

        n = name_length(parser->p, parser->end);
        if (is_word(parser->p, n, prefixes) && parser->p + n < parser->end &&
            is_blank((unsigned char)parser->p[n])) {
                parser->p += n;
                skip_blanks(parser);
                n = name_length(parser->p, parser->end);
                /* "export NAME" says nothing new. */
                if (n > 0 && (parser->p + n == parser->end || strchr("\r\n;", parser->p[n]))) {
                        parser->p += n;
                        return 0;
                }
        }
        if (n > 0 && parser->p + n < parser->end) {
                const char *name = parser->p;
                bool adds = name[n] == '+' && name + n + 1 < parser->end && name[n + 1] == '=';

                if (name[n] == '=' || adds) {
                        parser->p += n + (adds ? 2 : 1);
                        return take_assignment(parser, name, n, adds);
                }
        }
        return take_other(parser);
}

int shell_file_parse(const char *text, size_t size, ShellFile *ret) {
        ShellFile file = { 0 };
        Parser parser = { .p = text, .end = text + size, .line = 1, .file = &file };
        int r = 0;

        if (size > 0 && memchr(text, '\0', size))
                return -EBADMSG;
        while (r >= 0 && peek(&parser) >= 0) {
                int c = peek(&parser);

                if (c == '\n' || is_blank(c) || c == ';')
                        (void)take(&parser);
                else if (c == '#')
                        skip_line(&parser);
                else
                        r = take_statement(&parser);
        }
        if (r < 0) {
                shell_file_done(&file);
                return r;
        }
        *ret = file;
        return 0;
}

void shell_file_done(ShellFile *file) {
        for (size_t i = 0; i < file->n; i++) {
                free(file->items[i].name);
                free(file->items[i].value);
        }
        free(file->items);
        *file = (ShellFile){ 0 };
}

const ShellVariable *shell_file_find(const ShellFile *file, const char *name) {
        return find(file, name, strlen(name));
}
