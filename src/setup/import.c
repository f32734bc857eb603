/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of other kdump services as a drop-in for kdumpd.conf. */
#include "setup/import.h"

#include <errno.h>

#include "base/array.h"
#include "base/string-util.h"
#include "setup/import-private.h"

void import_done(Import *import) {
        for (size_t i = 0; i < import->n; i++) {
                free(import->items[i].file);
                free(import->items[i].key);
                free(import->items[i].value);
                free(import->items[i].becomes);
                free(import->items[i].note);
        }
        free(import->items);
        *import = (Import){ 0 };
}

/* --- Fedora's kdump.conf --- */

static int add_line(ShellFile *file, const char *start, size_t length, unsigned line) {
        const char *comment = memchr(start, '#', length);
        _cleanup_free_ char *copy = strndup(start, comment ? (size_t)(comment - start) : length);
        char *key, *value;
        ShellVariable *v;

        if (!copy)
                return -ENOMEM;
        key = strstrip(copy);
        if (*key == '\0')
                return 0;
        if (file->n >= SHELL_VARIABLES_MOST)
                return -E2BIG;
        v = ARRAY_ADD(file->items, file->n);
        if (!v)
                return -ENOMEM;
        value = key + strcspn(key, " \t");
        v->line = line;
        v->name = strndup(key, MIN((size_t)(value - key), (size_t)SHELL_NAME_LONGEST));
        v->value = strdup(value + strspn(value, " \t"));
        return v->name && v->value ? 0 : -ENOMEM;
}

/* Lines of a word and the rest of the line; "#" anywhere begins a comment. */
static int parse_kdump_conf(const char *text, size_t size, ShellFile *ret) {
        ShellFile file = { 0 };
        unsigned line = 1;
        int r = 0;

        if (size > 0 && memchr(text, '\0', size))
                return -EBADMSG;
        for (size_t at = 0; r >= 0 && at < size; line++) {
                const char *end = memchr(text + at, '\n', size - at);
                size_t length = end ? (size_t)(end - text) - at : size - at;

                r = add_line(&file, text + at, length, line);
                at += length + 1;
        }
        if (r < 0) {
                shell_file_done(&file);
                return r;
        }
        *ret = file;
        return 0;
}

static int parse(ImportKind kind, const char *text, size_t size, ShellFile *ret) {
        return kind == IMPORT_KDUMP_CONF ? parse_kdump_conf(text, size, ret)
                                         : shell_file_parse(text, size, ret);
}

static const ImportRow *find_row(ImportKind kind, const char *key) {
        for (const ImportRow *row = import_rows(kind); row->key; row++)
                if (streq(row->key, key))
                        return row;
        return NULL;
}

int import_detect(const char *text, size_t size) {
        int best = -ENOENT;
        size_t most = 0;

        for (unsigned kind = 0; kind < _IMPORT_KIND_MAX; kind++) {
                ShellFile file = { 0 };
                size_t n = 0;

                if (parse(kind, text, size, &file) < 0)
                        continue;
                for (size_t i = 0; i < file.n; i++)
                        n += file.items[i].name && find_row(kind, file.items[i].name) ? 1 : 0;
                shell_file_done(&file);
                if (n > most) {
                        most = n;
                        best = (int)kind;
                }
        }
        return best;
}

/* --- from keys to settings --- */

/* Whether the value would be cut where kdumpd.conf has a comment begin. */
static bool has_comment(const char *value) {
        bool quoted = false;

        for (const char *p = value; *p; p++) {
                if (*p == '"')
                        quoted = !quoted;
                if (*p == '#' && !quoted && (p == value || p[-1] == ' ' || p[-1] == '\t'))
                        return true;
        }
        return false;
}

/* Whatever is carried over is something that kdumpd takes as it stands. */
static int check(ImportItem *item) {
        Settings settings = { 0 };
        Error error;
        int r;

        r = settings_init(&settings);
        if (r < 0)
                return r;
        r = settings_set(&settings, item->section, item->setting, item->becomes, &error);
        settings_done(&settings);
        if (r == -ENOMEM)
                return r;
        if (r >= 0 && !has_comment(item->becomes) && strlen(item->becomes) <= SHELL_VALUE_LONGEST)
                return 0;
        if (r >= 0)
                strscpy(error.text, sizeof(error.text), "\"#\" begins a comment there");
        free(item->becomes);
        item->becomes = NULL;
        return import_note(item, "%s= of kdumpd.conf does not take it: %s", item->setting,
                           error.text);
}

