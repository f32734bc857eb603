/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/verb-table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/string-util.h"

/* Columns of the help: where what a verb or an option does begins, and how many there are. */
#define HELP_AT    16
#define HELP_WIDTH 80

static int verb_help(const Options *options);
static int verb_version(const Options *options);

static const VerbOption option_table[] = {
        { 'n', NULL, "N", OPTION_COUNT, offsetof(Options, count),
          "The newest N only (default: 20), or \"all\"" },
        { 0, "json", NULL, OPTION_JSON, offsetof(Options, json), "Print JSON" },
        { 0, "crash", NULL, OPTION_CRASH, offsetof(Options, crash),
          "Panic, to see whether that gives a dump" },
        { 0, "yes", NULL, OPTION_YES, offsetof(Options, yes), "Do not ask whether that is meant" },
        { 0, "write", NULL, OPTION_WRITE, offsetof(Options, write),
          "Write it, and not only show it" },
        { 0, "remove", NULL, OPTION_REMOVE, offsetof(Options, remove),
          "Take away what reserve has written" },
        { 0, "textfile", "FILE", OPTION_TEXTFILE, offsetof(Options, textfile),
          "Write it into FILE, for node_exporter" },
        { 0, "dry-run", NULL, OPTION_DRY_RUN, offsetof(Options, dry_run),
          "Change nothing, and say what would be" },
        { 0, "panic-on-oops", NULL, OPTION_PANIC_ON_OOPS, offsetof(Options, panic_on_oops),
          "Have every oops panic, so that it gives a dump" },
        { 0, "root", "DIR", OPTION_ROOT, offsetof(Options, root), "Look below DIR" },
        /* Whoever is used to systemctl writes it into scripts. */
        { 0, "no-pager", NULL, 0, offsetof(Options, no_pager),
          "Of no effect: there never is a pager" },
};

static const Verb table[] = {
        { "setup", NULL, verb_setup,
          OPTION_JSON | OPTION_YES | OPTION_ROOT | OPTION_DRY_RUN | OPTION_PANIC_ON_OOPS,
          "Check this machine, reserve memory, take over from another kdump\n"
          "service, enable kdumpd; what is done already stays as it is" },
        { "status", NULL, verb_status, OPTION_JSON | OPTION_ROOT,
          "Whether a panic now would give a dump, and why kdumpd thinks so" },
        { "events", NULL, verb_events, OPTION_JSON | OPTION_COUNT,
          "What kdumpd decided when CPUs or memory came or went" },
        { "load", NULL, verb_load, 0, "Load the image if it is not loaded" },
        { "unload", NULL, verb_unload, 0,
          "Unload the image; kdumpd leaves it so until load or reload" },
        { "reload", NULL, verb_reload, 0, "Load the image again in any case" },
        { "rebuild", NULL, verb_rebuild, 0, "Build the capture initramfs again in any case" },
        { "test", NULL, verb_test, OPTION_JSON | OPTION_CRASH | OPTION_YES | OPTION_ROOT,
          "Show what a load would use and whether a capture would fit, or\n"
          "why a load would fail" },
        { "estimate", NULL, verb_estimate, OPTION_JSON | OPTION_ROOT,
          "Work out which crashkernel= would do" },
        { "reserve", "SIZE", verb_reserve, OPTION_JSON | OPTION_WRITE | OPTION_REMOVE | OPTION_ROOT,
          "Show which crashkernel= would do, and where it goes; SIZE is as\n"
          "the kernel takes it (192M), or \"auto\": what estimate says" },
        { "show-config", NULL, verb_show_config, OPTION_JSON | OPTION_ROOT,
          "Print the configuration in force and where it comes from" },
        { "showmem", NULL, verb_showmem, OPTION_JSON | OPTION_ROOT,
          "Print how much memory is reserved for the capture kernel" },
        { "start", NULL, verb_start, 0, "Start kdumpd, as systemctl does" },
        { "stop", NULL, verb_stop, 0, "Stop kdumpd; the image stays loaded" },
        { "restart", NULL, verb_restart, 0, "Restart kdumpd; the image stays loaded" },
        { "list", NULL, verb_list, OPTION_JSON | OPTION_ROOT,
          "List the dumps of panics, the newest last" },
        { "info", "DUMP", verb_info, OPTION_JSON | OPTION_ROOT,
          "Show what is known of a dump, by default of the newest" },
        { "log", "DUMP", verb_log, OPTION_JSON | OPTION_ROOT, "Print the kernel's log in a dump" },
        { "recover", "DEVICE", verb_recover, OPTION_ROOT,
          "Take the dump on a raw target, or on DEVICE, into files" },
        { "import", "FILE", verb_import, OPTION_JSON | OPTION_WRITE | OPTION_ROOT,
          "Show the settings of another kdump service as ones of kdumpd" },
        { "metrics", NULL, verb_metrics, OPTION_TEXTFILE | OPTION_ROOT,
          "Print what there is for monitoring, as OpenMetrics" },
        { "help", NULL, verb_help, 0, "Print this text" },
        { "version", NULL, verb_version, 0, "Print the version" },
};

