/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the saved log of a crashed kernel says. */
#include "core/crash-log.h"

#include <errno.h>

#include "base/string-util.h"

/* More of a line is for nobody's eyes. */
#define LINE_LONGEST 512u

#define PANIC "Kernel panic - not syncing"

/* Bytes of log that can lie between a fault and the panic that it led to. */
#define FAULT_FARTHEST 16384

/* By what reports of faults begin, on the architectures that Linux has. */
static const char *const faults[] = {
        "BUG: ",
        "Oops: ",
        "Internal error: ",
        "general protection fault",
        "Unable to handle kernel ",
        "kernel BUG at ",
        "sysrq: Trigger a crash",
};

static const char *find(const char *p, const char *end, const char *text) {
        return memmem(p, (size_t)(end - p), text, strlen(text));
}

/* A copy of the line from p on. */
static int copy_line(const char *p, const char *end, char **ret) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        char line[LINE_LONGEST];
        char *copy;
        size_t n = MIN((size_t)((newline ?: end) - p), sizeof(line) - 1);

        memcpy(line, p, n);
        line[n] = '\0';
        copy = strdup(strstrip(line));
        if (!copy)
                return -ENOMEM;
        /* A cut inside a character is mended, too. */
        utf8_mend(copy);
        *ret = copy;
        return 0;
}

int crash_log_release(const char *log, size_t size, char **ret) {
        static const char version[] = "Linux version ";
        const char *end = log + size, *p = find(log, end, version);
        size_t n = 0;
        char *copy;

        if (!p)
                return -ENOENT;
        p += strlen(version);
        while (n < LINE_LONGEST && p + n < end && (unsigned char)p[n] > ' ')
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

/* The first fault between p and end, NULL if there is none. */
static const char *find_fault(const char *p, const char *end) {
        const char *first = NULL;

        for (size_t i = 0; i < ELEMENTSOF(faults); i++) {
                /* What comes before the first one so far. */
                const char *found = find(p, first ?: end, faults[i]);

                if (found)
                        first = found;
        }
        return first;
}

int crash_log_panic(const char *log, size_t size, char **ret) {
        const char *end = log + size, *found = find(log, end, PANIC);

        if (!found)
                found = find_fault(log, end);
        return found ? copy_line(found, end, ret) : -ENOENT;
}

bool crash_log_report(const char *log, size_t size, size_t max_lines, const char **ret,
                      size_t *ret_size) {
        const char *end = log + size, *panic = find(log, end, PANIC), *start, *p, *fault;

        start = panic && panic - log > FAULT_FARTHEST ? panic - FAULT_FARTHEST : log;
        fault = find_fault(start, panic ?: end);
        start = fault ?: panic;
        if (!start)
                return false;
        while (start > log && start[-1] != '\n')
                start--;
        p = start;
        for (size_t i = 0; i < max_lines && p < end; i++) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));

                p = newline ? newline + 1 : end;
        }
        *ret = start;
        *ret_size = (size_t)(p - start);
        return true;
}

bool crash_log_has(const char *log, size_t size, const char *text) {
        return find(log, log + size, text) != NULL;
}
