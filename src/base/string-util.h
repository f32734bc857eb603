/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings and numbers: comparison, parsing with errors, name tables. Pure: core/ may use it. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

static inline void freep(void *p) {
        free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

/* Equal, where NULL equals only NULL. */
static inline bool streq_ptr(const char *a, const char *b) {
        return a && b ? streq(a, b) : a == b;
}

static inline const char *strempty(const char *s) {
        return s ?: "";
}

static inline bool isempty(const char *s) {
        return !s || s[0] == '\0';
}

/* The rest of s after prefix, or NULL if s does not start with it. */
static inline const char *startswith(const char *s, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

static inline bool endswith(const char *s, const char *suffix) {
        size_t n = strlen(s), m = strlen(suffix);

        return n >= m && streq(s + n - m, suffix);
}

/* Whether there are size bytes, and all of them are 0. */
static inline bool is_all_zero(const void *data, size_t size) {
        const char *p = data;

        return size > 0 && p[0] == '\0' && memcmp(p, p + 1, size - 1) == 0;
}

/* The last part of a path, which need not have another one. */
static inline const char *path_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* Cuts white space (space, \t, \r, \n) off both ends, in place; returns the new start. */
char *strstrip(char *s);

/* Parses the whole of s as a decimal number without sign or blanks. base is 10 or 16; with 16 a
 * leading 0x is accepted. Returns 0; -EINVAL (not a number), -ERANGE (does not fit). */
int parse_u64(const char *s, unsigned base, uint64_t *ret) _must_check_;
int parse_u32(const char *s, unsigned base, uint32_t *ret) _must_check_;

/* Parses 1, yes, y, true, t, on / 0, no, n, false, f, off in any case, as systemd does. Returns 0
 * or 1; -EINVAL for anything else. */
int parse_boolean(const char *s) _must_check_;

/* Looks name up in a table of n names indexed by an enum. Returns the index or -EINVAL. */
int name_table_lookup(const char *const *table, size_t n, const char *name) _must_check_;

/* Copies src into the size bytes at dst, cutting it off if need be, always terminated. A cut falls
 * between characters of UTF-8, never inside one: the result travels on D-Bus, which insists. */
void strscpy(char *dst, size_t size, const char *src);

/* snprintf() with the same rule for cutting off; for fixed buffers whose limit is the point. */
void strscpyf(char *dst, size_t size, const char *format, ...) _printf_(3, 4);

/* Replaces each byte that is no UTF-8 as D-Bus takes it, each control character but the tab, and
 * each byte of a mark that changes how a line reads (U+202E and the like, U+200B, U+2028), by a
 * question mark, in place: for text from outside that goes on the bus or into one line. */
void utf8_mend(char *s);

/* Defines x_to_string() and x_from_string() (-EINVAL if unknown) over a static table of names. */
#define DEFINE_NAME_TABLE(prefix, type, max)                        \
        const char *prefix##_to_string(type v) {                    \
                return (size_t)v < (max) ? prefix##_table[v] : "?"; \
        }                                                           \
        int prefix##_from_string(const char *s) {                   \
                return name_table_lookup(prefix##_table, (max), s); \
        }                                                           \
        struct swallow_semicolon_table_##prefix

#define DECLARE_NAME_TABLE(prefix, type)                \
        const char *prefix##_to_string(type v) _const_; \
        int prefix##_from_string(const char *s) _must_check_
