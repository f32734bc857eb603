/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints names that the manual has to explain, out of the tables that the programs use.
 *
 * usage: print-names TABLE, where TABLE is one of those at the end of this file */
#include <stdio.h>

#include "base/string-util.h"
#include "core/decision.h"
#include "core/failure.h"
#include "core/machine.h"
#include "core/settings.h"
#include "ctl/daemon-status.h"
#include "image/cmdline.h"
#include "sys/locate.h"

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
        const DaemonProperty *property;

        for (size_t i = 0; (property = daemon_property(i)); i++)
                printf("%s %c\n", property->name, property->type);
}

static void print_failures(void) {
        for (Failure f = FAILURE_NONE + 1; f < _FAILURE_MAX; f++)
                printf("org.kdumpd1.Error.%s\n", failure_to_string(f));
}

static void print_states(void) {
        for (MachineState s = 0; s < _MACHINE_STATE_MAX; s++)
                printf("%s\n", machine_state_to_string(s));
}

static void print_verdicts(void) {
        for (Verdict v = 0; v < _VERDICT_MAX; v++)
                printf("%s\n", verdict_to_string(v));
}

static void print_kernels(void) {
        const char *place, *architectures;

        for (size_t i = 0; (place = locate_kernel_place(i, &architectures)); i++)
                printf("%s\n", place);
}

static void print_initrds(void) {
        const char *place;

        for (size_t i = 0; (place = locate_initrd_place(i)); i++)
                printf("%s\n", place);
}

static void print_removed(void) {
        const char *word;
        bool conditional;

        for (size_t i = 0; (word = command_line_removed(i, &conditional)); i++)
                printf("%s\n", word);
}

static void print_needed(void) {
        const char *word, *architectures;
        bool conditional;

        for (size_t i = 0; (word = command_line_needed(i, &architectures, &conditional)); i++)
                printf("%s\n", word);
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
                { "kernels", print_kernels },
                { "initrds", print_initrds },
                { "removed", print_removed },
                { "needed", print_needed },
        };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                if (argc == 2 && streq(tables[i].name, argv[1])) {
                        tables[i].print();
                        return EXIT_SUCCESS;
                }
        (void)fprintf(stderr, "print-names: no such table\n");
        return EXIT_FAILURE;
}
