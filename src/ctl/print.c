/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of what kdumpctl prints for people. */
#include "ctl/print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "core/failure.h"

#define MIB UINT64_C(1048576)

int complain(const char *format, ...) {
        Error error;
        va_list ap;

        va_start(ap, format);
        (void)error_setv(&error, 0, format, ap);
        va_end(ap);
        (void)fprintf(stderr, "kdumpctl: %s\n", error.text);
        return EXIT_FAILURE;
}

bool confirm(const char *question) {
        char answer[16] = "";

        (void)printf("%s [y/N] ", question);
        (void)fflush(stdout);
        return fgets(answer, sizeof(answer), stdin) && parse_boolean(strstrip(answer)) > 0;
}

/* A fresh copy of text that came from elsewhere, NULL for lack of memory. */
static char *mended(const char *text, size_t size) {
        char *copy = strndup(text, size);

        if (copy)
                utf8_mend(copy);
        return copy;
}

void put_text(FILE *f, const char *text) {
        _cleanup_free_ char *copy = mended(text, strlen(text));

        for (char *p = copy; p && *p; p++)
                (void)fputc(*p == '\t' ? '?' : *p, f);
}

void put_lines(FILE *f, const char *text, size_t size) {
        const char *p = text, *end = text + size;

        while (p < end) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));
                size_t n = (size_t)((newline ?: end) - p);
                _cleanup_free_ char *line = mended(p, n);

                (void)fputs(strempty(line), f);
                (void)fputc('\n', f);
                p += n + 1;
        }
}

void put_label(FILE *f, const char *label) {
        (void)fprintf(f, "%12s: ", label);
}

void put_highlighted(FILE *f, const char *text, const char *escape, bool colour) {
        if (colour)
                (void)fputs(escape, f);
        put_text(f, text);
        if (colour)
                (void)fputs(NORMAL, f);
}

void put_mib(FILE *f, uint64_t bytes) {
        if (bytes % MIB == 0 || bytes >= 100 * MIB)
                (void)fprintf(f, "%" PRIu64 " MiB", bytes / MIB);
        else
                (void)fprintf(f, "%" PRIu64 ".%" PRIu64 " MiB", bytes / MIB,
                              bytes % MIB * 10 / MIB);
}

void put_span(FILE *f, uint64_t usec) {
        char buf[TIMESPAN_MAX];

        (void)fputs(format_timespan(buf, usec), f);
}

void put_coarse_span(FILE *f, uint64_t usec) {
        if (usec < USEC_PER_MINUTE)
                (void)fprintf(f, "%" PRIu64 " s", usec / USEC_PER_SEC);
        else if (usec < 48 * USEC_PER_HOUR)
                put_span(f, usec);
        else
                (void)fprintf(f, "%" PRIu64 " days", usec / (24 * USEC_PER_HOUR));
}

void put_ago(FILE *f, uint64_t then_usec, uint64_t now_usec) {
        uint64_t span = sub_saturated(now_usec, then_usec);

        /* A clock that was set back makes the past the future: "just now". */
        if (span < USEC_PER_SEC) {
                (void)fputs("just now", f);
                return;
        }
        put_coarse_span(f, span);
        (void)fputs(" ago", f);
}

void put_count(FILE *f, uint64_t n, const char *one, const char *many) {
        (void)fprintf(f, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

void put_noted(FILE *f, const char *label, const char *value, const char *note) {
        if (isempty(value))
                return;
        put_label(f, label);
        put_text(f, value);
        if (!isempty(note)) {
                (void)fputs(" (", f);
                put_text(f, note);
                (void)fputc(')', f);
        }
        (void)fputc('\n', f);
}

const char *size_text(char buf[static SIZE_TEXT_MAX], uint64_t bytes) {
        static const char units[] = "KMGTPE";
        unsigned shift = 10, unit = 0;

        if (bytes < 1024) {
                strscpyf(buf, SIZE_TEXT_MAX, "%" PRIu64 " B", bytes);
                return buf;
        }
        for (; unit + 2 < sizeof(units) && bytes >> shift >= 1024; unit++)
                shift += 10;
        strscpyf(buf, SIZE_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %ciB", bytes >> shift,
                 (bytes >> (shift - 10)) % 1024 * 10 / 1024, units[unit]);
        return buf;
}

const char *date_text(char buf[static DATE_TEXT_MAX], uint64_t usec) {
        time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm tm = { 0 };

        if (!localtime_r(&seconds, &tm) ||
            strftime(buf, DATE_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                strscpy(buf, DATE_TEXT_MAX, "?");
        return buf;
}

const char *long_date_text(char buf[static DATE_TEXT_MAX], uint64_t usec) {
        time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm tm = { 0 };

        if (!localtime_r(&seconds, &tm) ||
            strftime(buf, DATE_TEXT_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                strscpy(buf, DATE_TEXT_MAX, "?");
        return buf;
}

size_t text_width(const char *text) {
        _cleanup_free_ char *copy = mended(text, strlen(text));
        size_t n = 0;

        for (const char *p = strempty(copy); *p; p++)
                n += ((unsigned char)*p & 0xc0) != 0x80;
        return n;
}

void put_cell(FILE *f, const char *text, size_t width) {
        put_text(f, text);
        (void)fprintf(f, "%*s", (int)(width - text_width(text)) + 2, "");
}
