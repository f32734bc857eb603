/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs about dumps. They need no daemon. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/crash-log.h"
#include "ctl/dumps.h"
#include "ctl/json.h"
#include "ctl/output-dumps.h"
#include "ctl/output.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/conffile.h"

/* Of a log, for "info": the end is where the panic is. */
#define REPORT_LOG_MOST   (1024u * 1024u)
#define REPORT_LINES_MOST 60u

/* Of a log as one JSON string. */
#define JSON_LOG_MOST (64u * 1024u * 1024u)

/* What is wrong with the configuration is kdumpd's to tell, and show-config's. */
static int read_dumps(const Options *options, Dumps *ret) {
        _cleanup_(settings_done) Settings settings = { 0 };
        Error error;
        int r;

        r = conffile_read(options->root, &settings, NULL, NULL, NULL, &error);
        if (r < 0)
                return complain("%s", error.text);
        r = dumps_read(options->root, &settings, ret);
        if (r == -ENOMEM)
                return complain("out of memory");
        if (r < 0)
                return complain("\"%s\" cannot be opened: %s", options->root, strerror(-r));
        return 0;
}

/* A directory that is not there yet is the best of news. */
static void tell_targets(const Dumps *dumps) {
        for (size_t i = 0; i < dumps->n_targets; i++) {
                const FoundTarget *target = &dumps->targets[i];

                if (target->error == 0 || target->error == -ENOENT)
                        continue;
                if (target->error == -EACCES)
                        (void)complain("the dumps %s \"%s\" cannot be read: run as root",
                                       target->is_raw ? "on" : "in", target->path);
                else if (target->path)
                        (void)complain("\"%s\" cannot be read: %s", target->path, target->clause);
                else
                        (void)complain("the dumps cannot be found: %s", strempty(target->clause));
        }
}

/* Whether there may be dumps that this user does not see. */
static bool place_was_denied(const Dumps *dumps) {
        for (size_t i = 0; i < dumps->n_targets; i++)
                if (dumps->targets[i].error == -EACCES)
                        return true;
        return false;
}

static bool dump_was_denied(const Dumps *dumps) {
        for (size_t i = 0; i < dumps->n; i++)
                if (dumps->items[i].error == -EACCES)
                        return true;
        return false;
}

/* Of a place that could not be read, that has been said, and nothing else is known. */
static int no_dumps(const Dumps *dumps) {
        for (size_t i = 0; i < dumps->n_targets; i++)
                if (dumps->targets[i].path &&
                    (dumps->targets[i].error == 0 || dumps->targets[i].error == -ENOENT))
                        (void)complain("there are no dumps in \"%s\"", dumps->targets[i].path);
        return EXIT_FAILURE;
}

