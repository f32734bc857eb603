/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of programs, by a table. */
#include "sys/options.h"

#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/string-util.h"

#define ARGUMENTS_MOST 8

static bool dry_run, json;
static const char *root, *count;

static const Option table[] = {
        { .name = "dry-run", .letter = 'n', .flag = &dry_run },
        { .name = "json", .flag = &json },
        { .name = "root", .value = &root },
        { .letter = 'c', .value = &count },
};

/* Parses the words of a line, as the program "p" with the help "how". */
static int parse(const char *line, size_t n_options) {
        static char words[200];
        char *argv[ARGUMENTS_MOST + 1] = { (char *)"p" }, *rest = words, *word;
        int argc = 1;

        strscpy(words, sizeof(words), line);
        while (argc < ARGUMENTS_MOST && (word = strsep(&rest, " ")))
                argv[argc++] = word;
        dry_run = json = false;
        root = "/";
        optind = 0; /* getopt_long() starts anew */
        return options_parse(argc, argv, "p", "how\n", table, n_options);
}

static void check(const char *line, bool n, bool j, const char *r, int others) {
        ck_assert_int_eq(parse(line, ELEMENTSOF(table)), 1);
        ck_assert_int_eq(dry_run, n);
        ck_assert_int_eq(json, j);
        ck_assert_str_eq(root, r);
        ck_assert_int_eq(optind, others);
}

START_TEST(test_words) {
        check("-n", true, false, "/", 2);
        check("--dry-run --root=/a --json", true, true, "/a", 4);
        check("--root /a --root /b --json", false, true, "/b", 6);
        check("one -n two", true, false, "/", 2);
        check("-- -n", false, false, "/", 2);
        check("-c 5 x", false, false, "/", 3);
        ck_assert_str_eq(count, "5");
        check("-nc5", true, false, "/", 2);
        ck_assert_str_eq(count, "5");
}
END_TEST

START_TEST(test_wrong) {
        static const char *const lines[] = { "-x",    "--what", "--root", "--json=1",
                                             "-n -j", "-c",     "-nc" };

        /* To be read in test-kdumpctl.sh. */
        ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                ck_assert_msg(parse(lines[i], ELEMENTSOF(table)) == -EINVAL, "%s", lines[i]);
        ck_assert_int_eq(parse("-n", OPTIONS_MOST + 1), -E2BIG);
}
END_TEST

/* What goes to standard output. */
static void check_said(const char *line, const char *wanted) {
        char said[100] = "";
        FILE *f = tmpfile();
        int saved = dup(STDOUT_FILENO);

        ck_assert_ptr_nonnull(f);
        (void)fflush(stdout);
        ck_assert_int_ge(dup2(fileno(f), STDOUT_FILENO), 0);
        ck_assert_int_eq(parse(line, ELEMENTSOF(table)), 0);
        (void)fflush(stdout);
        ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
        (void)close(saved);
        rewind(f);
        (void)fread(said, 1, sizeof(said) - 1, f);
        (void)fclose(f);
        ck_assert_str_eq(said, wanted);
}

START_TEST(test_said) {
        check_said("-h", "how\n");
        check_said("--json --help --what", "how\n");
        check_said("--version", "p " PACKAGE_VERSION "\n");
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, test_words);
        ADD_TEST(suite, test_wrong);
        ADD_TEST(suite, test_said);
}

TEST_MAIN("options", add_cases)
