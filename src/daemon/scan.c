/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for dumps in a process of its own. */
#include "daemon/scan.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "daemon/child.h"
#include "daemon/journal.h"
#include "daemon/new-dumps.h"
#include "sys/conffile.h"
#include "sys/json-fields.h"
#include "sys/log.h"

/* News that are told one by one, of two places, and a few lines more. */
#define LINES_MOST   (2 * NEW_DUMPS_MOST + 8)
#define LINE_LONGEST 16384u

/* One line of what the child prints. */
typedef struct Line {
        char *found;
        bool judged, is_newest, is_done;
        uint64_t usec;
        char *directory, *message, *state;
        bool complete;
} Line;

static const JsonField table[] = {
        JSON_FIELD(OPTIONAL_STRING, Line, "Found", found),
        JSON_FIELD(BOOL, Line, "Judged", judged),
        JSON_FIELD(BOOL, Line, "Newest", is_newest),
        JSON_FIELD(BOOL, Line, "Done", is_done),
        JSON_FIELD(NUMBER, Line, "USec", usec),
        JSON_FIELD(OPTIONAL_STRING, Line, "Directory", directory),
        JSON_FIELD(OPTIONAL_STRING, Line, "Message", message),
        JSON_FIELD(OPTIONAL_STRING, Line, "State", state),
        JSON_FIELD(BOOL, Line, "Complete", complete),
};
static const JsonFields fields = JSON_FIELDS(table, LINE_LONGEST);

static void line_done(Line *line) {
        free(line->found);
        free(line->directory);
        free(line->message);
        free(line->state);
}

/* --- the child --- */

static void print_line(const Line *line) {
        _cleanup_free_ char *text = NULL;

        /* At once: whoever is killed has told what it knows. */
        if (json_fields_to_text(&fields, line, &text) >= 0) {
                (void)fputs(text, stdout);
                (void)fflush(stdout);
        }
}

static void on_found(void *userdata, const Dump *dump) {
        journal_dump(dump);
        print_line(&(Line){ .found = dump->info.directory });
}

static void on_more(void *userdata, size_t n) {
        log_notice("%zu older dumps are new, too; see 'kdumpctl list'", n);
}

static void on_judged(void *userdata, const CrashTest *test) {
        journal_crash_test(test);
        print_line(&(Line){ .judged = true });
}

static void on_unclean(void *userdata, const LastBoot *boot, bool in_all, const char *pstore) {
        journal_unclean_end(boot, in_all, pstore);
}

static void on_newest(void *userdata, const LastCrash *newest) {
        LastCrash copy = *newest;

        print_line(&(Line){
                .is_newest = true,
                .usec = copy.usec,
                .directory = copy.directory,
                .message = copy.message,
                .state = (char *)copy.state,
                .complete = copy.complete,
        });
}

int scan_main(const char *root) {
        static const NewDumpsOps ops = {
                .found = on_found,
                .more = on_more,
                .judged = on_judged,
                .unclean = on_unclean,
                .newest = on_newest,
        };
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");
        Error error;
        int r = root_fd;

        if (r < 0)
                (void)error_set(&error, r, "\"%s\" cannot be opened: %s", *root ? root : "/",
                                strerrordesc_np(-r));
        if (r >= 0)
                r = conffile_read(root, &settings, NULL, NULL, NULL, &error);
        if (r < 0) {
                log_error("Cannot look for dumps: %s", error.text);
                return EXIT_FAILURE;
        }
        print_line(&(Line){
                .is_done = new_dumps_look(root_fd, &settings, realtime_usec(), &ops, NULL) });
        return EXIT_SUCCESS;
}

/* --- the daemon --- */

struct Scan {
        sd_event *event;
        ScanSetup setup;
        Child *child; /* NULL if none is running */
        sd_event_source *patience;
        uint64_t next_usec, delay_usec;
        bool is_wanted; /* again, as soon as that is over */
        bool was_told;  /* that it takes too long */
};

