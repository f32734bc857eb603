/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one crash and its dump, as a value; the names of the directories of dumps. */
#include "core/dump-info.h"

#include <errno.h>
#include <stdio.h>

static const char *const dump_result_table[] = {
        [DUMP_RESULT_INCOMPLETE] = "incomplete", [DUMP_RESULT_COMPLETE] = "complete",
        [DUMP_RESULT_COPIED] = "copied",         [DUMP_RESULT_LOG_ONLY] = "log-only",
        [DUMP_RESULT_FAILED] = "failed",
};
DEFINE_NAME_TABLE(dump_result, DumpResult, _DUMP_RESULT_MAX);

void dump_info_done(DumpInfo *info) {
        free(info->host);
        free(info->kernel_release);
        free(info->machine);
        free(info->panic_message);
        free(info->panic_where);
        free(info->ranges);
        free(info->directory);
        free(info->vmcore);
        free(info->log);
        free(info->collector);
        free(info->collector_version);
        free(info->level_reason);
        free(info->capture_release);
        free(info->target);
        free(info->message);
        *info = (DumpInfo){ 0 };
}

#define SECONDS_PER_DAY UINT64_C(86400)
#define LAST_SECOND     UINT64_C(253402300799) /* of the year 9999, the last of four digits */
#define TIME_LENGTH     19u                    /* of YYYY-MM-DD-HH:MM:SS */
#define SUFFIX_LENGTH   4u                     /* of "-999", the longest */

static bool is_leap(unsigned year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month) {
        static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

        return days[month - 1] + (month == 2 && is_leap(year));
}

/* Counts the years and months off; a few thousand steps at the most. */
static CivilTime civil_from_seconds(uint64_t seconds) {
        uint64_t days = seconds / SECONDS_PER_DAY, rest = seconds % SECONDS_PER_DAY;
        CivilTime c = {
                .year = 1970,
                .month = 1,
                .hour = (unsigned)(rest / 3600),
                .minute = (unsigned)(rest / 60 % 60),
                .second = (unsigned)(rest % 60),
        };

        for (; days >= 365u + is_leap(c.year); c.year++)
                days -= 365u + is_leap(c.year);
        for (; days >= month_days(c.year, c.month); c.month++)
                days -= month_days(c.year, c.month);
        c.day = (unsigned)days + 1;
        return c;
}

uint64_t civil_to_seconds(const CivilTime *c) {
        uint64_t days = c->day - 1;

        for (unsigned year = 1970; year < c->year; year++)
                days += 365u + is_leap(year);
        for (unsigned month = 1; month < c->month; month++)
                days += month_days(c->year, month);
        return days * SECONDS_PER_DAY + c->hour * 3600u + c->minute * 60u + c->second;
}

static bool belongs_into_host(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
}

const char *crash_directory_name(char buf[static CRASH_NAME_MAX], const char *host,
                                 uint64_t realtime_usec) {
        uint64_t seconds = MIN(realtime_usec / 1000000, LAST_SECOND);
        CivilTime c = civil_from_seconds(seconds);
        char name[CRASH_NAME_MAX - TIME_LENGTH - 1 - SUFFIX_LENGTH];

        strscpy(name, sizeof(name), isempty(host) ? "localhost" : host);
        for (char *p = name; *p; p++)
                /* Not hidden, nor a way out of the directory. */
                if (!belongs_into_host(*p) || (p == name && *p == '.'))
                        *p = '_';
        strscpyf(buf, CRASH_NAME_MAX, "%s-%04u-%02u-%02u-%02u:%02u:%02u", name, c.year, c.month,
                 c.day, c.hour, c.minute, c.second);
        return buf;
}

void crash_directory_number(char name[static CRASH_NAME_MAX], unsigned number) {
        size_t n = strlen(name);

        strscpyf(name + n, CRASH_NAME_MAX - n, "-%u", number);
}

int civil_parse(const char *s, const char *pattern, CivilTime *ret) {
        CivilTime c = { 0 };
        const struct {
                char letter;
                unsigned *value;
        } fields[] = {
                { 'Y', &c.year }, { 'm', &c.month },  { 'd', &c.day },
                { 'H', &c.hour }, { 'M', &c.minute }, { 'S', &c.second },
        };

        for (; *pattern; s++, pattern++) {
                size_t i = 0;

                while (i < ELEMENTSOF(fields) && fields[i].letter != *pattern)
                        i++;
                if (i < ELEMENTSOF(fields) ? *s < '0' || *s > '9' : *s != *pattern)
                        return -EINVAL;
                if (i < ELEMENTSOF(fields))
                        *fields[i].value = *fields[i].value * 10 + (unsigned)(*s - '0');
        }
        if (*s || c.year < 1970 || c.month < 1 || c.month > 12 || c.day < 1 ||
            c.day > month_days(c.year, c.month) || c.hour > 23 || c.minute > 59 || c.second > 59)
                return -EINVAL;
        *ret = c;
        return 0;
}

void crash_directory_cut_number(char *name) {
        char *dash = strrchr(name, '-');
        size_t digits;

        if (!dash)
                return;
        digits = strspn(dash + 1, "0123456789");
        if (digits >= 1 && digits < SUFFIX_LENGTH && dash[1] != '0' && dash[1 + digits] == '\0')
                *dash = '\0';
}

int crash_directory_parse(const char *name, char ret_host[CRASH_NAME_MAX],
                          uint64_t *ret_realtime_usec) {
        char copy[CRASH_NAME_MAX];
        size_t n = strlen(name);
        CivilTime c;
        char *time;

        if (n >= CRASH_NAME_MAX)
                return -EINVAL;
        memcpy(copy, name, n + 1);
        crash_directory_cut_number(copy);
        n = strlen(copy);
        if (n < TIME_LENGTH + 2 || copy[n - TIME_LENGTH - 1] != '-' || copy[0] == '.')
                return -EINVAL;
        time = copy + n - TIME_LENGTH;
        if (civil_parse(time, "YYYY-mm-dd-HH:MM:SS", &c) < 0)
                return -EINVAL;
        time[-1] = '\0';
        for (const char *p = copy; *p; p++)
                if (!belongs_into_host(*p))
                        return -EINVAL;
        if (ret_host)
                strscpy(ret_host, CRASH_NAME_MAX, copy);
        if (ret_realtime_usec)
                *ret_realtime_usec = civil_to_seconds(&c) * 1000000;
        return 0;
}
