/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/dump-info: the names of the directories of dumps, there and back. */
#include "test.h"

#include <time.h>

#include "base/time-util.h"
#include "core/dump-info.h"

static void check_name(const char *host, uint64_t seconds, const char *expected) {
        char buf[CRASH_NAME_MAX];

        ck_assert_ptr_eq(crash_directory_name(buf, host, seconds * USEC_PER_SEC + 999999), buf);
        ck_assert_str_eq(buf, expected);
}

START_TEST(names) {
        check_name("debian", 0, "debian-1970-01-01-00:00:00");
        check_name("web-1.example.org", 1709251199, "web-1.example.org-2024-02-29-23:59:59");
        check_name("web_1", 1709251200, "web_1-2024-03-01-00:00:00");
        check_name("", 951782400, "localhost-2000-02-29-00:00:00");
        check_name(NULL, 4107542400, "localhost-2100-03-01-00:00:00");
        check_name("..", 1, "_.-1970-01-01-00:00:01");
        check_name("a/b c\xc3\xa9\n", 1, "a_b_c___-1970-01-01-00:00:01");
        check_name("late", 253402300799, "late-9999-12-31-23:59:59");
        check_name("later", 253402300800, "later-9999-12-31-23:59:59");
}
END_TEST

/* The C library as the oracle, over the times that matter. */
START_TEST(calendar) {
        for (uint64_t seconds = 1; seconds < 7258118400; seconds += 86400 * 9 + 4211) {
                char buf[CRASH_NAME_MAX], expected[CRASH_NAME_MAX];
                time_t t = (time_t)seconds;
                uint64_t back;
                struct tm tm;

                ck_assert_uint_gt(strftime(expected, sizeof(expected), "h-%Y-%m-%d-%H:%M:%S",
                                           gmtime_r(&t, &tm)),
                                  0);
                ck_assert_str_eq(crash_directory_name(buf, "h", seconds * USEC_PER_SEC), expected);
                ck_assert_int_eq(crash_directory_parse(buf, NULL, &back), 0);
                ck_assert_uint_eq(back, seconds * USEC_PER_SEC);
        }
}
END_TEST

START_TEST(long_host) {
        char host[300], buf[CRASH_NAME_MAX], back[CRASH_NAME_MAX];

        memset(host, 'h', sizeof(host) - 1);
        host[sizeof(host) - 1] = '\0';
        crash_directory_name(buf, host, 0);
        crash_directory_number(buf, CRASH_NUMBER_MOST);
        ck_assert(endswith(buf, "hh-1970-01-01-00:00:00-999"));
        ck_assert_int_eq(crash_directory_parse(buf, back, NULL), 0);
        ck_assert_ptr_eq(startswith(host, back), host + strlen(back));
}
END_TEST

START_TEST(numbers) {
        char buf[CRASH_NAME_MAX], host[CRASH_NAME_MAX];
        uint64_t usec;

        crash_directory_name(buf, "h-2", 7 * USEC_PER_SEC);
        crash_directory_number(buf, 12);
        ck_assert_str_eq(buf, "h-2-1970-01-01-00:00:07-12");
        ck_assert_int_eq(crash_directory_parse(buf, host, &usec), 0);
        ck_assert_str_eq(host, "h-2");
        ck_assert_uint_eq(usec, 7 * USEC_PER_SEC);
}
END_TEST

START_TEST(no_names) {
        static const char *const bad[] = {
                "",
                "-",
                "h",
                "2024-01-01-10:00:00",
                "-2024-01-01-10:00:00",
                ".h-2024-01-01-10:00:00",
                "a/b-2024-01-01-10:00:00",
                "../x-2024-01-01-10:00:00",
                "a b-2024-01-01-10:00:00",
                "h-2024-13-01-10:00:00",
                "h-2024-00-01-10:00:00",
                "h-2023-02-29-10:00:00",
                "h-2024-01-00-10:00:00",
                "h-2024-01-01-24:00:00",
                "h-2024-01-01-10:60:00",
                "h-2024-01-01-10:00:60",
                "h-1969-12-31-23:59:59",
                "h-2024-01-01-10:00:0",
                "h-2024-01-01-10:00:00x",
                "h-2024-01-01-10:00:00-",
                "h-2024-01-01-10:00:00-0",
                "h-2024-01-01-10:00:00-01",
                "h-2024-01-01-10:00:00-1000",
                "h-2024-01-01-10:00:00-1-1",
                "h-2024-01-01T10:00:00",
                "h-2024-+1-01-10:00:00",
        };
        char host[CRASH_NAME_MAX] = "kept", longer[CRASH_NAME_MAX + 30];
        uint64_t usec = 5;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_msg(crash_directory_parse(bad[i], host, &usec) == -EINVAL, "%s", bad[i]);
        memset(longer, 'h', sizeof(longer));
        memcpy(longer + CRASH_NAME_MAX - 20, "-2024-01-01-10:00:00", 21);
        ck_assert_int_eq(crash_directory_parse(longer, host, &usec), -EINVAL);
        ck_assert_int_eq(crash_directory_parse(longer + 1, NULL, NULL), 0);
        ck_assert_str_eq(host, "kept");
        ck_assert_uint_eq(usec, 5);
}
END_TEST

START_TEST(results) {
        for (int v = 0; v < _DUMP_RESULT_MAX; v++)
                ck_assert_int_eq(dump_result_from_string(dump_result_to_string(v)), v);
        ck_assert_int_eq(dump_result_from_string("?"), -EINVAL);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, names);
        ADD_TEST(s, calendar);
        ADD_TEST(s, long_host);
        ADD_TEST(s, numbers);
        ADD_TEST(s, no_names);
        ADD_TEST(s, results);
}

TEST_MAIN("dump-info", add_cases)
