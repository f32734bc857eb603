/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load: loads the crash kernel image once and says how it went. A child of kdumpd, or run by
 * hand. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/string-util.h"
#include "load/execute.h"
#include "load/prepare.h"
#include "load/text.h"
#include "sys/conffile.h"
#include "sys/iomem.h"
#include "sys/kcore.h"
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

static Failure load(int root_fd, const Settings *settings, LoadReport *report) {
        _cleanup_(prepared_done) Prepared prepared = PREPARED_INIT;
        uint64_t start_usec = monotonic_usec();
        struct utsname name;
        LoadRequest request;
        Failure failure;

        if (uname(&name) < 0)
                return load_fail(report, FAILURE_SYSTEM, "uname failed: %s", strerror(errno));
        request = (LoadRequest){ .root_fd = root_fd,
                                 .settings = settings,
                                 .architecture = name.machine,
                                 .release = name.release,
                                 .dry_run = arg_dry_run,
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

static void run(int root_fd, LoadReport *report) {
        _cleanup_(settings_done) Settings settings = { 0 };
        Error error;

        if (arg_unload) {
                block_signals();
                (void)load_unload(root_fd, &kexec_system_ops, report);
                return;
        }
        /* Whoever wants a report for a program is a program that reads the same files: kdumpd has
         * complained once, and need not again at each load. */
        if (conffile_read(arg_root, &settings, arg_json ? NULL : conffile_print_warning, NULL, NULL,
                          &error) < 0)
                (void)load_fail(report, FAILURE_SYSTEM, "%s", error.text);
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

int main(int argc, char **argv) {
        _cleanup_(load_report_done) LoadReport report = { 0 };
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        r = parse_argv(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
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
