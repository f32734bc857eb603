/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for dumps in a process of its own. */
#include "daemon/scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "core/paths.h"
#include "daemon/journal.h"
#include "daemon/new-dumps.h"
#include "daemon/task.h"
#include "daemon/unit-name.h"
#include "sys/asked-json.h"
#include "sys/conffile.h"
#include "sys/crash-test-json.h"
#include "sys/job-server.h"
#include "sys/json-fields.h"
#include "sys/log.h"
#include "sys/raw-store.h"

/* The test twice, the newest dump of two places, what was asked for, and a few lines more. */
#define LINES_MOST   8u
#define LINE_LONGEST 65536u

/* Since the boot. */
#define RECOVER_PATIENCE_USEC (30 * USEC_PER_MINUTE)

/* One line of what the other process prints. */
typedef struct Line {
        bool is_newest, is_done;
        uint64_t usec;
        char *directory, *message, *state;
        bool complete;
        char *test, *asked; /* JSON */
} Line;

static const JsonField table[] = {
        JSON_FIELD(BOOL, Line, "Newest", is_newest),
        JSON_FIELD(BOOL, Line, "Done", is_done),
        JSON_FIELD(NUMBER, Line, "USec", usec),
        JSON_FIELD(OPTIONAL_STRING, Line, "Directory", directory),
        JSON_FIELD(OPTIONAL_STRING, Line, "Message", message),
        JSON_FIELD(OPTIONAL_STRING, Line, "State", state),
        JSON_FIELD(BOOL, Line, "Complete", complete),
        JSON_FIELD(OPTIONAL_STRING, Line, "CrashTest", test),
        JSON_FIELD(OPTIONAL_STRING, Line, "Asked", asked),
};
static const JsonFields fields = JSON_FIELDS(table, LINE_LONGEST);

static void line_done(Line *line) {
        free(line->directory);
        free(line->message);
        free(line->state);
        free(line->test);
        free(line->asked);
}

/* --- the process that looks --- */

typedef struct Looker {
        int root_fd;
        bool systemd_runs; /* as sd_booted(3) finds it out */
} Looker;

static void print_line(const Line *line) {
        _cleanup_free_ char *text = NULL;

        /* At once: whoever is killed has told what it knows. */
        if (json_fields_to_text(&fields, line, &text) >= 0) {
                (void)fputs(text, stdout);
                (void)fflush(stdout);
        }
}

/* Has a .path unit start something, by an empty directory, which is there at once or not at all. */
static void ask_for(const Looker *looker, const char *directory, const char *name) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (!looker->systemd_runs)
                return;
        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                r = -ENOMEM;
        } else {
                /* The service has it; by hand it may be missing. */
                (void)make_directory_below(looker->root_fd, directory, 0700);
                r = make_directory_below(looker->root_fd, path, 0700);
        }
        if (r < 0 && r != -EEXIST)
                log_warning("Cannot make %s/%s, so it is not started: %s", directory, name,
                            strerrordesc_np(-r));
}

/* Programs of the administrator's run in a unit of their own, not in our sandbox. */
static void on_found(void *userdata, const Dump *dump) {
        const Looker *looker = userdata;
        char unit[UNIT_NAME_MAX];

        journal_dump(dump);
        if (unit_name_for_path(unit, "kdumpd-crash", dump->info.directory) < 0)
                log_warning("Cannot start kdumpd-crash@.service for %s, ignoring: the path is too "
                            "long for the name of a unit",
                            dump->info.directory);
        else
                ask_for(looker, SCAN_CRASH_DIRECTORY, unit);
}

static void on_more(void *userdata, size_t n) {
        log_notice("%zu older dumps are new, too; see 'kdumpctl list'", n);
}

static void on_tested(void *userdata, const CrashTest *test) {
        _cleanup_free_ char *text = NULL;

        if (crash_test_to_json(test, &text) >= 0)
                print_line(&(Line){ .test = text });
}

