/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a kernel crashed, by its log. */
#include "core/panic-line.h"

#include "base/string-util.h"

typedef struct Line {
        const char *text; /* behind the time */
        size_t length;
} Line;

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
        if (length > 0 && line[0] == '[') {
                const char *close = memchr(line, ']', length);

                if (close && close + 1 < line + length && close[1] == ' ') {
                        length -= (size_t)(close + 2 - line);
                        line = close + 2;
                }
        }
        *ret = (Line){ line, length };
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

static void copy_line(const Line *line, char ret[static PANIC_LINE_MAX]) {
        char copy[PANIC_LINE_MAX + 1];
        size_t n = MIN(line->length, (size_t)PANIC_LINE_MAX);

        memcpy(copy, line->text, n);
        copy[n] = '\0';
        strscpy(ret, PANIC_LINE_MAX, copy);
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

/* Returns where the search for the place starts, or NULL if the log has no crash. */
static const char *find_message(const char *log, size_t size, char ret[static PANIC_LINE_MAX]) {
        const char *start = NULL, *cause = NULL;
        Line line, cause_line = { "", 0 }, panic_line = { "", 0 };
        bool over = true;

        for (const char *at = log; next_line(&log, &size, &line); at = log) {
                if (is_cause(&line)) {
                        /* Of several lines of one oops the first says most, but for "Oops: 0002",
                         * which some machines print first. */
                        if (over || begins(&cause_line, "Oops: ")) {
                                cause_line = line;
                                cause = at;
                        }
                        over = false;
                } else if (is_end_of_oops(&line))
                        over = true;
                else if (begins(&line, PANIC)) {
                        panic_line = line;
                        start = at;
                        if (cause && is_consequence(&line)) {
                                panic_line = cause_line;
                                start = cause;
                        }
                        break;
                }
        }
        /* Without a panic, as when somebody else starts the crash kernel, an oops will do. */
        if (!start && cause) {
                panic_line = cause_line;
                start = cause;
        }
        copy_line(&panic_line, ret);
        return start;
}

/* The first frame below panic() in a list of calls, " sysrq_handle_crash.cold+0x16/0x20". */
static bool find_caller(const char *log, size_t size, char ret[static PANIC_LINE_MAX]) {
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

void panic_line_find(const char *log, size_t size, char ret_message[static PANIC_LINE_MAX],
                     char ret_where[static PANIC_LINE_MAX]) {
        const char *start, *rest;
        size_t left;
        Line line;

        ret_where[0] = '\0';
        start = find_message(log, size, ret_message);
        if (!start)
                return;
        rest = start;
        left = size - (size_t)(start - log);
        while (next_line(&rest, &left, &line))
                /* Selector 10 is the kernel on x86; 33 would be the program that called it. */
                if (begins(&line, "RIP: 0010:") || begins(&line, "pc : ") ||
                    begins(&line, "NIP [") || begins(&line, "Krnl PSW : ")) {
                        copy_line(&line, ret_where);
                        return;
                }
        (void)find_caller(start, size - (size_t)(start - log), ret_where);
}
