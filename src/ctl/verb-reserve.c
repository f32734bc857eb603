/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpctl reserve. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/crashkernel.h"
#include "ctl/helper.h"
#include "ctl/output-reserve.h"
#include "ctl/output.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/kernel-state.h"

static bool is_auto(const Options *options) {
        return isempty(options->argument) || streq(options->argument, "auto");
}

/* What the estimate says, as a value for crashkernel=. */
static int find_value(const Options *options, const ReserveReport *report,
                      char ret[static NEEDS_ADVICE_MAX], Error *reterr) {
        const Needs *needs = report->needs;

        if (!is_auto(options)) {
                strscpy(ret, NEEDS_ADVICE_MAX, options->argument);
                if (strlen(options->argument) < NEEDS_ADVICE_MAX)
                        return 0;
                return error_set(reterr, -EINVAL, "\"%s\" is too long for a size",
                                 options->argument);
        }
        if (!needs)
                return error_set(reterr, -EINVAL, "how much to reserve cannot be worked out: %s",
                                 report->needs_error);
        (void)needs_advice(needs, ret);
        return 0;
}

/* Makes the plan, with the size that it is for. */
static int make_plan(const Options *options, int root_fd, const Helper *helper,
                     ReserveReport *report, ReservePlan *plan, Error *reterr) {
        char value[NEEDS_ADVICE_MAX], word[CRASHKERNEL_VALUE_MAX];
        uint64_t memory_bytes = kernel_memory_bytes(root_fd);
        int r;

        if (options->remove)
                return reserve_plan(root_fd, NULL, helper, plan, reterr);
        r = find_value(options, report, value, reterr);
        if (r >= 0)
                r = reserve_check_value(value, memory_bytes, report->reserved_bytes, reterr);
        if (r >= 0)
                r = reserve_plan(root_fd, value, helper, plan, reterr);
        if (r < 0)
                return r;
        strscpyf(word, sizeof(word), CRASHKERNEL_WORD "%s", value);
        report->asked_bytes =
                crashkernel_bytes(word, add_saturated(memory_bytes, report->reserved_bytes), false);
        return 0;
}

static int show(const Options *options, const ReserveReport *report) {
        if (!options->json)
                print_reserve(stdout, report, want_colour(STDOUT_FILENO));
        else if (json_print_reserve(stdout, report) < 0)
                return complain("out of memory");
        return EXIT_SUCCESS;
}

int verb_reserve(const Options *options) {
        const Helper helper = { .run = helper_run_command, .userdata = (void *)options->root };
        _cleanup_close_ int root_fd = open_root(*options->root ? options->root : "/");
        _cleanup_(reserve_result_done) ReserveResult result = { 0 };
        _cleanup_(reserve_plan_done) ReservePlan plan = { 0 };
        _cleanup_(needs_done) Needs needs = { 0 };
        ReserveReport report = { .plan = &plan };
        Error error, needs_error;
        Reservation reservation;

        if (root_fd < 0)
                return complain("\"%s\" cannot be opened: %s", options->root, strerror(-root_fd));
        if (options->remove && options->argument)
                return complain("--remove takes no size");
        if (reservation_read(root_fd, &reservation) >= 0)
                report.reserved_bytes = reservation.total_bytes;
        if (!options->remove) {
                if (helper_find_needs(options, root_fd, is_auto(options), &needs, &needs_error) >=
                    0)
                        report.needs = &needs;
                report.needs_error = needs_error.text;
        }
        if (make_plan(options, root_fd, &helper, &report, &plan, &error) < 0)
                return complain("%s", error.text);
        if (options->write && plan.is_writable) {
                if (helper_write_reservation(root_fd, &plan, &helper, &result, &error) < 0)
                        return complain("%s, so nothing is changed", error.text);
                report.result = &result;
        }
        if (show(options, &report) != EXIT_SUCCESS)
                return EXIT_FAILURE;
        if (!options->write || plan.is_writable)
                return EXIT_SUCCESS;
        (void)fflush(stdout);
        return complain("nothing is written: %s",
                        plan.obstacle ?: "kdumpctl does not write to this boot loader");
}
