/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that look ahead: whether a load would work, and whether a capture would fit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "core/collector.h"
#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/conffile.h"
#include "sys/crash-test-json.h"
#include "sys/dump-target.h"
#include "sys/kernel-state.h"
#include "sys/needs.h"
#include "sys/path.h"
#include "sys/report-json.h"
#include "sys/vmcoreinfo.h"

#define KDUMP_LOAD KDUMPD_SBINDIR "/kdump-load"

/* A file that nobody makes, for a collector that only checks its options. */
#define NOWHERE "/proc/no-such-directory/vmcore"

/* It reads the kernel and the initrd, and loads nothing. */
#define SILENCE_USEC (2 * USEC_PER_MINUTE)

/* Returns EXIT_SUCCESS with its exit status; EXIT_FAILURE after saying why there is none. */
static int run_load(const Options *options, int *ret_status) {
        const char *program = secure_getenv("KDUMPCTL_KDUMP_LOAD") ?: KDUMP_LOAD;
        _cleanup_free_ char *root = NULL;
        const char *argv[5] = { program, "--dry-run" };
        const Command command = {
                .argv = argv,
                .directory_fd = -EBADF,
                .on_output = command_pass_on,
                .silence_usec = command_patience_usec("KDUMPCTL_PATIENCE", SILENCE_USEC),
                .most = COMMAND_PASSED_MOST,
        };
        size_t n = 2;
        Error error;

        if (options->json)
                argv[n++] = "--json";
        if (*options->root) {
                if (asprintf(&root, "--root=%s", options->root) < 0) {
                        root = NULL;
                        return complain("out of memory");
                }
                argv[n++] = root;
        }
        if (command_run(&command, ret_status, &error) < 0)
                return complain("%s", error.text);
        return EXIT_SUCCESS;
}

/* --- what the core collector says of its options */

/* Has it check options; where that is below another root, it runs in there if one may. Returns 0
 * with its exit status, or negative errno. */
static int ask_collector(const Options *options, const char *program, char *const *words,
                         CommandText *said, int *ret_status) {
        _cleanup_free_ const char **argv = calloc(COLLECTOR_WORDS_MOST + 8, sizeof(char *));
        const Command command = {
                .argv = argv,
                .directory_fd = -EBADF,
                .on_output = command_keep_text,
                .userdata = said,
                .silence_usec = command_patience_usec("KDUMPCTL_PATIENCE", SILENCE_USEC),
                .most = COMMAND_PASSED_MOST,
        };
        _cleanup_free_ char *below = NULL;
        Error error;
        size_t n = 0;

        if (!argv)
                return -ENOMEM;
        *said = (CommandText){ 0 };
        if (*options->root && geteuid() == 0) {
                argv[n++] = "chroot";
                argv[n++] = options->root;
        } else if (*options->root && asprintf(&below, "%s%s", options->root, program) < 0) {
                below = NULL;
                return -ENOMEM;
        }
        argv[n++] = below ?: program;
        argv[n++] = "--check-params";
        for (; *words; words++)
                argv[n++] = *words;
        argv[n++] = "/proc/vmcore";
        argv[n++] = NOWHERE;
        return command_run(&command, ret_status, &error);
}

/* Returns false if it refuses its options. One that does not know how to check them, as before
 * 1.7.2, or cannot be run here, is asked nothing. */
static bool check_collector(const Options *options, int root_fd, const Settings *settings) {
        static char level[] = "-d", value[] = "31";
        static char *const known[] = { level, value, NULL };
        _cleanup_words_ char **words = NULL;
        _cleanup_free_ char *program = NULL;
        const char *use;
        int status;
        CommandText said;

        if (!streq(settings->initrd, "auto") ||
            collector_split(settings->core_collector, &words) < 0 ||
            !streq(path_name(words[0]), "makedumpfile"))
                return true;
        use = collector_other_use(words);
        if (use) {
                print_collector_use(stdout, use, want_colour(STDOUT_FILENO));
                return false;
        }
        if (path_find_program(root_fd, words[0], &program) < 0 ||
            ask_collector(options, program, known, &said, &status) < 0 || status != 0 ||
            ask_collector(options, program, words + 1, &said, &status) < 0)
                return true;
        said.text[strcspn(said.text, "\n")] = '\0';
        print_collector(stdout, settings->core_collector, status == 0 ? NULL : said.text,
                        want_colour(STDOUT_FILENO));
        return status == 0;
}

