/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pages makedumpfile may be asked to leave out of the dump of a kernel. */
#include "core/dump-level.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/string-util.h"
#include "core/kernel-release.h"

typedef struct Line {
        const char *text;
        size_t size;               /* without the newline */
        char name[LEVEL_NAME_MAX]; /* "" if it says nothing of pages */
} Line;

/* The name in "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129" (kernel/vmcore_info.c, formerly
 * kernel/crash_core.c), if it is one of a page, or of what pages are made into. */
static void take_name(Line *line) {
        static const char *const kinds[] = { "NUMBER(", "OFFSET(", "SIZE(", "LENGTH(" };
        static const char *const about_pages[] = { "page.",  "PG_",  "PAGE_",
                                                   "folio.", "slab", "HUGETLB_" };
        const char *name = NULL, *end;

        line->name[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(kinds) && !name; i++)
                if (line->size > strlen(kinds[i]) &&
                    memcmp(line->text, kinds[i], strlen(kinds[i])) == 0)
                        name = line->text + strlen(kinds[i]);
        end = name ? memchr(name, ')', line->size - (size_t)(name - line->text)) : NULL;
        if (!end || (size_t)(end - name) >= sizeof(line->name))
                return;
        for (size_t i = 0; i < ELEMENTSOF(about_pages); i++)
                if (strncmp(name, about_pages[i], strlen(about_pages[i])) == 0)
                        strscpyf(line->name, sizeof(line->name), "%.*s", (int)(end - name), name);
}

/* The line at *info, which moves on behind it. */
static bool next_line(const char **info, Line *ret) {
        if (**info == '\0')
                return false;
        *ret = (Line){ .text = *info, .size = strcspn(*info, "\n") };
        *info += ret->size + ((*info)[ret->size] == '\n');
        take_name(ret);
        return true;
}

static bool is_release(const Line *line) {
        return strncmp(line->text, "OSRELEASE=", strlen("OSRELEASE=")) == 0;
}

int level_info(const char *info, char **ret) {
        char *lines = calloc(1, strlen(info) + 2), *to = lines;
        Line line;

        if (!lines)
                return -ENOMEM;
        while (next_line(&info, &line))
                if (line.name[0] != '\0' || is_release(&line)) {
                        memcpy(to, line.text, line.size);
                        to += line.size;
                        *to++ = '\n';
                }
        *ret = lines;
        return 0;
}

static bool is_part_of_name(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.';
}

/* Whether a file holds a name, and not only a longer one that it is a part of. */
static bool holds(const char *program, size_t size, const char *name) {
        size_t n = strlen(name);

        for (const char *at = program; (size_t)(program + size - at) >= n; at++) {
                at = memmem(at, (size_t)(program + size - at), name, n);
                if (!at)
                        return false;
                if ((at == program || !is_part_of_name(at[-1])) &&
                    (at + n == program + size || !is_part_of_name(at[n])))
                        return true;
        }
        return false;
}

#define VERSION_TEXT "makedumpfile: version "

/* The version that a file of makedumpfile says, which it holds as one text: 1.7.6 is 10706. Returns
 * 0 if the file is another program's. */
static unsigned program_version(const char *program, size_t size) {
        const char *at = memmem(program, size, VERSION_TEXT, strlen(VERSION_TEXT));
        unsigned parts[3] = { 0 };

        if (!at)
                return 0;
        at += strlen(VERSION_TEXT);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                for (; at < program + size && *at >= '0' && *at <= '9' && parts[i] < 100; at++)
                        parts[i] = parts[i] * 10 + (unsigned)(*at - '0');
                if (at == program + size || *at != '.')
                        break;
                at++;
        }
        return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

