/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was imported, as a file for people and for kdumpd. */
#include "setup/import.h"

#include <errno.h>
#include <stdio.h>

#include "base/string-util.h"

/* Bytes of a value that a comment shows. */
#define SHOWN_MOST 160

static void put_source(FILE *f, const ImportItem *item) {
        char shown[SHOWN_MOST];

        if (item->line == 0) {
                (void)fprintf(f, "# %s\n", item->file);
                return;
        }
        strscpy(shown, sizeof(shown), strempty(item->value));
        (void)fprintf(f, "# %s:%u: %s%s%s%s\n", item->file, item->line, item->key,
                      item->value ? " = " : "", shown,
                      strlen(strempty(item->value)) >= SHOWN_MOST ? "..." : "");
}

static void put_note(FILE *f, const char *note) {
        (void)fprintf(f, "#   %s.\n", note);
}

/* The last of those that say the same setting. */
static const ImportItem *find_last(const Import *import, const char *section, const char *setting) {
        for (size_t i = import->n; i > 0; i--)
                if (import->items[i - 1].setting && streq(import->items[i - 1].setting, setting) &&
                    streq(import->items[i - 1].section, section))
                        return &import->items[i - 1];
        return NULL;
}

/* Lists grow from one line to the next. */
static bool is_part(const char *becomes, const char *last) {
        const char *rest = startswith(last, becomes);

        return rest && (*rest == '\0' || *rest == ' ');
}

static void put_setting(FILE *f, const Import *import, const ImportItem *last) {
        for (const ImportItem *item = import->items; item <= last; item++) {
                if (!item->setting || !streq(item->setting, last->setting))
                        continue;
                put_source(f, item);
                if (item->note)
                        put_note(f, item->note);
                if (!is_part(item->becomes, last->becomes))
                        put_note(f, "it is set again below, which counts");
        }
        (void)fprintf(f, "%s=%s\n", last->setting, last->becomes);
}

static void put_rest(FILE *f, const Import *import) {
        bool any = false;

        for (size_t i = 0; i < import->n; i++) {
                if (import->items[i].is_kept)
                        continue;
                if (!any)
                        (void)fputs("\n# Not carried over:\n", f);
                any = true;
                put_source(f, &import->items[i]);
                put_note(f, strempty(import->items[i].note));
        }
}

static void put_all(FILE *f, const Import *import) {
        const char *section, *key, *before = "", *file = "";

        (void)fputs("# Made by \"kdumpctl import\" of:\n", f);
        for (size_t i = 0; i < import->n; i++)
                if (!streq(import->items[i].file, file)) {
                        file = import->items[i].file;
                        (void)fprintf(f, "#   %s\n", file);
                }
        for (size_t i = 0; settings_key(i, &section, &key, NULL); i++) {
                const ImportItem *last = find_last(import, section, key);

                if (!last)
                        continue;
                if (!streq(section, before))
                        (void)fprintf(f, "\n[%s]\n", section);
                before = section;
                put_setting(f, import, last);
        }
        put_rest(f, import);
}

int import_format(const Import *import, char **ret) {
        char *text = NULL;
        size_t size;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        put_all(f, import);
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}
