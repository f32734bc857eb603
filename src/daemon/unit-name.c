/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of systemd's units. */
#include "daemon/unit-name.h"

#include <errno.h>
#include <stdbool.h>

#include "base/string-util.h"

typedef struct Name {
        char *buf;
        size_t n;
        bool cut;
} Name;

static void put(Name *name, const char *text) {
        for (; *text; text++) {
                if (name->n + 1 >= UNIT_NAME_MAX) {
                        name->cut = true;
                        return;
                }
                name->buf[name->n++] = *text;
        }
        name->buf[name->n] = '\0';
}

static bool is_plain(char c, bool first) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == ':' || c == '_' || (c == '.' && !first);
}

static void put_escaped(Name *name, char c, bool first) {
        static const char digits[] = "0123456789abcdef";
        const char escape[] = { '\\', 'x', digits[(unsigned char)c >> 4],
                                digits[(unsigned char)c & 15], '\0' };
        const char plain[] = { c, '\0' };

        put(name, is_plain(c, first) ? plain : escape);
}

int unit_name_for_path(char buf[static UNIT_NAME_MAX], const char *prefix, const char *path) {
        Name name = { .buf = buf };
        bool first = true;

        put(&name, prefix);
        put(&name, "@");
        path += strspn(path, "/");
        if (*path == '\0')
                put(&name, "-");
        while (*path) {
                size_t slashes = strspn(path, "/");

                if (slashes > 0) {
                        path += slashes;
                        if (*path)
                                put(&name, "-");
                        continue;
                }
                put_escaped(&name, *path++, first);
                first = false;
        }
        put(&name, ".service");
        return name.cut ? -ENAMETOOLONG : 0;
}