int scan_new(sd_event *event, const ScanSetup *setup, Scan **ret) {
        Scan *scan = calloc(1, sizeof(*scan));

        if (!scan)
                return -ENOMEM;
        *scan = (Scan){ .event = sd_event_ref(event), .setup = *setup };
        *ret = scan;
        return 0;
}

Scan *scan_free(Scan *scan) {
        if (!scan)
                return NULL;
        if (scan->child)
                child_kill(scan->child);
        child_free(scan->child);
        sd_event_source_disable_unref(scan->patience);
        sd_event_unref(scan->event);
        free(scan);
        return NULL;
}

static void take_newest(Scan *scan, const Line *line) {
        int state = dump_state_from_string(strempty(line->state));
        LastCrash newest = { .usec = line->usec, .complete = line->complete };

        if (state >= 0)
                newest.state = dump_state_to_string((DumpState)state);
        strscpy(newest.directory, sizeof(newest.directory), strempty(line->directory));
        strscpy(newest.message, sizeof(newest.message), strempty(line->message));
        scan->setup.newest(scan->setup.userdata, &newest);
}

/* Returns whether the child said that it has seen all. */
static bool take_line(Scan *scan, const char *text) {
        _cleanup_(line_done) Line line = { 0 };

        if (json_fields_from_text(&fields, text, strlen(text), LINE_LONGEST, &line) < 0) {
                log_debug("Cannot read a line about dumps, ignoring: %s", text);
                return false;
        }
        if (line.found)
                scan->setup.found(scan->setup.userdata, line.found);
        if (line.judged)
                scan->setup.judged(scan->setup.userdata);
        if (line.is_newest)
                take_newest(scan, &line);
        return line.is_done;
}

/* What it has told counts, however it ended. */
static void on_ended(void *userdata, const siginfo_t *si, char *text, size_t size) {
        Scan *scan = userdata;
        bool is_done = false;
        char *end;

        scan->child = child_free(scan->child);
        scan->patience = sd_event_source_disable_unref(scan->patience);
        for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                is_done = take_line(scan, line);
        }
        if (is_done) {
                scan->delay_usec = SCAN_RARELY_USEC;
                scan->was_told = false;
        }
        scan->next_usec = scan->is_wanted ? 0 : monotonic_usec() + scan->delay_usec;
        scan->is_wanted = false;
        scan->delay_usec = MIN(scan->delay_usec * 2, (uint64_t)SCAN_RARELY_USEC);
}

/* It may be beyond killing; then it is not started again, either, and nothing else suffers. */
static int on_patience(sd_event_source *source, uint64_t usec, void *userdata) {
        Scan *scan = userdata;

        if (!scan->was_told)
                log_warning("Looking for dumps takes too long, so it is given up for now; does the "
                            "file system of Path= hang?");
        scan->was_told = true;
        child_kill(scan->child);
        return 0;
}

void scan_look(Scan *scan, uint64_t now_usec, bool is_urgent) {
        _cleanup_free_ char *root = NULL;
        const char *argv[4] = { scan->setup.program, SCAN_OPTION };
        const ChildSetup setup = {
                .argv = argv,
                .most = LINES_MOST * LINE_LONGEST,
                .ended = on_ended,
                .userdata = scan,
        };
        int r = 0;

        if (is_urgent)
                scan->delay_usec = SCAN_SOON_USEC;
        if (scan->child || (!is_urgent && now_usec < scan->next_usec)) {
                scan->is_wanted |= is_urgent;
                return;
        }
        scan->next_usec = now_usec + scan->delay_usec;
        if (scan->setup.root && asprintf(&root, "--root=%s", scan->setup.root) < 0) {
                root = NULL;
                r = -ENOMEM;
        }
        argv[2] = root;
        if (r >= 0)
                r = child_start(scan->event, &setup, &scan->child);
        if (r >= 0)
                r = sd_event_add_time(scan->event, &scan->patience, CLOCK_MONOTONIC,
                                      now_usec + scan->setup.patience_usec, 0, on_patience, scan);
        if (r < 0) {
                log_warning("Cannot look for dumps: %s", strerrordesc_np(-r));
                if (scan->child)
                        child_kill(scan->child);
        }
}
