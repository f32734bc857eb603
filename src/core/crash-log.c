/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the log of a crashed kernel says. */
#include "core/crash-log.h"

#include <errno.h>

#include "base/string-util.h"

/* Bytes of log that can lie between a fault and the panic that it led to. */
#define FAULT_FARTHEST 16384

typedef struct Line {
        const char *start;
        const char *text; /* behind the time and the caller */
        size_t length;    /* of the text */
} Line;

/* What is in "[...]", without blanks in front. */
typedef struct Note {
        const char *text;
        size_t length;
        const char *behind;
} Note;

static bool find_note(const char *p, const char *end, Note *ret) {
        const char *close = p < end && *p == '[' ? memchr(p, ']', (size_t)(end - p)) : NULL;

        if (!close)
                return false;
        for (p++; *p == ' ';)
                p++;
        *ret = (Note){ p, (size_t)(close - p), close + 1 };
        return true;
}

/* How many of n characters are digits before the first that is none. */
static size_t count_digits(const char *p, size_t n) {
        size_t i = 0;

        while (i < n && p[i] >= '0' && p[i] <= '9')
                i++;
        return i;
}

/* "12.000001", or as people may have it, "Mon Nov  3 04:00:00 2025". */
static bool is_time(const Note *note) {
        for (size_t i = 0; i < note->length; i++)
                if (count_digits(note->text + i, 1) > 0)
                        return true;
        return false;
}

/* The thread or the CPU that printed the line, "T123" or "C0". */
static bool is_caller(const Note *note) {
        return note->length > 1 && (note->text[0] == 'T' || note->text[0] == 'C') &&
               count_digits(note->text + 1, note->length - 1) == note->length - 1;
}

/* "<4>", the level, which a log has that was not made for people. */
static const char *skip_level(const char *p, const char *end) {
        size_t n = p < end && *p == '<' ? count_digits(p + 1, (size_t)(end - p) - 1) : 0;

        return n > 0 && p + 1 + n < end && p[1 + n] == '>' ? p + n + 2 : p;
}

/* What is in front of the text: "[   12.000001] ", and where the caller is known, too,
 * "[   12.000001][  T123] " as the kernel writes it (kernel/printk/printk.c, CONFIG_PRINTK_CALLER),
 * or "[   12.000001] [  T123] " as dmesg(1) and makedumpfile do. */
static void skip_front(Line *line) {
        const char *end = line->text + line->length, *behind, *p;
        Note note;

        behind = p = skip_level(line->text, end);
        if (find_note(p, end, &note) && is_time(&note))
                behind = p = note.behind;
        while (p < end && *p == ' ')
                p++;
        if (find_note(p, end, &note) && is_caller(&note) && note.behind < end &&
            *note.behind == ' ')
                behind = note.behind;
        if (behind == line->text || behind == end || *behind != ' ')
                return;
        line->text = behind + 1;
        line->length = (size_t)(end - line->text);
}

/* Takes the next line off the log; false at its end. */
static bool next_line(const char **log, size_t *size, Line *ret) {
        const char *line = *log, *end;
        size_t length;

        if (*size == 0)
                return false;
        end = memchr(line, '\n', *size);
        length = end ? (size_t)(end - line) : *size;
        *log += length + (end != NULL);
        *size -= length + (end != NULL);
        *ret = (Line){ .start = line, .text = line, .length = length };
        skip_front(ret);
        return true;
}

static bool has_at(const Line *line, size_t at, const char *text) {
        size_t n = strlen(text);

        return at <= line->length && n <= line->length - at &&
               memcmp(line->text + at, text, n) == 0;
}

static bool begins(const Line *line, const char *text) {
        return has_at(line, 0, text);
}

static bool contains(const Line *line, const char *text) {
        for (size_t at = 0; at < line->length; at++)
                if (has_at(line, at, text))
                        return true;
        return false;
}

static void copy_line(const Line *line, char ret[static CRASH_LINE_MAX]) {
        char copy[CRASH_LINE_MAX + 1];
        size_t n = MIN(line->length, (size_t)CRASH_LINE_MAX);

        memcpy(copy, line->text, n);
        copy[n] = '\0';
        strscpy(ret, CRASH_LINE_MAX, strstrip(copy));
        utf8_mend(ret);
}

/* How an oops begins, by architecture and cause. */
static bool is_cause(const Line *line) {
        static const char *const begin[] = {
                "BUG: ",
                "Unable to handle ",
                "general protection fault",
                "Internal error:",
                "divide error:",
                "invalid opcode:",
                "int3:",
                "double fault:",
                "stack segment:",
                "kernel BUG at ",
                "Oops: ",
                "watchdog: BUG: ",
        };

        for (size_t i = 0; i < ELEMENTSOF(begin); i++)
                if (begins(line, begin[i]))
                        return true;
        return false;
}

