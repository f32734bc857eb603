/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the rows of the import are written with. */
#include "setup/import-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/string-util.h"

static int replace(char **field, const char *format, va_list ap) _printf_(2, 0);

static int replace(char **field, const char *format, va_list ap) {
        char *text;

        if (vasprintf(&text, format, ap) < 0)
                return -ENOMEM;
        free(*field);
        *field = text;
        return 0;
}

int import_note(ImportItem *item, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = replace(&item->note, format, ap);
        va_end(ap);
        return r;
}

int import_become(ImportItem *item, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = replace(&item->becomes, format, ap);
        va_end(ap);
        return r;
}

const char *import_value(const ShellFile *file, const char *key) {
        const ShellVariable *v = shell_file_find(file, key);

        return v ? strempty(v->value) : "";
}
