/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time spans as text. */
#include "base/time-util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/string-util.h"

static const struct {
        const char *name;
        uint64_t usec;
} units[] = {
        { "usec", 1 },
        { "us", 1 },
        { "msec", USEC_PER_MSEC },
        { "ms", USEC_PER_MSEC },
        { "seconds", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "s", USEC_PER_SEC },
        { "minutes", USEC_PER_MINUTE },
        { "minute", USEC_PER_MINUTE },
        { "min", USEC_PER_MINUTE },
        { "m", USEC_PER_MINUTE },
        { "hours", USEC_PER_HOUR },
        { "hour", USEC_PER_HOUR },
        { "hr", USEC_PER_HOUR },
        { "h", USEC_PER_HOUR },
};

static const char *skip_blanks(const char *s) {
        return s + strspn(s, " \t");
}

static int add_digits(const char **s, uint64_t *value) {
        const char *p = *s;

        for (; *p >= '0' && *p <= '9'; p++)
                if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
                    __builtin_add_overflow(*value, (uint64_t)(*p - '0'), value))
                        return -ERANGE;
        *s = p;
        return 0;
}

/* The fraction after a decimal point, in parts of unit; digits beyond a microsecond are dropped. */
static uint64_t add_fraction(const char **s, uint64_t unit) {
        uint64_t sum = 0;
        const char *p = *s;

        for (; *p >= '0' && *p <= '9'; p++) {
                unit /= 10;
                sum += unit * (uint64_t)(*p - '0');
        }
        *s = p;
        return sum;
}

static int parse_unit(const char **s, uint64_t *ret_unit) {
        size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyz");

        if (n == 0) {
                *ret_unit = USEC_PER_SEC;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == n && strncmp(*s, units[i].name, n) == 0) {
                        *ret_unit = units[i].usec;
                        *s += n;
                        return 0;
                }
        return -EINVAL;
}

int parse_timespan(const char *s, uint64_t *ret_usec) {
        uint64_t sum = 0;
        int r;

        s = skip_blanks(s);
        if (*s == '\0')
                return -EINVAL;
        do {
                const char *fraction = NULL, *start = s;
                uint64_t value = 0, unit;

                r = add_digits(&s, &value);
                if (r < 0)
                        return r;
                if (s == start)
                        return -EINVAL;
                if (*s == '.') {
                        fraction = ++s;
                        s += strspn(s, "0123456789");
                        if (s == fraction)
                                return -EINVAL;
                }
                s = skip_blanks(s);
                r = parse_unit(&s, &unit);
                if (r < 0)
                        return r;
                if (__builtin_mul_overflow(value, unit, &value) ||
                    (fraction &&
                     __builtin_add_overflow(value, add_fraction(&fraction, unit), &value)) ||
                    __builtin_add_overflow(sum, value, &sum))
                        return -ERANGE;
                s = skip_blanks(s);
        } while (*s);
        *ret_usec = sum;
        return 0;
}

/* Three significant digits of usec / unit. */
static void format_decimal(char buf[static TIMESPAN_MAX], uint64_t usec, uint64_t unit,
                           const char *name) {
        uint64_t whole = usec / unit, rest = usec % unit;

        if (unit == 1 || whole >= 100)
                (void)snprintf(buf, TIMESPAN_MAX, "%" PRIu64 " %s", whole, name);
        else if (whole >= 10)
                (void)snprintf(buf, TIMESPAN_MAX, "%" PRIu64 ".%" PRIu64 " %s", whole,
                               rest * 10 / unit, name);
        else
                (void)snprintf(buf, TIMESPAN_MAX, "%" PRIu64 ".%02" PRIu64 " %s", whole,
                               rest * 100 / unit, name);
}

const char *format_timespan(char buf[static TIMESPAN_MAX], uint64_t usec) {
        if (usec == USEC_INFINITY)
                (void)snprintf(buf, TIMESPAN_MAX, "never");
        else if (usec < USEC_PER_MSEC)
                format_decimal(buf, usec, 1, "us");
        else if (usec < USEC_PER_SEC)
                format_decimal(buf, usec, USEC_PER_MSEC, "ms");
        else if (usec < USEC_PER_MINUTE)
                format_decimal(buf, usec, USEC_PER_SEC, "s");
        else if (usec < USEC_PER_HOUR)
                (void)snprintf(buf, TIMESPAN_MAX, "%" PRIu64 " min %" PRIu64 " s",
                               usec / USEC_PER_MINUTE, usec % USEC_PER_MINUTE / USEC_PER_SEC);
        else
                (void)snprintf(buf, TIMESPAN_MAX, "%" PRIu64 " h %" PRIu64 " min",
                               usec / USEC_PER_HOUR, usec % USEC_PER_HOUR / USEC_PER_MINUTE);
        return buf;
}