static const struct {
        const char *name, *instead;
} elsewhere[] = {
        { "get-default-crashkernel",
          "no kernel says here what to reserve: \"kdumpctl estimate\" works it out" },
        { "reset-crashkernel", "\"kdumpctl reserve --write\" does that here" },
        { "propagate",
          "kdumpd sends no dumps over ssh, and has no key for it: \"ssh-copy-id\" copies one" },
        { "setup-crypttab",
          "kdumpd writes no dumps to encrypted disks: see Target= in kdumpd.conf(5)" },
};

const Verb *verb_table(size_t *ret_n) {
        *ret_n = ELEMENTSOF(table);
        return table;
}

const VerbOption *verb_option_table(size_t *ret_n) {
        *ret_n = ELEMENTSOF(option_table);
        return option_table;
}

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(table[i].name, name))
                        return &table[i];
        return NULL;
}

const char *verb_elsewhere(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(elsewhere); i++)
                if (streq(elsewhere[i].name, name))
                        return elsewhere[i].instead;
        return NULL;
}

/* One entry: what is typed, and what it does. */
static void put_entry(FILE *f, const char *typed, const char *help) {
        size_t line = strcspn(help, "\n");

        if (strlen(typed) > HELP_AT - 3)
                (void)fprintf(f, "  %s\n%*s%.*s\n", typed, HELP_AT, "", (int)line, help);
        else
                (void)fprintf(f, "  %-*s%.*s\n", HELP_AT - 2, typed, (int)line, help);
        if (help[line] == '\n')
                (void)fprintf(f, "%*s%s\n", HELP_AT, "", help + line + 1);
}

/* Words in parentheses after an option: the verbs that take it, on lines of their own. */
static void put_takers(FILE *f, OptionSet set) {
        size_t at = HELP_WIDTH;

        for (size_t i = 0, n = 0; i < ELEMENTSOF(table); i++) {
                size_t width = strlen(table[i].name) + 2;

                if ((table[i].takes & set) == 0)
                        continue;
                if (n > 0)
                        (void)fputs(",", f);
                if (at + width > HELP_WIDTH) {
                        (void)fprintf(f, "%s%*s", n > 0 ? "\n" : "", HELP_AT, "");
                        at = HELP_AT;
                } else
                        (void)fputs(" ", f);
                (void)fprintf(f, "%s%s", n++ == 0 ? "(" : "", table[i].name);
                at += width;
        }
        (void)fputs(")\n", f);
}

static void put_option(FILE *f, const VerbOption *option) {
        char typed[64];

        if (option->name)
                (void)snprintf(typed, sizeof(typed), "--%s%s%s", option->name,
                               option->argument ? "=" : "", strempty(option->argument));
        else
                (void)snprintf(typed, sizeof(typed), "-%c%s%s", option->letter,
                               option->argument ? " " : "", strempty(option->argument));
        put_entry(f, typed, option->help);
        if (option->set)
                put_takers(f, option->set);
}

char *verb_help_text(void) {
        char *text = NULL;
        size_t size;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        (void)fputs("Usage: kdumpctl [OPTION...] VERB [ARGUMENT]\n"
                    "\n"
                    "Controls kdumpd, which keeps the crash kernel image loaded and up to date.\n"
                    "\n"
                    "Verbs:\n",
                    f);
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                put_entry(f, table[i].name, table[i].help);
        (void)fputs("\n"
                    "DUMP is the name of its directory, the beginning of it, or its number in the\n"
                    "list.\n"
                    "\n"
                    "Options:\n",
                    f);
        for (size_t i = 0; i < ELEMENTSOF(option_table); i++)
                put_option(f, &option_table[i]);
        put_entry(f, "-h, --help", "Print this text");
        put_entry(f, "--version", "Print the version");
        (void)fputs("\n"
                    "Exit status: 0 success (status: armed), 1 failure, 2 wrong usage,\n"
                    "3 status: not armed. See kdumpctl(8).\n",
                    f);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static int verb_help(const Options *options) {
        _cleanup_free_ char *text = verb_help_text();

        (void)fputs(strempty(text), stdout);
        return text ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int verb_version(const Options *options) {
        (void)puts("kdumpctl " PACKAGE_VERSION);
        return EXIT_SUCCESS;
}