static int apply(const ImportContext *context, const ImportRow *row, const ShellVariable *v,
                 ImportItem *item) {
        _cleanup_free_ char *value = strdup(strempty(v->value));
        int r;

        if (!value)
                return -ENOMEM;
        if (!row)
                return import_note(item, "it is not known here; kdumpd.conf(5) has all settings");
        if (!v->value)
                return import_note(item, "%s: write the value%s%s%s yourself", v->why,
                                   row->setting ? " into " : "", strempty(row->setting),
                                   row->setting ? "=" : "");
        if (!row->rule)
                return import_note(item, "%s", row->note);
        item->section = row->section;
        item->setting = row->setting;
        r = row->rule(context, row, strstrip(value), item);
        if (r >= 0 && item->becomes)
                r = check(item);
        return r;
}

/* A URL may have one in it. */
static bool has_password(const char *value) {
        const char *url = strstr(value, "://");

        return url && strchr(url, '@');
}

/* What the same key of the same file said before does not count any more. */
static int void_earlier(Import *import, const char *name, const ShellVariable *v) {
        for (size_t i = 0; i < import->n; i++) {
                ImportItem *item = &import->items[i];

                if (!item->is_kept || !streq(item->file, name) || !streq(item->key, v->name))
                        continue;
                item->is_kept = false;
                item->section = item->setting = NULL;
                if (import_note(item, "it is set again in line %u, %s", v->line,
                                v->value ? "to nothing" : "to what is not known here") < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int add_item(const ImportContext *context, ImportKind kind, const char *name,
                    const ShellVariable *v) {
        const ImportRow *row = v->name ? find_row(kind, v->name) : NULL;
        bool is_empty = v->name && v->value && v->value[strspn(v->value, " ")] == '\0';
        ImportItem *item;
        int r;

        if (v->name && (is_empty || (!v->value && !v->is_conditional)) &&
            void_earlier(context->import, name, v) < 0)
                return -ENOMEM;
        if (is_empty)
                return 0;
        item = ARRAY_ADD(context->import->items, context->import->n);
        if (!item)
                return -ENOMEM;
        item->line = v->line;
        item->file = strdup(name);
        item->key = strdup(v->name ?: "(a command)");
        if (!item->file || !item->key)
                return -ENOMEM;
        utf8_mend(item->file);
        utf8_mend(item->key);
        if (v->value && !(row && row->is_secret) && !has_password(v->value)) {
                item->value = strdup(v->value);
                if (!item->value)
                        return -ENOMEM;
                utf8_mend(item->value);
        }
        if (!v->name)
                return import_note(
                        item, "%s, and nothing is run here: see whether it sets anything", v->why);
        r = apply(context, row, v, item);
        if (!item->becomes)
                item->section = item->setting = NULL;
        item->is_kept = item->becomes;
        return r;
}

int import_add_program(Import *import, const char *path, bool is_post) {
        ImportItem *item = ARRAY_ADD(import->items, import->n);

        if (!item)
                return -ENOMEM;
        item->file = strdup(path);
        item->key = strdup(is_post ? "kdump_post" : "kdump_pre");
        if (!item->file || !item->key)
                return -ENOMEM;
        utf8_mend(item->file);
        return import_note(item,
                           "%s= is one program: have it run this one, and name both in "
                           "ExtraFiles=",
                           is_post ? "PostScript" : "PreScript");
}

int import_add(Import *import, ImportKind kind, const char *name, const char *text, size_t size) {
        ShellFile file = { 0 };
        ImportContext context = { .import = import, .file = &file };
        int r;

        r = parse(kind, text, size, &file);
        if (r < 0)
                return r;
        context.is_remote = import_is_remote(kind, &file);
        import->is_off |= import_is_off(kind, &file);
        import->panic_on_oops |= import_panics_on_oops(kind, &file);
        for (size_t i = 0; i < file.n && r >= 0; i++)
                r = add_item(&context, kind, name, &file.items[i]);
        shell_file_done(&file);
        return r;
}
