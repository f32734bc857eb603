/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load: loads the crash kernel image once and says how it went: for kdumpd, as a service with
 * its own privileges, or run by hand. */
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/string-util.h"
#include "core/kexec-mark.h"
#include "load/execute.h"
#include "load/lock.h"
#include "load/prepare.h"
#include "load/text.h"
#include "sys/conffile.h"
#include "sys/iomem.h"
#include "sys/job-server.h"
#include "sys/kcore.h"
#include "sys/log.h"
#include "sys/options.h"
#include "sys/report-json.h"
#include "sys/vmcoreinfo.h"

enum {
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
};

static const char *arg_root = "";
static bool arg_dry_run;
static bool arg_unload;
static bool arg_json;
static bool arg_note_addresses;
static bool arg_serve;
static Spoil arg_spoil;

static const char help[] =
        "kdump-load [OPTIONS...]\n"
        "\n"
        "Load the crash kernel image that kdumpd.conf describes, once.\n"
        "\n"
        "  -n --dry-run   Check everything, show what would be loaded, load nothing\n"
        "  -u --unload    Unload the crash kernel image instead\n"
        "     --json      Print the report as one line of JSON\n"
        "     --note-addresses\n"
        "                 Note for kdumpd, which may not look, where the kernel is,\n"
        "                 and what it tells of its pages\n"
        "     --root=DIR  Look at the system below DIR (only with --dry-run)\n"
        "  -h --help      Show this help\n"
        "     --version   Show the version\n"
        "\n"
        "It ends with 0 if that worked, 1 if not, 2 for wrong usage.\n";

static int usage_error(const char *text) {
        (void)fprintf(stderr, "kdump-load: %s\n", text);
        return -EINVAL;
}

/* Returns 1 to go on, 0 if all is said, or -EINVAL. */
static int parse_argv(int argc, char **argv) {
        const char *spoil = NULL;
        const Option options[] = {
                { .name = "dry-run", .letter = 'n', .flag = &arg_dry_run },
                { .name = "unload", .letter = 'u', .flag = &arg_unload },
                { .name = "json", .flag = &arg_json },
                { .name = "note-addresses", .flag = &arg_note_addresses },
                { .name = "root", .value = &arg_root },
                /* For kdumpd-load@.service; in no help. */
                { .name = "serve", .flag = &arg_serve },
                /* For the tests of what must not work; in no help. */
                { .name = "spoil", .value = &spoil },
        };
        int r;

        r = options_parse(argc, argv, "kdump-load", help, options, ELEMENTSOF(options));
        if (r <= 0)
                return r;
        if (spoil) {
                r = spoil_from_string(spoil);
                if (r < 0)
                        return usage_error("--spoil= takes another word");
                arg_spoil = (Spoil)r;
        }
        if (optind < argc)
                return usage_error("it takes no arguments besides options");
        if (arg_serve && argc > 2)
                return usage_error("--serve goes with no other option");
        if (arg_dry_run + arg_unload + arg_note_addresses > 1)
                return usage_error("--dry-run, --unload and --note-addresses exclude each other");
        if (!isempty(arg_root) && (!arg_dry_run || arg_root[0] != '/'))
                return usage_error("--root= takes an absolute path, and needs --dry-run");
        return 1;
}

/* From here on a stop must not come between the calls: what they do is bounded, and a caller who
 * has waited enough sends SIGKILL. */