/* --- the last crash test */

/* Whether it gave a complete dump where the target keeps them now. */
static bool went_to_target(int root_fd, const Settings *settings, const CrashTest *test) {
        _cleanup_free_ char *path = NULL;
        const char *rest;
        Error error;

        if (test->result != CRASH_TEST_COMPLETE ||
            dump_target_path(root_fd, settings, DUMP_TARGET_MAIN, &path, &error) < 0)
                return false;
        rest = startswith(strempty(test->directory), path);
        return rest && (*rest == '/' || endswith(path, "/"));
}

/* The result of the last crash test, and whether it was of the image that is loaded. */
static void show_crash_test(int root_fd, const Settings *settings) {
        _cleanup_(crash_test_done) CrashTest test = { 0 };
        ImageRecord record = { 0 };
        bool same = false;
        int r;

        r = crash_test_read(root_fd, &test);
        if (r == 0) {
                int n = image_record_read(root_fd, &record);

                if (n >= 0)
                        same = crash_test_same_image(&test, &record.report);
                r = n == -EACCES ? n : 0;
        }
        if (r == -EACCES)
                print_crash_test_unseen(stdout);
        if (r < 0 && r != -ENOENT)
                return;
        print_crash_test(stdout, r == 0 ? &test : NULL, same);
        if (r < 0 || !same || !went_to_target(root_fd, settings, &test))
                print_target_untried(stdout);
        image_record_done(&record);
}

static Failure find_needs(int root_fd, const Settings *settings, Needs *ret, Error *reterr) {
        struct utsname uts;

        if (uname(&uts) < 0)
                return error_set(reterr, FAILURE_SYSTEM, "uname failed: %s", strerror(errno));
        return needs_find(root_fd, settings, uts.machine, uts.release, ret, reterr);
}

/* Of a collector without a level there is nothing to say. */
static void show_dumps(int root_fd, const Settings *settings) {
        LevelCheck check;
        uint64_t level = vmcoreinfo_check(root_fd, settings->core_collector, &check);
        MemoryUse use;

        if (level == UINT64_MAX || !streq(settings->initrd, "auto"))
                return;
        kernel_memory_use(root_fd, &use);
        print_dump_contents(stdout, &check, level, settings->unknown_kernel_level, &use,
                            geteuid() == 0, want_colour(STDOUT_FILENO));
}

int verb_test(const Options *options) {
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_(needs_done) Needs needs = { 0 };
        _cleanup_close_ int root_fd = -EBADF;
        Error error;
        int status;

        if (options->crash)
                return crash_on_purpose(options);
        if (run_load(options, &status) != EXIT_SUCCESS)
                return EXIT_FAILURE;
        root_fd = open_root(*options->root ? options->root : "/");
        if (options->json || root_fd < 0)
                return status;
        if (conffile_read(options->root, &settings, NULL, NULL, NULL, &error) < 0)
                return complain("%s", error.text);
        /* What is missing is what the other program has said already. */
        if (find_needs(root_fd, &settings, &needs, &error) == FAILURE_NONE)
                print_fit(stdout, &needs, want_colour(STDOUT_FILENO));
        show_dumps(root_fd, &settings);
        if (!check_collector(options, root_fd, &settings) && status == EXIT_SUCCESS)
                status = EXIT_FAILURE;
        show_crash_test(root_fd, &settings);
        return status;
}

int verb_estimate(const Options *options) {
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_(needs_done) Needs needs = { 0 };
        _cleanup_close_ int root_fd = open_root(*options->root ? options->root : "/");
        Error error;

        if (root_fd < 0)
                return complain("\"%s\" cannot be opened: %s", options->root, strerror(-root_fd));
        if (conffile_read(options->root, &settings, NULL, NULL, NULL, &error) < 0)
                return complain("%s", error.text);
        if (find_needs(root_fd, &settings, &needs, &error) != FAILURE_NONE)
                return complain("%s", error.text);
        if (!options->json)
                print_estimate(stdout, &needs);
        else if (json_print_estimate(stdout, &needs) < 0)
                return complain("out of memory");
        return EXIT_SUCCESS;
}
