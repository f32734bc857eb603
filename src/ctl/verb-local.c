/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that need no daemon. */
#include <errno.h>
#include <stdlib.h>

#include "base/string-util.h"
#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/conffile.h"

/* Far more than there are keys; more than these would be printed without their origin. */
#define KEYS_MAX 64u

typedef struct Origins {
        const char *files[KEYS_MAX];
        char *copies[KEYS_MAX];
} Origins;

static void origins_done(Origins *origins) {
        for (size_t i = 0; i < KEYS_MAX; i++)
                free(origins->copies[i]);
}

static void on_warning(void *userdata, const char *file, unsigned line, const char *text,
                       const char *told) {
        if (line > 0)
                (void)complain("%s:%u: %s", file, line, text);
        else
                (void)complain("%s: %s", file, text);
}

static void on_origin(void *userdata, const char *section, const char *key, const char *file) {
        const char *known_section, *known_key;
        Origins *origins = userdata;

        for (size_t i = 0; i < KEYS_MAX && settings_key(i, &known_section, &known_key, NULL); i++) {
                if (!streq(known_section, section) || !streq(known_key, key))
                        continue;
                free(origins->copies[i]);
                origins->copies[i] = strdup(file);
                origins->files[i] = origins->copies[i] ?: "(out of memory)";
                return;
        }
}

int verb_show_config(const Options *options) {
        _cleanup_(origins_done) Origins origins = { 0 };
        _cleanup_(settings_done) Settings settings = { 0 };
        Error error;

        if (conffile_read(options->root, &settings, on_warning, on_origin, &origins, &error) < 0)
                return complain("%s", error.text);
        if (!options->json)
                print_settings(stdout, &settings, origins.files, KEYS_MAX);
        else if (json_print_settings(stdout, &settings, origins.files, KEYS_MAX) < 0)
                return complain("out of memory");
        return EXIT_SUCCESS;
}
