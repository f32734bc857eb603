/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to tell of the configuration's files. */
#include "daemon/configuration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "sys/log.h"

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
        for (size_t i = 0; i < c->n_problems; i++)
                if (streq(c->problems[i], problem)) {
                        free(problem);
                        return;
                }
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

/* kdumpd is not root, as those are who write the configuration. */
static const char *hint(int error) {
        return error == -EACCES && geteuid() != 0
                       ? "; the user that kdumpd runs as has to be able to read it: for a file "
                         "that is not for everyone, 'chgrp kdumpd' and mode 0640 will do"
                       : "";
}

/* For status, until it could be read. */
static void add_unread(Configuration *c, const Error *error, const char *rest) {
        char text[ERROR_TEXT_MAX + 256];

        strscpyf(text, sizeof(text), "%s%s", error->text, rest);
        configuration_add_problem(c, "the configuration", 0, text);
}

int configuration_read_first(Configuration *c, int root_fd, const char *root, Settings *s) {
        Error error;
        int r;

        r = configuration_read(c, root_fd, root, s, &error);
        if (r >= 0)
                return 0;
        log_error("Using defaults until the configuration can be read: %s%s", error.text, hint(r));
        add_unread(c, &error, hint(r));
        c->is_due = true;
        return settings_init(s);
}

int configuration_read_again(Configuration *c, int root_fd, const char *root, Settings *s) {
        bool was_due = c->is_due;
        Settings settings = { 0 };
        Error error;
        int r;

        r = configuration_read(c, root_fd, root, &settings, &error);
        if (r < 0 && !was_due) {
                log_error(
                        "Keeping the configuration that there is until it can be read again: %s%s",
                        error.text, hint(r));
                add_unread(c, &error, hint(r));
        }
        c->is_due = r < 0;
        if (r < 0)
                return r;
        if (was_due)
                log_notice("The configuration can be read again");
        settings_done(s);
        *s = settings;
        return 0;
}

bool configuration_compare(Configuration *c, uint64_t identity) {
        bool before = c->changed;

        c->changed = identity != c->identity;
        return c->changed != before;
}
