/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl: the command line of kdumpd. Options, verbs, help. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/string-util.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/options.h"

static const char help[] =
        "Usage: kdumpctl [OPTION...] VERB [DUMP|DEVICE]\n"
        "\n"
        "Controls kdumpd, which keeps the crash kernel image loaded and up to date.\n"
        "\n"
        "Verbs:\n"
        "  status        Whether a panic now would give a dump, and why kdumpd thinks so\n"
        "  events        What kdumpd decided when CPUs or memory came or went\n"
        "  load          Load the image if it is not loaded\n"
        "  unload        Unload the image; kdumpd leaves it so until load or reload\n"
        "  reload        Load the image again in any case\n"
        "  rebuild       Build the capture initramfs again in any case\n"
        "  test          Show what a load would use and whether a capture would fit, or\n"
        "                why a load would fail\n"
        "  estimate      Work out which crashkernel= would do\n"
        "  show-config   Print the configuration in force and where it comes from\n"
        "  showmem       Print how much memory is reserved for the capture kernel\n"
        "  list          List the dumps of panics, the newest last\n"
        "  info          Show what is known of a dump, by default of the newest\n"
        "  log           Print the kernel's log in a dump\n"
        "  recover       Take the dump on a raw target, or on DEVICE, into files\n"
        "  help          Print this text\n"
        "  version       Print the version\n"
        "\n"
        "DUMP is the name of its directory, the beginning of it, or its number in the\n"
        "list.\n"
        "\n"
        "Options:\n"
        "  -n N          events: the newest N only (default: 20), or 'all'\n"
        "  --json        Print JSON (status, events, test, estimate, show-config,\n"
        "                showmem, list, info, log)\n"
        "  --no-pager    Of no effect: there never is a pager\n"
        "  --crash       test: panic, to see whether that gives a dump\n"
        "  --yes         test --crash: do not ask whether that is meant\n"
        "  --root=DIR    Look below DIR (with the verbs that do not ask kdumpd)\n"
        "  -h, --help    Print this text\n"
        "  --version     Print the version\n"
        "\n"
        "Exit status: 0 success (status: armed), 1 failure, 2 wrong usage,\n"
        "3 status: not armed. See kdumpctl(8).\n";

static int verb_help(const Options *options) {
        (void)fputs(help, stdout);
        return EXIT_SUCCESS;
}

static int verb_version(const Options *options) {
        (void)puts("kdumpctl " PACKAGE_VERSION);
        return EXIT_SUCCESS;
}

static const struct {
        const char *name;
        int (*run)(const Options *options);
        bool takes_argument, speaks_json;
} verbs[] = {
        { "status", verb_status, false, true },
        { "events", verb_events, false, true },
        { "load", verb_load, false, false },
        { "unload", verb_unload, false, false },
        { "reload", verb_reload, false, false },
        { "rebuild", verb_rebuild, false, false },
        { "test", verb_test, false, true },
        { "estimate", verb_estimate, false, true },
        { "show-config", verb_show_config, false, true },
        { "showmem", verb_showmem, false, true },
        { "list", verb_list, false, true },
        { "info", verb_info, true, true },
        { "log", verb_log, true, true },
        { "recover", verb_recover, true, false },
        { "help", verb_help, false, false },
        { "version", verb_version, false, false },
};

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

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, Options *options) {
        const char *count = NULL, *root = NULL;
        bool no_pager = false;
        const Option table[] = {
                { .letter = 'n', .value = &count },
                { .name = "json", .flag = &options->json },
                { .name = "crash", .flag = &options->crash },
                { .name = "yes", .flag = &options->yes },
                { .name = "root", .value = &root },
                /* Whoever is used to systemctl writes it into scripts. */
                { .name = "no-pager", .flag = &no_pager },
        };
        int r;

        r = options_parse(argc, argv, "kdumpctl", help, table, ELEMENTSOF(table));
        if (r <= 0)
                return r == -EINVAL ? EXIT_USAGE : r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (count && parse_count(count, &options->decisions) < 0)
                return wrong_usage("-n takes a number from 1 on or \"all\", not", count);
        if (root && root[0] != '/')
                return wrong_usage("--root= takes an absolute path, not", root);
        if (root && !streq(root, "/"))
                options->root = root;
        return -1;
}

static int run_verb(int argc, char **argv, Options *options) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                int most = verbs[i].takes_argument ? 2 : 1;

                if (!streq(verbs[i].name, argv[0]))
                        continue;
                if (argc > most)
                        return wrong_usage("too many arguments from", argv[most]);
                if (options->json && !verbs[i].speaks_json)
                        return wrong_usage("--json is not for", argv[0]);
                if ((options->crash || options->yes) && verbs[i].run != verb_test)
                        return wrong_usage("--crash and --yes are for \"test\", not for", argv[0]);
                options->argument = argv[1];
                return verbs[i].run(options);
        }
        return wrong_usage("unknown verb", argv[0]);
}

int main(int argc, char **argv) {
        Options options = { .decisions = DECISIONS_DEFAULT, .root = "" };
        int status;

        status = parse_options(argc, argv, &options);
        if (status < 0 && optind >= argc)
                status = wrong_usage("missing verb", NULL);
        if (status < 0)
                status = run_verb(argc - optind, argv + optind, &options);
        if (options_said("kdumpctl") < 0 && status == EXIT_SUCCESS)
                status = EXIT_FAILURE;
        return status;
}