static void block_signals(void) {
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigaddset(&set, SIGHUP);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* It has to be another one each time, and is no secret: numbers of full quality, which there may
 * not be early in a boot, are not waited for. Returns NULL if it could not be read back, or there
 * is none: see sys/kcore.h. */
static const char *make_mark(const char *architecture, char buf[static KEXEC_MARK_MAX]) {
        uint8_t bytes[KEXEC_MARK_BYTES];

        if (!streq(architecture, "x86_64") ||
            (getrandom(bytes, sizeof(bytes), GRND_INSECURE) != sizeof(bytes) &&
             getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != sizeof(bytes))) /* before 5.6 */
                return NULL;
        kexec_mark_format(bytes, buf);
        return buf;
}

static Failure load(int root_fd, const Settings *settings, LoadReport *report) {
        _cleanup_(prepared_done) Prepared prepared = PREPARED_INIT;
        uint64_t start_usec = monotonic_usec();
        struct utsname name;
        char mark[KEXEC_MARK_MAX];
        LoadRequest request;
        Failure failure;

        if (uname(&name) < 0)
                return load_fail(report, FAILURE_SYSTEM, "uname failed: %s", strerror(errno));
        request = (LoadRequest){ .root_fd = root_fd,
                                 .settings = settings,
                                 .architecture = name.machine,
                                 .release = name.release,
                                 .dry_run = arg_dry_run,
                                 .keeps_reserve = arg_serve,
                                 .mark = arg_dry_run ? NULL : make_mark(name.machine, mark),
                                 .spoil = arg_spoil };
        failure = load_prepare(&request, &prepared, report);
        report->prepare_usec = sub_saturated(monotonic_usec(), start_usec);
        if (failure != FAILURE_NONE || arg_dry_run)
                return failure;
        block_signals();
        return load_execute(&request, &prepared, &kexec_system_ops, report);
}

/* Returns 0 or negative errno, after saying so. */
static int note_addresses(int root_fd) {
        Iomem iomem = { 0 };
        Kcore kcore;
        int r, k;

        (void)umask(0077);
        r = iomem_read(root_fd, &iomem);
        if (r >= 0)
                r = kcore_read(root_fd, iomem.kernel_start, &iomem.memory, &kcore);
        if (r >= 0)
                r = kcore_note(root_fd, iomem.kernel_start, &kcore);
        memory_map_done(&iomem.memory);
        if (r < 0)
                (void)fprintf(stderr, "kdump-load: the kernel's addresses cannot be noted: %s\n",
                              strerror(-r));
        (void)umask(0022); /* it tells no more than the kernel's package does */
        k = vmcoreinfo_note(root_fd);
        if (k < 0)
                (void)fprintf(stderr,
                              "kdump-load: what the kernel tells of its pages cannot be noted: "
                              "%s\n",
                              strerror(-k));
        return r < 0 ? r : k;
}

/* An unload is a loss of protection: kdumpd gets one only if root wants it. */
static Failure unload(int root_fd, const Settings *settings, LoadReport *report) {
        if (arg_serve && !settings->unload_on_stop && !unload_is_wanted(root_fd))
                return load_fail(
                        report, FAILURE_NOT_PERMITTED,
                        "kdumpd may not unload the image by itself: use 'kdumpctl unload', "
                        "or set UnloadOnStop=yes in kdumpd.conf");
        block_signals();
        return load_unload(root_fd, &kexec_system_ops, report);
}

/* Others that load or unload are waited for, for as long as any may take. */
static Failure lock(int root_fd, const Settings *settings, LoadReport *report, int *ret) {
        int r = 0;

        if (arg_serve)
                r = job_deadline(settings->load_timeout_usec);
        if (r < 0)
                return load_fail(report, FAILURE_SYSTEM, "timer_create failed: %s", strerror(-r));
        *ret = -EBADF;
        if (arg_dry_run && !arg_serve)
                return FAILURE_NONE;
        *ret = load_lock(root_fd, !arg_json);
        return FAILURE_NONE;
}

static void run(int root_fd, LoadReport *report) {
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_close_ int lock_fd = -EBADF;
        Error error;
        int r = 0;

        /* Whoever wants a report for a program is a program that reads the same files: kdumpd has
         * complained once, and need not again at each load. */
        if (!arg_unload || arg_serve)
                r = conffile_read(arg_root, &settings, arg_json ? NULL : conffile_print_warning,
                                  NULL, NULL, &error);
        if (r < 0)
                (void)load_fail(report, FAILURE_SYSTEM, "%s", error.text);
        else if (lock(root_fd, &settings, report, &lock_fd) != FAILURE_NONE)
                return;
        else if (arg_unload)
                (void)unload(root_fd, &settings, report);
        else
                (void)load(root_fd, &settings, report);
}

static int print(const LoadReport *report) {
        _cleanup_free_ char *json = NULL;

        if (arg_json) {
                if (report_to_json(report, &json) < 0)
                        return -ENOMEM;
                (void)fputs(json, stdout);
        } else {
                report_print(stdout, report,
                             arg_unload    ? LOAD_WHAT_UNLOAD
                             : arg_dry_run ? LOAD_WHAT_DRY_RUN
                                           : LOAD_WHAT_LOAD);
                if (report->failure != FAILURE_NONE)
                        (void)fprintf(stderr, "kdump-load: %s\n",
                                      report->message ?: failure_to_string(report->failure));
        }
        return fflush(stdout) != 0 ? -EIO : 0;
}

static int run_once(void) {
        _cleanup_(load_report_done) LoadReport report = { 0 };
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        root_fd = open_root(isempty(arg_root) ? "/" : arg_root);
        if (root_fd < 0) {
                (void)fprintf(stderr, "kdump-load: \"%s\" cannot be opened: %s\n", arg_root,
                              strerror(-root_fd));
                return EXIT_FAILED;
        }
        if (arg_note_addresses)
                return note_addresses(root_fd) < 0 ? EXIT_FAILED : EXIT_SUCCESS;
        run(root_fd, &report);
        r = print(&report);
        return r < 0 || report.failure != FAILURE_NONE ? EXIT_FAILED : EXIT_SUCCESS;
}

/* One request of kdumpd's, in a process of its own. */
static int serve(void *userdata, const JobRequest *request) {
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_close_ int root_fd = -EBADF, lock_fd = -EBADF;
        Error error;

        arg_json = true;
        arg_dry_run = request->verb == JOB_VERB_PLAN;
        arg_unload = request->verb == JOB_VERB_UNLOAD;
        if (request->verb != JOB_VERB_AWAIT)
                return run_once();
        root_fd = open_root("/");
        if (root_fd < 0 || conffile_read("", &settings, NULL, NULL, NULL, &error) < 0 ||
            job_deadline(settings.load_timeout_usec) < 0)
                return EXIT_FAILED;
        lock_fd = load_lock(root_fd, false);
        return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        static const JobServer server = {
                .name = "kdump-load",
                .verbs = 1u << JOB_VERB_AWAIT | 1u << JOB_VERB_PLAN | 1u << JOB_VERB_LOAD |
                         1u << JOB_VERB_UNLOAD,
                .run = serve,
        };
        int r;

        log_set_identifier(server.name);
        r = parse_argv(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        return arg_serve ? job_server_main(&server) : run_once();
}
