/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of units for paths; systemd-escape --path gave the expected ones. */
#include "daemon/unit-name.h"

#include <string.h>

#include "test.h"

static const struct {
        const char *path, *name;
} names[] = {
        { "/var/crash/vm-2023-11-14-22:13:20",
          "x@var-crash-vm\\x2d2023\\x2d11\\x2d14\\x2d22:13:20.service" },
        { "/", "x@-.service" },
        { "//a//b/", "x@a-b.service" },
        { "/.a/.b", "x@\\x2ea-.b.service" },
        { "/m\xc3\xbc _", "x@m\\xc3\\xbc\\x20_.service" },
};

START_TEST(test_names) {
        char buf[UNIT_NAME_MAX];

        ck_assert_int_eq(unit_name_for_path(buf, "x", names[_i].path), 0);
        ck_assert_str_eq(buf, names[_i].name);
}
END_TEST

START_TEST(test_long) {
        char path[300] = "/", buf[UNIT_NAME_MAX];

        memset(path + 1, 'a', sizeof(path) - 2);
        path[1 + UNIT_NAME_MAX - 1 - strlen("x@.service")] = '\0';
        ck_assert_int_eq(unit_name_for_path(buf, "x", path), 0);
        ck_assert_uint_eq(strlen(buf), UNIT_NAME_MAX - 1);
        strcat(path, "a");
        ck_assert_int_eq(unit_name_for_path(buf, "x", path), -ENAMETOOLONG);
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *all = tcase_create("names");

        tcase_add_loop_test(all, test_names, 0, (int)(sizeof(names) / sizeof(names[0])));
        suite_add_tcase(suite, all);
        ADD_TEST(suite, test_long);
}

TEST_MAIN("unit-name", add_cases)
