/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl setup: from a machine with kdumpd installed to one that is armed. Each step finds out
 * whether it is done already, so that it can be run again at any time. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "core/crash-test.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/helper.h"
#include "ctl/json.h"
#include "ctl/output.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "setup/import-files.h"
#include "setup/machine.h"
#include "setup/services.h"
#include "sys/conffile.h"
#include "sys/crash-test-json.h"
#include "sys/kernel-state.h"

#define SERVICE "kdumpd.service"
#define MIB     UINT64_C(1048576)

/* A start waits for a unit that it conflicts with to end, and that one may be writing. */
#define SYSTEMCTL_SILENCE_USEC (5 * USEC_PER_MINUTE)

typedef struct Setup {
        const Options *options;
        int root_fd;
        Settings settings;
        struct utsname uts;
        Checks checks;
        size_t n_shown; /* of them */
        bool has_new_settings, needs_reboot;
} Setup;

static void setup_done(Setup *s) {
        settings_done(&s->settings);
        closep(&s->root_fd);
}

static int run_systemctl(const Setup *s, const char *verb, const char *unit, Error *reterr) {
        _cleanup_free_ char *root = NULL;
        const char *argv[6] = { "systemctl", "--quiet", verb, unit };

        if (*s->options->root) {
                if (asprintf(&root, "--root=%s", s->options->root) < 0) {
                        root = NULL;
                        return error_set_memory(reterr);
                }
                argv[4] = root;
        }
        return command_run_quietly(argv, SYSTEMCTL_SILENCE_USEC, reterr);
}

static void check_this_machine(Setup *s) {
        machine_check(s->root_fd, &s->settings, s->uts.release, s->uts.machine, &s->checks);
}

/* --- the kdump services of distributions */

/* Returns the units that kdumpd is to take the place of, as words, in ret. */
static size_t find_others(const Setup *s, char *ret, size_t size) {
        size_t n = 0;
        const char *unit;

        *ret = '\0';
        for (size_t i = 0; (unit = services_other(i)); i++) {
                size_t used = strlen(ret);

                if (!services_is_enabled(s->root_fd, unit))
                        continue;
                strscpyf(ret + used, size - used, "%s%s", n++ > 0 ? ", " : "", unit);
        }
        return n;
}

static void replace_others(Setup *s) {
        char units[256];
        const char *unit;
        Error error;

        if (find_others(s, units, sizeof(units)) == 0) {
                checks_add(&s->checks, CHECK_OK, "other-services", "none is enabled");
                return;
        }
        if (s->options->dry_run) {
                checks_add(&s->checks, CHECK_LEFT, "other-services", "%s would be disabled", units);
                return;
        }
        for (size_t i = 0; (unit = services_other(i)); i++)
                if (services_is_enabled(s->root_fd, unit) &&
                    run_systemctl(s, "disable", unit, &error) < 0) {
                        checks_add(&s->checks, CHECK_FAILED, "other-services", "%s", error.text);
                        return;
                }
        checks_add(&s->checks, CHECK_CHANGED, "other-services",
                   "%s is disabled: kdumpd takes its place", units);
}

/* --- their settings */

/* Only where kdumpd comes in the place of another service, and has no settings yet. */
static void carry_settings_over(Setup *s) {
        _cleanup_(import_done) Import import = { 0 };
        _cleanup_free_ char *text = NULL;
        char copy[IMPORT_COPY_MAX], units[256];
        Error error;
        int r;

        if (find_others(s, units, sizeof(units)) == 0 ||
            exists_below(s->root_fd, IMPORT_DROPIN_PATH))
                return;
        r = import_read(s->root_fd, NULL, &import, &error);
        if (r == -ENOENT)
                return;
        if (r >= 0)
                r = import_format(&import, &text) < 0 ? error_set_memory(&error) : 0;
        if (r >= 0 && s->options->dry_run) {
                checks_add(&s->checks, CHECK_LEFT, "settings",
                           "those of the other service would be carried over to %s",
                           IMPORT_DROPIN_PATH);
                return;
        }
        if (r >= 0)
                r = import_write(s->root_fd, text, copy, &error);
        if (r < 0)
                checks_add(&s->checks, CHECK_FAILED, "settings", "%s", error.text);
        else {
                s->has_new_settings = true;
                checks_add(&s->checks, CHECK_CHANGED, "settings",
                           "those of the other service are carried over to %s, which says what "
                           "has no counterpart",
                           IMPORT_DROPIN_PATH);
        }
}

/* --- whether an oops is a panic */

