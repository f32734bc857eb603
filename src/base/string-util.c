/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings and numbers: comparison, parsing with errors, name tables. */
#include "base/string-util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *strstrip(char *s) {
        size_t n;

        while (is_blank(*s))
                s++;
        n = strlen(s);
        while (n > 0 && is_blank(s[n - 1]))
                n--;
        s[n] = '\0';
        return s;
}

static int digit_value(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -EINVAL;
}

int parse_u64(const char *s, unsigned base, uint64_t *ret) {
        uint64_t value = 0;

        if (base == 16 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
                s += 2;
        if (*s == '\0')
                return -EINVAL;
        for (; *s; s++) {
                int d = digit_value(*s);

                if (d < 0 || (unsigned)d >= base)
                        return -EINVAL;
                if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
                    __builtin_add_overflow(value, (uint64_t)d, &value))
                        return -ERANGE;
        }
        *ret = value;
        return 0;
}

int parse_u32(const char *s, unsigned base, uint32_t *ret) {
        uint64_t value;
        int r;

        r = parse_u64(s, base, &value);
        if (r < 0)
                return r;
        if (value > UINT32_MAX)
                return -ERANGE;
        *ret = (uint32_t)value;
        return 0;
}

int parse_boolean(const char *s) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0)
                        return 1;
                if (strcasecmp(s, no[i]) == 0)
                        return 0;
        }
        return -EINVAL;
}

int name_table_lookup(const char *const *table, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (table[i] && streq(table[i], name))
                        return (int)i;
        return -EINVAL;
}

/* The length of s cut to at most n bytes without splitting a UTF-8 sequence. */
static size_t utf8_cut(const char *s, size_t n) {
        while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
                n--;
        return n;
}

void strscpy(char *dst, size_t size, const char *src) {
        size_t n = strnlen(src, size);

        if (size == 0)
                return;
        if (n == size)
                n = utf8_cut(src, size - 1);
        memmove(dst, src, n);
        dst[n] = '\0';
}

void strscpyf(char *dst, size_t size, const char *format, ...) {
        va_list ap;
        int n;

        if (size == 0)
                return;
        va_start(ap, format);
        n = vsnprintf(dst, size, format, ap);
        va_end(ap);
        if (n < 0)
                dst[0] = '\0';
        else if ((size_t)n >= size) {
                /* What was cut is gone, so look at the tail: drop a sequence that did not end. */
                size_t end = size - 1, start = end;

                while (start > 0 && ((unsigned char)dst[start - 1] & 0xc0) == 0x80)
                        start--;
                if (start > 0 && (unsigned char)dst[start - 1] >= 0xc0) {
                        unsigned char lead = (unsigned char)dst[start - 1];
                        size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

                        if (end - (start - 1) < want)
                                end = start - 1;
                }
                dst[end] = '\0';
        }
}

/* Characters that nobody sees, and that make a line read as another one: they end it, turn its
 * direction, or hide in it (Unicode's class Cf, but for the joiners and the signs of numbers that
 * some scripts need). */
static bool is_mark(uint32_t c) {
        static const struct {
                uint32_t first, last;
        } marks[] = {
                { 0xad, 0xad },       { 0x61c, 0x61c },     { 0x180e, 0x180e },
                { 0x200b, 0x200b },   { 0x200e, 0x200f },   { 0x2028, 0x202e },
                { 0x2060, 0x206f },   { 0xfeff, 0xfeff },   { 0xfff9, 0xfffb },
                { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
        };

        for (size_t i = 0; i < ELEMENTSOF(marks); i++)
                if (c >= marks[i].first && c <= marks[i].last)
                        return true;
        return false;
}

/* The length of the character that s begins with; 0 if it is none that a line of text may hold. */
static size_t utf8_character(const char *s) {
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        unsigned char lead = (unsigned char)s[0];
        size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        uint32_t c;

        if (lead < 0x80)
                return lead == '\t' || (lead >= 0x20 && lead != 0x7f);
        if (lead < 0xc0 || lead >= 0xf8)
                return 0;
        c = lead & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                /* A string that ends here has its NUL here. */
                if (((unsigned char)s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | ((unsigned char)s[i] & 0x3f);
        }
        if (c < least[n] || c < 0xa0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
            (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe || is_mark(c))
                return 0;
        return n;
}

void utf8_mend(char *s) {
        while (*s) {
                size_t n = utf8_character(s);

                if (n == 0)
                        *s++ = '?';
                else
                        s += n;
        }
}
