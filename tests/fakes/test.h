/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every unit test starts with: Check, and a main() that runs one suite and prints TAP. */
#pragma once

#include <check.h>
#include <errno.h>
#include <stdlib.h>

/* A crash or a failed assertion is a "not ok" line of its own; the exit status stays for the
 * sanitizers, which report leaks at the very end. CK_FORK=no in the environment serves
 * debuggers. */
#define TEST_MAIN(name, add_cases)                       \
        int main(void) {                                 \
                Suite *suite = suite_create(name);       \
                add_cases(suite);                        \
                SRunner *runner = srunner_create(suite); \
                srunner_run_all(runner, CK_ENV);         \
                srunner_free(runner);                    \
                return EXIT_SUCCESS;                     \
        }

#define ADD_TEST(suite, function)                       \
        do {                                            \
                TCase *tcase = tcase_create(#function); \
                tcase_add_test(tcase, function);        \
                suite_add_tcase(suite, tcase);          \
        } while (0)

/* A test between the functions setup() and teardown() of its file. */
#define ADD_FIXTURE_TEST(suite, function)                          \
        do {                                                       \
                TCase *tcase = tcase_create(#function);            \
                tcase_add_checked_fixture(tcase, setup, teardown); \
                tcase_add_test(tcase, function);                   \
                suite_add_tcase(suite, tcase);                     \
        } while (0)

/* The same n times, with _i from 0 on. */
#define ADD_FIXTURE_LOOP_TEST(suite, function, n)                  \
        do {                                                       \
                TCase *tcase = tcase_create(#function);            \
                tcase_add_checked_fixture(tcase, setup, teardown); \
                tcase_add_loop_test(tcase, function, 0, n);        \
                suite_add_tcase(suite, tcase);                     \
        } while (0)
