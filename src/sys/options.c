/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a program, by a table. */
#include "sys/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

/* What getopt_long() returns for an option without a letter: no letter. */
enum { CODE_VERSION = 0x100, CODE_FIRST };

static int code_of(const Option *options, size_t i) {
        return options[i].letter ?: CODE_FIRST + (int)i;
}

static const Option *find(const Option *options, size_t n, int code) {
        for (size_t i = 0; i < n; i++)
                if (code_of(options, i) == code)
                        return &options[i];
        return NULL;
}

int options_parse(int argc, char **argv, const char *program, const char *help,
                  const Option *options, size_t n) {
        struct option table[OPTIONS_MOST + 3] = { 0 };
        char letters[OPTIONS_MOST + 2] = "h";
        int code;

        if (n > OPTIONS_MOST)
                return -E2BIG;
        for (size_t i = 0, k = 1; i < n; i++) {
                table[i].name = options[i].name;
                table[i].has_arg = options[i].value ? required_argument : no_argument;
                table[i].val = code_of(options, i);
                if (options[i].letter)
                        letters[k++] = options[i].letter;
        }
        table[n] = (struct option){ "help", no_argument, NULL, 'h' };
        table[n + 1] = (struct option){ "version", no_argument, NULL, CODE_VERSION };
        while ((code = getopt_long(argc, argv, letters, table, NULL)) >= 0) {
                const Option *option = find(options, n, code);

                if (code == 'h') {
                        (void)fputs(help, stdout);
                        return 0;
                }
                if (code == CODE_VERSION) {
                        (void)printf("%s %s\n", program, PACKAGE_VERSION);
                        return 0;
                }
                if (!option)
                        return -EINVAL;
                if (option->value)
                        *option->value = optarg;
                else
                        *option->flag = true;
        }
        return 1;
}
