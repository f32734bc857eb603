/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/crashkernel: why a reservation was not made. */
#include "test.h"

#include "base/string-util.h"
#include "core/crashkernel.h"

#define GIB (UINT64_C(1) << 30)

typedef struct Case {
        const char *line;
        uint64_t memory;
        CrashkernelVerdict verdict;
        const char *value;
} Case;

static void check(const Case *cases, size_t n) {
        for (size_t i = 0; i < n; i++) {
                char value[CRASHKERNEL_VALUE_MAX] = "?";
                Error error;

                ck_assert_msg(crashkernel_judge(cases[i].line, cases[i].memory, true, value) ==
                                      cases[i].verdict,
                              "%s", cases[i].line);
                ck_assert_str_eq(value, cases[i].value);
                crashkernel_explain(cases[i].line, cases[i].memory, true, &error);
                ck_assert_ptr_nonnull(strstr(error.text, "crashkernel="));
                ck_assert_ptr_nonnull(strstr(error.text, value));
        }
}

START_TEST(sizes) {
        static const Case cases[] = {
                { "", GIB, CRASHKERNEL_ABSENT, "" },
                { "ro nocrashkernel=1 crashkernel", GIB, CRASHKERNEL_ABSENT, "" },
                { "ro crashkernel=256M quiet", GIB, CRASHKERNEL_NO_PLACE, "256M" },
                { "crashkernel=0x10000000@16M\n", GIB, CRASHKERNEL_NO_PLACE, "0x10000000@16M" },
                { "crashkernel=256m", 0, CRASHKERNEL_NO_PLACE, "256m" },
                { "crashkernel=2G", GIB, CRASHKERNEL_TOO_MUCH, "2G" },
                { "crashkernel=1T", GIB, CRASHKERNEL_TOO_MUCH, "1T" },
                { "crashkernel=99999999999E", GIB, CRASHKERNEL_TOO_MUCH, "99999999999E" },
                { "crashkernel=0", GIB, CRASHKERNEL_NOTHING, "0" },
                { "crashkernel=0M", GIB, CRASHKERNEL_NOTHING, "0M" },
                { "crashkernel=auto", GIB, CRASHKERNEL_NOT_KNOWN, "auto" },
                { "crashkernel=", GIB, CRASHKERNEL_NOT_KNOWN, "" },
                { "crashkernel=-1", GIB, CRASHKERNEL_NOT_KNOWN, "-1" },
                { "crashkernel=256MB", GIB, CRASHKERNEL_NOT_KNOWN, "256MB" },
                { "crashkernel=256M,higher", GIB, CRASHKERNEL_NOT_KNOWN, "256M,higher" },
                { "crashkernel=256M@", GIB, CRASHKERNEL_NOT_KNOWN, "256M@" },
                /* The last one counts. */
                { "crashkernel=256M crashkernel=auto", GIB, CRASHKERNEL_NOT_KNOWN, "auto" },
        };

        check(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(kinds) {
        static const Case cases[] = {
                { "crashkernel=256M,high", GIB, CRASHKERNEL_NO_PLACE, "256M,high" },
                { "crashkernel=2G,high crashkernel=1,low", GIB, CRASHKERNEL_TOO_MUCH, "2G,high" },
                { "crashkernel=256M,low", GIB, CRASHKERNEL_WRONG_KIND, "256M,low" },
                { "crashkernel=256M,cma", GIB, CRASHKERNEL_WRONG_KIND, "256M,cma" },
                { "crashkernel=auto,high", GIB, CRASHKERNEL_NOT_KNOWN, "auto,high" },
                /* Where one without a suffix is there, the others are not asked. */
                { "crashkernel=auto crashkernel=256M,high", GIB, CRASHKERNEL_NOT_KNOWN, "auto" },
                { "crashkernel=256M,high crashkernel=0", GIB, CRASHKERNEL_NOTHING, "0" },
        };

        check(cases, ELEMENTSOF(cases));
}
END_TEST

/* ",cma" adds to what another word reserves; to a kernel that does not know it, it is that other
 * word, and wrong. */
START_TEST(cma) {
        static const char line[] = "crashkernel=256M crashkernel=512M,cma quiet";
        char value[CRASHKERNEL_VALUE_MAX];
        Error error;

        ck_assert_uint_eq(crashkernel_judge(line, GIB, true, value), CRASHKERNEL_NO_PLACE);
        ck_assert_str_eq(value, "256M");
        ck_assert_uint_eq(
                crashkernel_judge("crashkernel=2G,high crashkernel=1,cma", GIB, true, value),
                CRASHKERNEL_TOO_MUCH);
        ck_assert_uint_eq(crashkernel_judge(line, GIB, false, value), CRASHKERNEL_NOT_KNOWN);
        crashkernel_explain(line, GIB, false, &error);
        ck_assert_ptr_nonnull(strstr(error.text, "does not know what crashkernel=512M,cma means"));
}
END_TEST

START_TEST(ranges) {
        static const Case cases[] = {
                { "crashkernel=4G-8G:320M,8G-:512M", 3 * GIB, CRASHKERNEL_OTHER_MEMORY,
                  "4G-8G:320M,8G-:512M" },
                { "crashkernel=1G-2G:64M", 3 * GIB, CRASHKERNEL_OTHER_MEMORY, "1G-2G:64M" },
                { "crashkernel=1G-4G:64M,4G-:128M", 3 * GIB, CRASHKERNEL_NO_PLACE,
                  "1G-4G:64M,4G-:128M" },
                { "crashkernel=1G-:64M@16M", 3 * GIB, CRASHKERNEL_NO_PLACE, "1G-:64M@16M" },
                { "crashkernel=1G-:0", 3 * GIB, CRASHKERNEL_NOTHING, "1G-:0" },
                { "crashkernel=1G-:4G", 3 * GIB, CRASHKERNEL_TOO_MUCH, "1G-:4G" },
                /* A machine of 4 GiB shows somewhat less. */
                { "crashkernel=4G-:128M", 4 * GIB - GIB / 8, CRASHKERNEL_NO_PLACE, "4G-:128M" },
                { "crashkernel=4G-8G:320M", 0, CRASHKERNEL_NO_PLACE, "4G-8G:320M" },
                { "crashkernel=2G:64M", 3 * GIB, CRASHKERNEL_NOT_KNOWN, "2G:64M" },
                { "crashkernel=2G-1G:64M", 3 * GIB, CRASHKERNEL_NOT_KNOWN, "2G-1G:64M" },
                { "crashkernel=2G-:", 3 * GIB, CRASHKERNEL_NOT_KNOWN, "2G-:" },
                { "crashkernel=8G-:64M,x", 3 * GIB, CRASHKERNEL_NOT_KNOWN, "8G-:64M,x" },
                { "crashkernel=:64M", 3 * GIB, CRASHKERNEL_NOT_KNOWN, ":64M" },
        };

        check(cases, ELEMENTSOF(cases));
}
END_TEST

/* Whatever stands there, the sentence comes to its end. */
START_TEST(limits) {
        char line[400] = "crashkernel=", value[CRASHKERNEL_VALUE_MAX];
        Error error;

        memset(line + strlen(line), 'x', 300);
        ck_assert_uint_eq(crashkernel_judge(line, GIB, true, value), CRASHKERNEL_NOT_KNOWN);
        ck_assert_uint_eq(strlen(value), CRASHKERNEL_VALUE_MAX - 1);
        crashkernel_explain(line, GIB, true, &error);
        ck_assert(endswith(error.text, "reboot"));
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, sizes);
        ADD_TEST(s, kinds);
        ADD_TEST(s, cma);
        ADD_TEST(s, ranges);
        ADD_TEST(s, limits);
}

TEST_MAIN("crashkernel", add_cases)