static void check_oops(Setup *s) {
        Error error;
        int r;

        if (oops_panics(s->root_fd) == 1 || exists_below(s->root_fd, OOPS_SYSCTL_PATH)) {
                checks_add(&s->checks, CHECK_OK, "panic-on-oops", "an oops panics");
                return;
        }
        if (!s->options->panic_on_oops) {
                checks_add(&s->checks, CHECK_OK, "panic-on-oops",
                           "an oops does not panic and so gives no dump; --panic-on-oops has it "
                           "panic");
                return;
        }
        if (s->options->dry_run) {
                checks_add(&s->checks, CHECK_LEFT, "panic-on-oops", "%s would be written",
                           OOPS_SYSCTL_PATH);
                return;
        }
        r = oops_sysctl_write(s->root_fd, &error);
        if (r >= 0 && !*s->options->root) {
                const char *const argv[] = { "sysctl", "-q", "-p", OOPS_SYSCTL_PATH, NULL };

                r = command_run_quietly(argv, USEC_PER_MINUTE, &error);
        }
        if (r < 0)
                checks_add(&s->checks, CHECK_FAILED, "panic-on-oops", "%s", error.text);
        else
                checks_add(&s->checks, CHECK_CHANGED, "panic-on-oops",
                           "an oops panics from now on (%s)", OOPS_SYSCTL_PATH);
}

/* --- the memory for the capture kernel */

/* What the plan to have crashkernel=value comes to. */
static void apply_plan(Setup *s, const ReservePlan *plan, const Helper *helper,
                       const char *reserved) {
        _cleanup_(reserve_result_done) ReserveResult result = { 0 };
        Error error;

        /* Another reboot would change nothing. */
        if (plan->is_done && streq(plan->old_words, plan->new_word)) {
                checks_add(&s->checks, CHECK_FAILED, "reservation",
                           "%s, although this kernel was started with %s: \"dmesg\" says why, in "
                           "its lines with \"crashkernel\"",
                           reserved, plan->new_word);
                return;
        }
        if (plan->is_done) {
                s->needs_reboot = true;
                checks_add(&s->checks, CHECK_LEFT, "reservation",
                           "%s; %s is written, and is for the next boot", reserved, plan->new_word);
                return;
        }
        if (!plan->is_writable) {
                checks_add(&s->checks, CHECK_FAILED, "reservation",
                           "%s: %s; \"kdumpctl reserve\" shows how to have %s", reserved,
                           plan->obstacle ?: "kdumpctl does not write to this boot loader",
                           plan->new_word);
                return;
        }
        if (s->options->dry_run) {
                checks_add(&s->checks, CHECK_LEFT, "reservation", "%s; %s would be written to %s",
                           reserved, plan->new_word, plan->place);
                return;
        }
        if (helper_write_reservation(s->root_fd, plan, helper, &result, &error) < 0) {
                checks_add(&s->checks, CHECK_FAILED, "reservation", "%s", error.text);
                return;
        }
        s->needs_reboot = true;
        checks_add(&s->checks, CHECK_CHANGED, "reservation", "%s is written to %s%s%s",
                   plan->new_word, plan->place, result.note ? "; " : "", strempty(result.note));
}

/* Nothing is written where what is reserved will do. */
static void check_reservation(Setup *s) {
        const Helper helper = { .run = helper_run_command, .userdata = (void *)s->options->root };
        _cleanup_(reserve_plan_done) ReservePlan plan = { 0 };
        _cleanup_(needs_done) Needs needs = { 0 };
        char value[NEEDS_ADVICE_MAX], reserved[128];
        const Reservation *r = &needs.reservation;
        Error error;
        uint64_t all;

        if (helper_find_needs(s->options, s->root_fd, !s->options->dry_run, &needs, &error) < 0) {
                checks_add(&s->checks, CHECK_FAILED, "reservation", "%s", error.text);
                return;
        }
        all = add_saturated(r->total_bytes, r->cma_bytes);
        if (r->bytes > 0 && estimate_fits(&needs.estimate, r->bytes, all)) {
                checks_add(&s->checks, CHECK_OK, "reservation",
                           "%" PRIu64 " MiB, of which a capture takes about %" PRIu64 " MiB",
                           all / MIB, needs.estimate.needed / MIB);
                return;
        }
        if (r->bytes == 0)
                strscpy(reserved, sizeof(reserved), "nothing is reserved");
        else
                strscpyf(reserved, sizeof(reserved),
                         "%" PRIu64 " MiB do not suffice for the %" PRIu64 " MiB of a capture",
                         all / MIB, needs.estimate.needed / MIB);
        if (reserve_plan(s->root_fd, needs_advice(&needs, value), &helper, &plan, &error) < 0)
                checks_add(&s->checks, CHECK_FAILED, "reservation", "%s: %s", reserved, error.text);
        else
                apply_plan(s, &plan, &helper, reserved);
}

/* --- the service */

static void enable_service(Setup *s) {
        bool was_enabled = services_is_enabled(s->root_fd, SERVICE);
        Error error;
        int r = 0;

        if (s->options->dry_run) {
                checks_add(&s->checks, was_enabled ? CHECK_OK : CHECK_LEFT, "service", "%s %s",
                           SERVICE, was_enabled ? "is enabled" : "would be enabled and started");
                return;
        }
        if (!was_enabled)
                r = run_systemctl(s, "enable", SERVICE, &error);
        if (r >= 0 && !*s->options->root)
                r = run_systemctl(s, s->has_new_settings ? "reload-or-restart" : "start", SERVICE,
                                  &error);
        if (r < 0)
                checks_add(&s->checks, CHECK_FAILED, "service", "%s", error.text);
        else
                checks_add(&s->checks, was_enabled ? CHECK_OK : CHECK_CHANGED, "service",
                           "%s is enabled", SERVICE);
}

