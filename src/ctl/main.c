/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl: the command line of kdumpd. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/string-util.h"
#include "ctl/print.h"
#include "ctl/verb-table.h"
#include "sys/options.h"

static int wrong_usage(const char *what, const char *which) {
        (void)complain("%s%s%s%s: see \"kdumpctl --help\"", what, which ? " \"" : "",
                       strempty(which), which ? "\"" : "");
        return EXIT_USAGE;
}

static int parse_count(const char *s, uint32_t *ret) {
        if (streq(s, "all")) {
                *ret = UINT32_MAX;
                return 0;
        }
        return parse_u32(s, 10, ret) < 0 || *ret == 0 ? -1 : 0;
}

static const char **value_of(const VerbOption *option, Options *options) {
        return (const char **)((char *)options + option->offset);
}

static bool *flag_of(const VerbOption *option, Options *options) {
        return (bool *)((char *)options + option->offset);
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, Options *options) {
        _cleanup_free_ char *help = verb_help_text();
        Option table[OPTIONS_MOST];
        const VerbOption *known;
        size_t n;
        int r;

        known = verb_option_table(&n);
        for (size_t i = 0; i < n && i < OPTIONS_MOST; i++)
                table[i] = (Option){
                        .name = known[i].name,
                        .letter = known[i].letter,
                        .flag = known[i].argument ? NULL : flag_of(&known[i], options),
                        .value = known[i].argument ? value_of(&known[i], options) : NULL,
                };
        r = options_parse(argc, argv, "kdumpctl", strempty(help), table, n);
        if (r <= 0)
                return r == -EINVAL ? EXIT_USAGE : r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (options->count && parse_count(options->count, &options->decisions) < 0)
                return wrong_usage("-n takes a number from 1 on or \"all\", not", options->count);
        if (*options->root && options->root[0] != '/')
                return wrong_usage("--root= takes an absolute path, not", options->root);
        if (streq(options->root, "/"))
                options->root = "";
        return -1;
}

/* Returns the first option of the command line that is not for this verb, or NULL. */
static const VerbOption *find_misplaced(const Verb *verb, Options *options) {
        const VerbOption *known;
        size_t n;

        known = verb_option_table(&n);
        for (size_t i = 0; i < n; i++) {
                const VerbOption *o = &known[i];

                if (o->set == 0 || (verb->takes & o->set) != 0)
                        continue;
                if (o->argument ? !isempty(*value_of(o, options)) : *flag_of(o, options))
                        return o;
        }
        return NULL;
}

static int run_verb(int argc, char **argv, Options *options) {
        const Verb *verb = verb_find(argv[0]);
        const VerbOption *misplaced;
        int most;

        if (!verb)
                return wrong_usage("unknown verb", argv[0]);
        most = verb->argument ? 2 : 1;
        if (argc > most)
                return wrong_usage("too many arguments from", argv[most]);
        misplaced = find_misplaced(verb, options);
        if (misplaced) {
                char letter[2] = { misplaced->letter, '\0' };

                (void)complain("%s%s is not for \"%s\": see \"kdumpctl --help\"",
                               misplaced->name ? "--" : "-", misplaced->name ?: letter, argv[0]);
                return EXIT_USAGE;
        }
        options->argument = argv[1];
        return verb->run(options);
}

int main(int argc, char **argv) {
        Options options = { .decisions = DECISIONS_DEFAULT, .root = "" };
        const char *instead;
        int status;

        /* Before the options, which it has of its own. */
        instead = argc > 1 ? verb_elsewhere(argv[1]) : NULL;
        if (instead) {
                (void)complain("%s", instead);
                return EXIT_USAGE;
        }
        status = parse_options(argc, argv, &options);
        if (status < 0 && optind >= argc)
                status = wrong_usage("missing verb", NULL);
        if (status < 0)
                status = run_verb(argc - optind, argv + optind, &options);
        if (options_said("kdumpctl") < 0 && status == EXIT_SUCCESS)
                status = EXIT_FAILURE;
        return status;
}
