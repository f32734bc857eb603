/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of kernel-install(8), systemd-boot(7) and ukify(1). */
#include "setup/entry-text.h"

#include <stdio.h>

#include "base/string-util.h"
#include "core/crashkernel.h"

char *cmdline_from_running(const char *running) {
        static const char *const added[] = { "BOOT_IMAGE=", "initrd=", "systemd.machine_id=",
                                             CRASHKERNEL_WORD };
        char *line = strdup(running);

        for (size_t i = 0; line && i < ELEMENTSOF(added); i++) {
                char *less = crashkernel_pick(line, added[i], false);

                free(line);
                line = less;
        }
        return line;
}

/* Takes the lines that are comments, newlines included, or all the others. */
static char *pick_lines(const char *text, bool comments) {
        char *picked = calloc(1, strlen(text) + 2), *to = picked;

        for (const char *line = text; picked && *line;) {
                size_t n = strcspn(line, "\n");

                if ((line[strspn(line, " \t")] == '#') == comments) {
                        to = mempcpy(to, line, n);
                        *to++ = '\n';
                }
                line += n + (line[n] == '\n');
        }
        return picked;
}

char *cmdline_with(const char *text, const char *word) {
        _cleanup_free_ char *comments = pick_lines(text, true), *lines = pick_lines(text, false);
        _cleanup_free_ char *others = lines ? crashkernel_strip(lines) : NULL;
        char *made;

        if (!comments || !others ||
            /* In front: behind a quote that nobody has closed, it would be no word. */
            asprintf(&made, "%s%s%s%s\n", comments, strempty(word), *others && word ? " " : "",
                     others) < 0)
                return NULL;
        return made;
}

char *cmdline_words(const char *text) {
        _cleanup_free_ char *lines = pick_lines(text, false);

        return lines ? crashkernel_words(lines) : NULL;
}

bool cmdline_has(const char *text, const char *prefix) {
        _cleanup_free_ char *lines = pick_lines(text, false);
        _cleanup_free_ char *words = lines ? crashkernel_pick(lines, prefix, true) : NULL;

        return words && words[0] != '\0';
}

char *entry_words(const char *text) {
        _cleanup_free_ char *options = calloc(1, strlen(text) + 1);
        char *to = options;

        for (const char *line = text; options && *line;) {
                size_t n = strcspn(line, "\n");
                const char *rest = startswith(line + strspn(line, " \t"), "options");

                if (rest && (*rest == ' ' || *rest == '\t'))
                        to = mempcpy(to, rest, (size_t)(line + n - rest));
                line += n + (line[n] == '\n');
        }
        return options ? crashkernel_words(options) : NULL;
}

char *ini_value(const char *text, const char *section, const char *key) {
        _cleanup_free_ char *copy = strdup(text);
        const char *found = "";
        bool is_inside = !section;
        char *save = NULL;

        if (!copy)
                return NULL;
        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *equals, *name;

                line[strcspn(line, "#")] = '\0';
                line = strstrip(line);
                if (line[0] == '[') {
                        size_t n = strlen(strempty(section));

                        is_inside = section && strncmp(line + 1, section, n) == 0 &&
                                    streq(line + 1 + n, "]");
                        continue;
                }
                equals = strchr(line, '=');
                if (!is_inside || !equals)
                        continue;
                *equals = '\0';
                name = strstrip(line);
                if (streq(name, key))
                        found = strstrip(equals + 1);
        }
        return strdup(found);
}