/* --- what has come of it */

static int get_armed_status(Status *ret, Error *reterr) {
        _cleanup_client_ Client *client = NULL;
        int r;

        r = client_new(&client, reterr);
        if (r < 0)
                return r;
        /* Why a load failed is in the status, too. */
        r = client_call(client, "Load", reterr);
        if (r == -ESRCH)
                return r;
        return client_get_status(client, ret, reterr);
}

static void check_image(Setup *s) {
        _cleanup_(status_done) Status status = { 0 };
        uint64_t bytes = 0;
        Error error;

        if (*s->options->root || s->options->dry_run)
                return;
        if (s->needs_reboot && (kernel_reservation_bytes(s->root_fd, &bytes) < 0 || bytes == 0)) {
                checks_add(&s->checks, CHECK_LEFT, "image", "loaded after the reboot");
                return;
        }
        if (get_armed_status(&status, &error) < 0)
                checks_add(&s->checks, CHECK_FAILED, "image", "%s", error.text);
        else
                checks_add(&s->checks, status.armed ? CHECK_OK : CHECK_FAILED, "image", "%s: %s",
                           strempty(status.state), strempty(status.state_reason));
}

static void check_crash_test(Setup *s) {
        _cleanup_(crash_test_done) CrashTest test = { 0 };
        int r = crash_test_read(s->root_fd, &test);

        if (r < 0 || test.result == CRASH_TEST_PENDING)
                checks_add(&s->checks, CHECK_OK, "crash-test",
                           "none yet; \"kdumpctl test --crash\" panics, and proves that a dump is "
                           "written");
        else if (test.result == CRASH_TEST_COMPLETE)
                checks_add(&s->checks, CHECK_OK, "crash-test", "it gave a complete dump");
        else
                checks_add(&s->checks, CHECK_LEFT, "crash-test",
                           "it gave no complete dump: \"kdumpctl info\" shows why");
}

/* --- all of it */

/* Whether to go on where another service is replaced. Nobody is asked where nobody can answer. */
static bool is_confirmed(const Setup *s) {
        char units[256];

        if (find_others(s, units, sizeof(units)) == 0 || s->options->yes || s->options->dry_run ||
            !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
                return true;
        (void)printf(
                "%s saves dumps on this machine now. kdumpd takes over: that is disabled, and\n"
                "its settings are carried over as far as they have a counterpart.\n",
                units);
        return confirm("Go on?");
}

/* Prints the rows that are new, as some of the steps take a while. */
static void show(Setup *s) {
        for (; !s->options->json && s->n_shown < s->checks.n; s->n_shown++)
                print_check(stdout, &s->checks.items[s->n_shown], want_colour(STDOUT_FILENO));
        (void)fflush(stdout);
}

static void run_setup(Setup *s) {
        static void (*const steps[])(Setup * s) = {
                check_this_machine, carry_settings_over, check_oops,  check_reservation,
                replace_others,     enable_service,      check_image, check_crash_test,
        };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                steps[i](s);
                show(s);
                /* What comes after it would rest on it. */
                if (checks_have(&s->checks, CHECK_FAILED))
                        return;
        }
}

static const char *closing(const Setup *s) {
        if (checks_have(&s->checks, CHECK_FAILED))
                return "Kdump is not set up: see what has failed above, and run this again.";
        if (s->options->dry_run)
                return "Nothing was changed: a dry run.";
        if (s->needs_reboot)
                return "Reboot this machine; then \"kdumpctl setup\" says whether it is done.";
        return checks_have(&s->checks, CHECK_LEFT) ? "Kdump is set up, except for what is left."
                                                   : "Kdump is set up.";
}

int verb_setup(const Options *options) {
        _cleanup_(setup_done) Setup s = { .options = options, .root_fd = -EBADF };
        bool failed;
        Error error;

        if (!options->dry_run && !*options->root && geteuid() != 0)
                return complain("permission denied: only root may set kdumpd up; --dry-run only "
                                "looks");
        s.root_fd = open_root(*options->root ? options->root : "/");
        if (s.root_fd < 0)
                return complain("\"%s\" cannot be opened: %s", options->root, strerror(-s.root_fd));
        if (kernel_is_capture(s.root_fd))
                return complain("nothing is set up: " CAPTURE_KERNEL_TEXT);
        if (conffile_read(options->root, &s.settings, NULL, NULL, NULL, &error) < 0)
                return complain("%s", error.text);
        if (uname(&s.uts) < 0)
                return complain("uname failed: %s", strerror(errno));
        if (!is_confirmed(&s))
                return complain("nothing was done");
        run_setup(&s);
        failed = checks_have(&s.checks, CHECK_FAILED);
        if (!options->json)
                (void)printf("\n%s\n", closing(&s));
        else if (json_print_checks(stdout, &s.checks, s.needs_reboot) < 0)
                return complain("out of memory");
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
