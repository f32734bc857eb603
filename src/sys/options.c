/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a program, by a table. */
#include "sys/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "base/string-util.h"

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

/* What getopt_long() could not make sense of. */
static int complain(const char *program, char **argv, int code) {
        const char *word = argv[optind - 1];
        char letter[3] = { '-', (char)optopt, '\0' };
        bool is_long = startswith(word, "--");

        /* One letter of several, perhaps. */
        (void)fprintf(stderr, "%s: %s \"%s\": see \"%s --help\"\n", program,
                      code == ':'              ? "missing argument of"
                      : is_long && optopt != 0 ? "there is no argument to"
                                               : "unknown option",
                      is_long ? word : letter, program);
        return -EINVAL;
}

int options_said(const char *program) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return 0;
        (void)fprintf(stderr, "%s: the output cannot be written\n", program);
        return -EIO;
}

int options_parse(int argc, char **argv, const char *program, const char *help,
                  const Option *options, size_t n) {
        struct option table[OPTIONS_MOST + 3] = { 0 };
        char letters[2 * OPTIONS_MOST + 3] = ":h";
        size_t n_long = 0;
        int code;

        if (n > OPTIONS_MOST)
                return -E2BIG;
        for (size_t i = 0, k = strlen(letters); i < n; i++) {
                if (options[i].name)
                        table[n_long++] = (struct option){
                                .name = options[i].name,
                                .has_arg = options[i].value ? required_argument : no_argument,
                                .val = code_of(options, i),
                        };
                if (options[i].letter)
                        letters[k++] = options[i].letter;
                if (options[i].letter && options[i].value)
                        letters[k++] = ':';
        }
        table[n_long++] = (struct option){ "help", no_argument, NULL, 'h' };
        table[n_long] = (struct option){ "version", no_argument, NULL, CODE_VERSION };
        opterr = 0;
        while ((code = getopt_long(argc, argv, letters, table, NULL)) >= 0) {
                const Option *option = find(options, n, code);

                if (code == 'h') {
                        (void)fputs(help, stdout);
                        return options_said(program);
                }
                if (code == CODE_VERSION) {
                        (void)printf("%s %s\n", program, PACKAGE_VERSION);
                        return options_said(program);
                }
                if (!option)
                        return complain(program, argv, code);
                if (option->value)
                        *option->value = optarg;
                else
                        *option->flag = true;
        }
        return 1;
}
