/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl import: the settings of another kdump service. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "ctl/json.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "setup/import-files.h"

#define OOPS_TEXT "the other service has every oops panic, without which an oops gives no dump"

static void say(const Options *options, int r, const char *path, const char *more) {
        if (!options->json)
                (void)printf("%s %s%s\n", r > 0 ? "Wrote" : "Already there:", path, more);
}

static int write_files(const Options *options, int root_fd, const Import *import,
                       const char *text) {
        char copy[IMPORT_COPY_MAX];
        Error error;
        int r;

        r = import_write(root_fd, text, copy, &error);
        if (r < 0)
                return complain("%s", error.text);
        if (copy[0] && !options->json)
                (void)printf("Kept what was there as %s\n", copy);
        say(options, r, IMPORT_DROPIN_PATH, ", which counts after: systemctl reload kdumpd");
        if (import->panic_on_oops) {
                r = oops_sysctl_write(root_fd, &error);
                if (r < 0)
                        return complain("%s", error.text);
                say(options, r, OOPS_SYSCTL_PATH,
                    ", which counts after: systemctl restart systemd-sysctl (" OOPS_TEXT ")");
        }
        return EXIT_SUCCESS;
}

int verb_import(const Options *options) {
        _cleanup_close_ int root_fd = open_root(*options->root ? options->root : "/");
        _cleanup_(import_done) Import import = { 0 };
        _cleanup_free_ char *text = NULL;
        Error error;

        if (root_fd < 0)
                return complain("\"%s\" cannot be opened: %s", options->root,
                                strerrordesc_np(-root_fd));
        if (import_read(root_fd, options->argument, &import, &error) < 0)
                return complain("%s", error.text);
        if (import_format(&import, &text) < 0)
                return complain("out of memory");
        if (options->json) {
                if (json_print_import(stdout, &import) < 0)
                        return complain("out of memory");
        } else if (!options->write)
                put_lines(stdout, text, strlen(text));
        if (options->write)
                return write_files(options, root_fd, &import, text);
        if (import.panic_on_oops && !options->json)
                (void)puts("\n# " OOPS_TEXT ": with --write,\n# " OOPS_SYSCTL_PATH " has it so.");
        return EXIT_SUCCESS;
}