#define PANIC "Kernel panic - not syncing"

/* The panic that an oops ends in says nothing of why. */
static bool is_consequence(const Line *line) {
        return contains(line, ": Fatal exception") || contains(line, "panic_on_oops") ||
               contains(line, ": Fatal error") || contains(line, ": Oops");
}

/* An oops that the kernel survived is another matter than the panic that came later. This ends
 * one. */
static bool is_end_of_oops(const Line *line) {
        return begins(line, "---[ end trace ");
}

/* What was found of a crash; the starts are NULL for what was not. */
typedef struct Found {
        Line message;       /* the line that says why */
        const char *report; /* where the kernel begins to tell of it */
} Found;

static Found find_crash(const char *log, size_t size) {
        Line line, cause = { 0 }, request = { 0 };
        bool over = true;

        while (next_line(&log, &size, &line)) {
                if (is_cause(&line)) {
                        /* Of several lines of one oops the first says most, but for "Oops: 0002",
                         * which some machines print first. */
                        if (over || begins(&cause, "Oops: "))
                                cause = line;
                        over = false;
                } else if (is_end_of_oops(&line))
                        over = true;
                else if (begins(&line, "sysrq: Trigger a crash"))
                        request = line;
                else if (begins(&line, PANIC)) {
                        if (cause.start && is_consequence(&line))
                                return (Found){ cause, cause.start };
                        /* A lockup, say, of which the kernel told just before it gave up. */
                        if (!over && line.start - cause.start <= FAULT_FARTHEST)
                                return (Found){ line, cause.start };
                        return (Found){ line, line.start };
                }
        }
        /* Without a panic, as when somebody else starts the capture kernel, an oops will do. */
        if (!cause.start)
                cause = request;
        return (Found){ cause, cause.start };
}

/* The first frame below panic() in a list of calls, " sysrq_handle_crash.cold+0x16/0x20". */
static bool find_caller(const char *log, size_t size, char ret[static CRASH_LINE_MAX]) {
        bool in_panic = false;
        Line line;

        while (next_line(&log, &size, &line)) {
                while (line.length > 0 && line.text[0] == ' ') {
                        line.text++;
                        line.length--;
                }
                if (begins(&line, "panic+0x") || begins(&line, "vpanic+0x") ||
                    begins(&line, "panic.cold+0x"))
                        in_panic = true;
                else if (in_panic && !begins(&line, "?") && contains(&line, "+0x")) {
                        copy_line(&line, ret);
                        return true;
                }
        }
        return false;
}

static void find_where(const char *report, size_t size, char ret[static CRASH_LINE_MAX]) {
        const char *rest = report;
        size_t left = size;
        Line line;

        while (next_line(&rest, &left, &line))
                /* Selector 10 is the kernel on x86; 33 would be the program that called it. */
                if (begins(&line, "RIP: 0010:") || begins(&line, "pc : ") ||
                    begins(&line, "NIP [") || begins(&line, "Krnl PSW : ")) {
                        copy_line(&line, ret);
                        return;
                }
        (void)find_caller(report, size, ret);
}

bool crash_log_panic(const char *log, size_t size, char ret_message[static CRASH_LINE_MAX],
                     char ret_where[static CRASH_LINE_MAX]) {
        Found found = find_crash(log, size);

        ret_message[0] = ret_where[0] = '\0';
        if (!found.report)
                return false;
        copy_line(&found.message, ret_message);
        find_where(found.message.start, size - (size_t)(found.message.start - log), ret_where);
        return true;
}

bool crash_log_report(const char *log, size_t size, size_t max_lines, const char **ret,
                      size_t *ret_size) {
        const char *start = find_crash(log, size).report, *p = start;
        size_t left = start ? size - (size_t)(start - log) : 0;
        Line line;

        if (!start)
                return false;
        for (size_t i = 0; i < max_lines && next_line(&p, &left, &line); i++)
                ;
        *ret = start;
        *ret_size = (size_t)(p - start);
        return true;
}

int crash_log_release(const char *log, size_t size, char **ret) {
        static const char version[] = "Linux version ";
        const char *end = log + size, *p = memmem(log, size, version, strlen(version));
        size_t n = 0;
        char *copy;

        if (!p)
                return -ENOENT;
        p += strlen(version);
        while (n < CRASH_LINE_MAX && p + n < end && (unsigned char)p[n] > ' ')
                n++;
        if (n == 0)
                return -ENOENT;
        copy = strndup(p, n);
        if (!copy)
                return -ENOMEM;
        utf8_mend(copy);
        *ret = copy;
        return 0;
}

bool crash_log_has(const char *log, size_t size, const char *text) {
        return memmem(log, size, text, strlen(text)) != NULL;
}