static void on_judged(void *userdata, const CrashTest *test) {
        journal_crash_test(test);
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

/* kdumpd may not read that, either. Nothing, if nothing is asked for any more. */
static void print_asked(int root_fd) {
        _cleanup_(asked_done) Asked asked = { 0 };
        _cleanup_free_ char *text = NULL;
        int r;

        r = asked_read(root_fd, &asked);
        if (r < 0 && r != -ENOENT)
                log_warning("Cannot read %s, ignoring it: %s", ASKED_PATH, strerrordesc_np(-r));
        if (asked_to_json(&asked, &text) >= 0)
                print_line(&(Line){ .asked = text });
}

/* The device, or room for the dump, may be late in coming: it is tried again for a while. */
static bool may_be_late(int root_fd) {
        return monotonic_usec() < RECOVER_PATIENCE_USEC &&
               !exists_below(root_fd, RAW_STORE_CLEAR_PATH);
}

int scan_main(const char *root, bool is_urgent) {
        static const NewDumpsOps ops = {
                .tested = on_tested,
                .found = on_found,
                .more = on_more,
                .judged = on_judged,
                .unclean = on_unclean,
                .newest = on_newest,
        };
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");
        Looker looker = { .root_fd = root_fd };
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
        print_asked(root_fd);
        looker.systemd_runs = exists_below(root_fd, "/run/systemd/system");
        /* What is on a device is taken from there by who may, and then found like the others. */
        if (dump_target_any_device(&settings) && (is_urgent || may_be_late(root_fd)))
                ask_for(&looker, SCAN_RECOVER_DIRECTORY, "wanted");
        print_line(&(Line){
                .is_done = new_dumps_look(root_fd, &settings, realtime_usec(), &ops, &looker) });
        return EXIT_SUCCESS;
}

static int on_request(void *userdata, const JobRequest *request) {
        return scan_main("", request->flags & JOB_FLAG_URGENT);
}

/* kdumpd ends in order, or the machine does: kdumpd may not write that down itself. One that has
 * crashed is started again, and asks again. */
static void on_closed(void *userdata) {
        _cleanup_close_ int root_fd = open_root("/");

        if (root_fd >= 0)
                last_boot_end(root_fd);
}

int scan_serve(void) {
        static const JobServer server = {
                .name = "kdumpd",
                .verbs = 1u << JOB_VERB_SCAN,
                .ends_with_caller = true,
                .run = on_request,
                .closed = on_closed,
        };

        return job_server_main(&server);
}

/* --- the daemon --- */

struct Scan {
        ScanSetup setup;
        char *root_option;
        const char *argv[5];
        size_t n_argv; /* without SCAN_URGENT_OPTION */
        Task *task;
        uint64_t next_usec, delay_usec;
        bool is_wanted; /* again, as soon as that is over */
        bool was_told;  /* that it takes too long */
};

static void take_newest(Scan *scan, const Line *line) {
        int state = dump_state_from_string(strempty(line->state));
        LastCrash newest = { .usec = line->usec, .complete = line->complete };

        if (state >= 0)
                newest.state = dump_state_to_string((DumpState)state);
        strscpy(newest.directory, sizeof(newest.directory), strempty(line->directory));
        strscpy(newest.message, sizeof(newest.message), strempty(line->message));
        scan->setup.newest(scan->setup.userdata, &newest);
}

static void take_test(Scan *scan, const char *text) {
        CrashTest test;

        if (crash_test_from_json(text, strlen(text), &test) < 0)
                return;
        scan->setup.tested(scan->setup.userdata, &test);
        crash_test_done(&test);
}

static void take_asked(Scan *scan, const char *text) {
        Asked asked;

        if (asked_from_json(text, strlen(text), &asked) < 0)
                return;
        scan->setup.asked(scan->setup.userdata, &asked);
        asked_done(&asked);
}

/* Returns whether the other process said that it has seen all. */
static bool take_line(Scan *scan, const char *text) {
        _cleanup_(line_done) Line line = { 0 };

        if (json_fields_from_text(&fields, text, strlen(text), LINE_LONGEST, &line) < 0) {
                log_debug("Cannot read a line about dumps, ignoring: %s", text);
                return false;
        }
        if (line.test)
                take_test(scan, line.test);
        if (line.asked)
                take_asked(scan, line.asked);
        if (line.is_newest)
                take_newest(scan, &line);
        return line.is_done;
}

/* What it has told counts, however it ended. */
static void on_ended(void *userdata, char *text, size_t size) {
        Scan *scan = userdata;
        bool is_done = false;
        char *end;

        for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                is_done = take_line(scan, line);
        }
        if (is_done) {
                scan->delay_usec = SCAN_RARELY_USEC;
                scan->was_told = false;
        }
        scan->next_usec = monotonic_usec() + scan->delay_usec;
        scan->delay_usec = MIN(scan->delay_usec * 2, (uint64_t)SCAN_RARELY_USEC);
        if (scan->is_wanted)
                scan_look(scan, monotonic_usec(), true);
}

/* It may be beyond killing; then it is not started again, either, and nothing else suffers. */
static void on_late(void *userdata) {
        Scan *scan = userdata;

        if (!scan->was_told)
                log_warning("Looking for dumps takes too long, so it is given up for now; does the "
                            "file system of Path= hang?");
        scan->was_told = true;
}

int scan_new(sd_event *event, const ScanSetup *setup, Scan **ret) {
        _cleanup_(scan_freep) Scan *scan = calloc(1, sizeof(*scan));
        const TaskSetup task_setup = {
                .service = setup->service,
                .verb = JOB_VERB_SCAN,
                .argv = scan ? scan->argv : NULL,
                .most = LINES_MOST * LINE_LONGEST,
                .patience_usec = setup->patience_usec,
                .late = on_late,
                .ended = on_ended,
                .userdata = scan,
        };
        size_t n = 0;
        int r;

        if (!scan)
                return -ENOMEM;
        *scan = (Scan){ .setup = *setup };
        scan->argv[n++] = setup->program;
        scan->argv[n++] = SCAN_OPTION;
        if (setup->root) {
                if (asprintf(&scan->root_option, "--root=%s", setup->root) < 0) {
                        scan->root_option = NULL;
                        return -ENOMEM;
                }
                scan->argv[n++] = scan->root_option;
        }
        scan->n_argv = n;
        r = task_new(event, &task_setup, &scan->task);
        if (r >= 0)
                *ret = TAKE_PTR(scan);
        return r;
}

Scan *scan_free(Scan *scan) {
        if (!scan)
                return NULL;
        task_free(scan->task);
        free(scan->root_option);
        free(scan);
        return NULL;
}

void scan_look(Scan *scan, uint64_t now_usec, bool is_urgent) {
        int r;

        if (is_urgent)
                scan->delay_usec = SCAN_SOON_USEC;
        if (task_is_running(scan->task) || (!is_urgent && now_usec < scan->next_usec)) {
                scan->is_wanted |= is_urgent;
                return;
        }
        scan->is_wanted = false;
        scan->next_usec = now_usec + scan->delay_usec;
        scan->argv[scan->n_argv] = is_urgent ? SCAN_URGENT_OPTION : NULL;
        r = task_start(scan->task, is_urgent ? JOB_FLAG_URGENT : 0);
        if (r < 0)
                log_warning("Cannot look for dumps: %s", strerrordesc_np(-r));
}