int verb_list(const Options *options) {
        _cleanup_(dumps_done) Dumps dumps = { 0 };

        bool denied;

        if (read_dumps(options, &dumps) != 0)
                return EXIT_FAILURE;
        tell_targets(&dumps);
        denied = place_was_denied(&dumps);
        /* An empty list would say that there are none. */
        if (dumps.n == 0 && denied)
                return EXIT_FAILURE;
        if (dumps.n == 0 && !options->json)
                return no_dumps(&dumps);
        if (!options->json)
                print_dumps(stdout, &dumps, want_colour(STDOUT_FILENO));
        else if (json_print_dumps(stdout, &dumps) < 0)
                return complain("out of memory");
        (void)fflush(stdout);
        if (dump_was_denied(&dumps)) {
                (void)complain("the dumps cannot be read: run as root");
                denied = true;
        }
        if (dumps.more && !options->json)
                (void)complain("there are more dumps than the %u that are looked at", DUMPS_MOST);
        return denied ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The dump that the command line names, NULL if there is none: then the sentence was said. */
static const FoundDump *choose(const Options *options, const Dumps *dumps) {
        const FoundDump *found;
        int i;

        tell_targets(dumps);
        /* Which one is the newest, nobody can say who does not see all of them. */
        if (!options->argument && place_was_denied(dumps))
                return NULL;
        i = dumps_find(dumps, options->argument);
        if (i == -ENOTUNIQ) {
                (void)complain("there is more than one dump whose name begins with \"%s\"",
                               options->argument);
                return NULL;
        }
        if (i < 0 && options->argument)
                (void)complain("there is no dump \"%s\": see \"kdumpctl list\"", options->argument);
        else if (i < 0)
                (void)no_dumps(dumps);
        if (i < 0)
                return NULL;
        found = &dumps->items[i];
        if (found->error == -EACCES)
                (void)complain("the dump \"%s\" cannot be read: run as root", found->dump.name);
        else if (found->error < 0)
                (void)complain("the dump \"%s\" cannot be read: %s", found->dump.name,
                               strerror(-found->error));
        return found->error < 0 ? NULL : found;
}

/* The end of a log, nothing if it cannot be read. */
static char *read_end_of_log(const FoundDump *found, size_t *ret_size) {
        _cleanup_close_ int fd = dumps_open_log(found);
        _cleanup_free_ char *text = NULL;
        uint64_t bytes = found->dump.info.log_bytes;

        if (fd < 0)
                return NULL;
        if (bytes > REPORT_LOG_MOST && lseek(fd, (off_t)(bytes - REPORT_LOG_MOST), SEEK_SET) < 0)
                return NULL;
        return read_fd(fd, REPORT_LOG_MOST, &text, ret_size) < 0 ? NULL : TAKE_PTR(text);
}

int verb_info(const Options *options) {
        _cleanup_(dumps_done) Dumps dumps = { 0 };
        _cleanup_free_ char *log = NULL;
        const FoundDump *found;
        const char *report = NULL;
        size_t size = 0;

        if (read_dumps(options, &dumps) != 0)
                return EXIT_FAILURE;
        found = choose(options, &dumps);
        if (!found)
                return EXIT_FAILURE;
        if (options->json) {
                if (json_print_dump(stdout, found) < 0)
                        return complain("out of memory");
                return EXIT_SUCCESS;
        }
        log = read_end_of_log(found, &size);
        if (!log || !crash_log_report(log, size, REPORT_LINES_MOST, &report, &size))
                report = NULL;
        print_dump(stdout, found, report, size, realtime_usec(), want_colour(STDOUT_FILENO));
        return EXIT_SUCCESS;
}

/* Line by line, as a log may be longer than anybody wants in memory. */
static int copy_log(int fd) {
        _cleanup_fclose_ FILE *f = fdopen(fd, "re");
        _cleanup_free_ char *line = NULL;
        size_t room = 0;
        ssize_t n;

        if (!f) {
                (void)close(fd);
                return -errno;
        }
        while ((n = getline(&line, &room, f)) >= 0)
                put_lines(stdout, line, (size_t)n);
        return ferror(f) ? -EIO : 0;
}

static int json_log(int fd, const FoundDump *found) {
        _cleanup_close_ int log_fd = fd;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_fd(log_fd, JSON_LOG_MOST, &text, &size);
        if (r < 0)
                return r;
        return json_print_log(stdout, found, text, size);
}

int verb_log(const Options *options) {
        _cleanup_(dumps_done) Dumps dumps = { 0 };
        const FoundDump *found;
        int fd, r;

        if (read_dumps(options, &dumps) != 0)
                return EXIT_FAILURE;
        found = choose(options, &dumps);
        if (!found)
                return EXIT_FAILURE;
        fd = dumps_open_log(found);
        if (fd == -ENOENT)
                return complain("the dump \"%s\" has no log", found->dump.name);
        r = fd < 0 ? fd : (options->json ? json_log(fd, found) : copy_log(fd));
        if (r < 0)
                return complain("the log of the dump \"%s\" cannot be read: %s", found->dump.name,
                                strerror(-r));
        return EXIT_SUCCESS;
}
