/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to tell of the configuration's files. */
#include "daemon/configuration.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/journal.h"

void configuration_done(Configuration *c) {
        for (size_t i = 0; i < c->n_problems; i++)
                free(c->problems[i]);
        *c = (Configuration){ 0 };
}

void configuration_add_problem(Configuration *c, const char *file, unsigned line,
                               const char *text) {
        char number[16] = "", *problem;

        if (c->n_problems == CONFIGURATION_PROBLEMS_MAX)
                return;
        if (line > 0)
                strscpyf(number, sizeof(number), ":%u", line);
        if (asprintf(&problem, "%s%s: %s", file, number, text) < 0)
                return;
        /* Names of files are any bytes, and a string on D-Bus is not. */
        utf8_mend(problem);
        c->problems[c->n_problems++] = problem;
}

static void on_warning(void *userdata, const char *file, unsigned line, const char *text,
                       const char *told) {
        journal_conffile_warning(file, line, text);
        configuration_add_problem(userdata, file, line, told);
}

int configuration_read(Configuration *c, int root_fd, const char *root, Settings *s,
                       Error *reterr) {
        /* Files that are changed while they are read are others than those that were. */
        Configuration read = { .identity = conffile_identity(root_fd) };
        int r;

        r = conffile_read(root, s, on_warning, NULL, &read, reterr);
        if (r < 0) {
                configuration_done(&read);
                return r;
        }
        configuration_done(c);
        *c = read;
        return 0;
}

bool configuration_compare(Configuration *c, int root_fd) {
        bool before = c->changed;

        c->changed = conffile_identity(root_fd) != c->identity;
        return c->changed != before;
}
