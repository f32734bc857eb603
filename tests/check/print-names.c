/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints names that the manual has to explain, out of the tables that the programs use.
 *
 * usage: print-names TABLE, where TABLE is one of those at the end of this file */
#include <stdio.h>

#include "base/string-util.h"
#include "core/dump-info.h"
#include "core/failure.h"
#include "core/settings.h"
#include "core/status.h"
#include "ctl/verb-table.h"
#include "daemon/decision.h"
#include "daemon/guard.h"
#include "load/cmdline-words.h"
#include "load/cmdline.h"
#include "sys/places.h"

/* The settings as conf/kdumpd.conf shows them. */
static void print_conf(void) {
        const char *section, *key, *preset, *previous = "";

        for (size_t i = 0; settings_key(i, &section, &key, &preset); i++) {
                if (!streq(section, previous))
                        printf("[%s]\n", section);
                previous = section;
                printf("#%s=%s\n", key, preset);
        }
}

static void print_keys(void) {
        const char *key, *preset;

        for (size_t i = 0; settings_key(i, NULL, &key, &preset); i++)
                printf("%s=%s\n", key, preset);
}

static void print_properties(void) {
        const StatusProperty *property;

        for (size_t i = 0; (property = status_property(i)); i++)
                printf("%s %s\n", property->name, property->signature);
}

static void print_failures(void) {
        for (Failure f = FAILURE_NONE + 1; f < _FAILURE_MAX; f++)
                printf("org.kdumpd1.Error.%s\n", failure_to_string(f));
}

static void print_states(void) {
        for (ImageState s = 0; s < _IMAGE_STATE_MAX; s++)
                printf("%s\n", image_state_to_string(s));
}

static void print_verdicts(void) {
        for (Verdict v = 0; v < _VERDICT_MAX; v++)
                printf("%s\n", verdict_to_string(v));
}

static void print_results(void) {
        for (DumpResult r = 0; r < _DUMP_RESULT_MAX; r++)
                printf("%s\n", dump_result_to_string(r));
}

static void print_kernels(void) {
        const char *place, *architectures;

        for (size_t i = 0; (place = places_kernel(i, &architectures)); i++)
                printf("%s\n", place);
}

static void print_initrds(void) {
        const char *place, *words;

        for (size_t i = 0; (place = places_initrd(i, &words)); i++)
                printf("%s\n", place);
}

/* Prints words in lines as long as the manual's may be: first begins each line, and between stands
 * after each word but the last. Words are printed up to the NUL. */
static void print_filled(const char *first, const char *between, const char *end,
                         const char *words) {
        size_t column = 0;

        for (const char *p = words; *p; p += strspn(p, " ")) {
                size_t n = strcspn(p, " ");
                bool is_last = p[n] == '\0';

                if (column > 0 && column + 1 + n + strlen(is_last ? end : between) > 100) {
                        printf("\n");
                        column = 0;
                }
                column += (size_t)printf("%s%.*s%s", column > 0 ? " " : first, (int)n, p,
                                         is_last ? end : between);
                p += n;
        }
        printf("\n");
}

/* The words that are left out, as the manual lists them. */
static void print_rows(bool if_initrd_knows_root) {
        const WordRow *row;

        for (size_t i = 0; (row = word_row(i)); i++)
                if (row->if_initrd_knows_root == if_initrd_knows_root) {
                        printf(".It\n");
                        print_filled("", "", ":", row->reason);
                        print_filled(".Cm ", " ,", " .", row->spellings);
                }
}

static void print_removed(void) {
        print_rows(false);
}

static void print_removed_root(void) {
        print_rows(true);
}

static void print_needed(void) {
        const char *word, *architectures;
        bool conditional;

        for (size_t i = 0; (word = command_line_needed(i, &architectures, &conditional)); i++)
                printf("%s\n", word);
        for (size_t i = 0; places_initrd(i, &word); i++)
                printf("%s\n", word);
}

static void print_words(const char *list) {
        for (const char *p = strempty(list); *p; p += strspn(p, " ")) {
                size_t n = strcspn(p, " ");

                printf("%.*s\n", (int)n, p);
                p += n;
        }
}

/* Each as often as a table has it. */
static void print_architectures(void) {
        const char *architectures;
        bool conditional;

        for (size_t i = 0; command_line_needed(i, &architectures, &conditional); i++)
                print_words(architectures);
        for (size_t i = 0; places_kernel(i, &architectures); i++)
                print_words(architectures);
}

static void print_option(const VerbOption *option) {
        if (option->name)
                (void)printf("--%s", option->name);
        else
                (void)printf("-%c", option->letter);
}

/* What conf/completion/generate.awk takes: fields between tabs. */
static void print_commands(void) {
        const VerbOption *options;
        const Verb *verbs;
        size_t n_verbs, n_options;

        verbs = verb_table(&n_verbs);
        options = verb_option_table(&n_options);
        for (size_t i = 0; i < n_verbs; i++) {
                const char *help = verbs[i].help;

                printf("verb\t%s\t%s\t", verbs[i].name, strempty(verbs[i].argument));
                for (size_t k = 0; k < n_options; k++)
                        if ((verbs[i].takes & options[k].set) != 0) {
                                printf(" ");
                                print_option(&options[k]);
                        }
                printf("\t");
                for (; *help; help++)
                        printf("%c", *help == '\n' ? ' ' : *help);
                printf("\n");
        }
        for (size_t k = 0; k < n_options; k++) {
                printf("option\t");
                print_option(&options[k]);
                printf("\t%s\t%s\t%s\n", strempty(options[k].argument), options[k].help,
                       options[k].set ? "some" : "");
        }
        printf("option\t--help\t\tPrint a short text\t\n"
               "option\t--version\t\tPrint the version\t\n");
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                void (*print)(void);
        } tables[] = {
                { "conf", print_conf },
                { "keys", print_keys },
                { "properties", print_properties },
                { "failures", print_failures },
                { "states", print_states },
                { "verdicts", print_verdicts },
                { "results", print_results },
                { "kernels", print_kernels },
                { "initrds", print_initrds },
                { "removed", print_removed },
                { "removed-root", print_removed_root },
                { "needed", print_needed },
                { "architectures", print_architectures },
                { "commands", print_commands },
        };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                if (argc == 2 && streq(tables[i].name, argv[1])) {
                        tables[i].print();
                        return EXIT_SUCCESS;
                }
        (void)fprintf(stderr, "print-names: no such table\n");
        return EXIT_FAILURE;
}