/* What changed its meaning, and not its name. */
static void check_version(const char *info, unsigned version, LevelCheck *check) {
        bool is_since_6_11 = false, is_since_6_2 = false;
        char text[128];
        Line line;

        while (next_line(&info, &line)) {
                strscpyf(text, sizeof(text), "%.*s", (int)MIN(line.size, sizeof(text)), line.text);
                /* PGTY_buddy << 24 in include/linux/page-flags.h; -129 before. */
                if (streq(text, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456"))
                        is_since_6_11 = true;
                else if (is_release(&line))
                        is_since_6_2 = !kernel_release_before(text + strlen("OSRELEASE="), 6, 2);
        }
        /* Its test for slab pages takes free ones for them. */
        check->is_blind = is_since_6_11 && version == 10706;
        /* It takes slab pages for a program's where struct slab has its list. */
        if (is_since_6_2 && version < 10703)
                check->verdict = LEVEL_LOSES_PAGES;
}

void level_check(const char *info, const void *program, size_t size, LevelCheck *ret) {
        unsigned version = program_version(program, size);
        bool is_makedumpfile = version != 0;
        const char *rest = info;
        Line line;

        *ret = (LevelCheck){ .verdict = LEVEL_NOT_KNOWN };
        while (next_line(&rest, &line)) {
                if (line.name[0] == '\0')
                        continue;
                if (ret->verdict == LEVEL_NOT_KNOWN)
                        ret->verdict = LEVEL_SAFE;
                if (holds(program, size, line.name)) {
                        is_makedumpfile = true;
                        continue;
                }
                /* Pages that guests of a confidential host have not accepted: nobody's, and few. */
                if (ret->verdict == LEVEL_LOSES_PAGES ||
                    streq(line.name, "PAGE_UNACCEPTED_MAPCOUNT_VALUE"))
                        continue;
                ret->verdict = LEVEL_LOSES_PAGES;
                strscpy(ret->unknown, sizeof(ret->unknown), line.name);
        }
        /* A script around it, or another program, holds none of the names. */
        if (!is_makedumpfile)
                *ret = (LevelCheck){ .verdict = LEVEL_NOT_KNOWN };
        else if (version != 0 && ret->verdict != LEVEL_NOT_KNOWN)
                check_version(info, version, ret);
}

uint64_t level_safe(const LevelCheck *check, uint64_t configured) {
        return check->verdict == LEVEL_LOSES_PAGES ? configured & ~DUMP_LEVEL_USER : configured;
}

const char *level_reason(const LevelCheck *check, uint64_t configured,
                         char buf[static LEVEL_REASON_MAX]) {
        bool loses = check->verdict == LEVEL_LOSES_PAGES && (configured & DUMP_LEVEL_USER);
        bool is_blind = check->is_blind && (configured & DUMP_LEVEL_FREE);

        buf[0] = '\0';
        if (loses && check->unknown[0] != '\0')
                strscpyf(buf, LEVEL_REASON_MAX,
                         "makedumpfile does not know %s of this kernel and would take pages of the "
                         "kernel for a program's, so that those of programs are kept",
                         check->unknown);
        else if (loses)
                strscpy(buf, LEVEL_REASON_MAX,
                        "makedumpfile is older than 1.7.3 and would take pages of this kernel for "
                        "a program's, so that those of programs are kept");
        if (is_blind)
                strscpyf(buf + strlen(buf), LEVEL_REASON_MAX - strlen(buf),
                         "%smakedumpfile 1.7.6 does not recognize free pages of this kernel, so "
                         "that they are kept, too (1.7.7 does)",
                         loses ? "; " : "");
        return buf;
}

const char *level_contents(uint64_t level, bool is_blind, char buf[static LEVEL_CONTENTS_MAX]) {
        const char *parts[4] = { "the kernel's memory" };
        size_t n = 1;

        if (!(level & DUMP_LEVEL_USER))
                parts[n++] = "that of programs";
        if (!(level & DUMP_LEVEL_CACHE_PRIVATE))
                parts[n++] = level & DUMP_LEVEL_CACHE ? "some cached files" : "cached files";
        if (!(level & DUMP_LEVEL_FREE) || is_blind)
                parts[n++] = "free memory";
        buf[0] = '\0';
        for (size_t i = 0; i < n; i++)
                strscpyf(buf + strlen(buf), LEVEL_CONTENTS_MAX - strlen(buf), "%s%s",
                         i == 0       ? ""
                         : i + 1 == n ? " and "
                                      : ", ",
                         parts[i]);
        return buf;
}

uint64_t level_dump_bytes(const MemoryUse *use, uint64_t level, bool is_blind) {
        uint64_t bytes = use->total;

        if ((level & DUMP_LEVEL_FREE) && !is_blind)
                bytes = sub_saturated(bytes, use->free);
        if (level & (DUMP_LEVEL_CACHE | DUMP_LEVEL_CACHE_PRIVATE))
                bytes = sub_saturated(bytes, use->cache);
        if (level & DUMP_LEVEL_USER)
                bytes = sub_saturated(bytes, use->user);
        return bytes;
}
