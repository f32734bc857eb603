/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls. */
#include "load/execute.h"

#include <sys/random.h>
#include <unistd.h>

#include "core/backoff.h"
#include "load/explain.h"
#include "load/previous.h"
#include "sys/kernel-state.h"

static uint32_t random_number(void) {
        uint32_t random;

        return getrandom(&random, sizeof(random), GRND_NONBLOCK) == sizeof(random) ? random : 0;
}

/* One call: an image of our own, or two files, or neither to unload. */
typedef struct Call {
        int root_fd;
        AssembledImage *assembled;
        int kernel_fd;
        int initrd_fd;
        const char *command_line;
        unsigned flags;
} Call;

static int try_call(const Call *call, const KexecOps *ops, LoadReport *report) {
        int r;

        if (call->assembled)
                return assembled_image_load(call->assembled, ops, report);
        report->call_start_usec = monotonic_usec();
        if (call->command_line) {
                report->flags = call->flags;
                r = ops->file_load(ops->userdata, call->kernel_fd, call->initrd_fd,
                                   call->command_line, call->flags);
        } else
                r = ops->unload(ops->userdata);
        report->call_end_usec = monotonic_usec();
        return r;
}

/* Tries again while the kexec lock is taken. The times noted are those of the try that decided.
 * kernel.kexec_load_limit_panic counts a call before the kernel looks at its lock (kernel/kexec.c,
 * kexec_load_check()): with a limit, no call is made for finding out that it is taken. */
static int make_call(const Call *call, const KexecOps *ops, LoadReport *report) {
        uint64_t limit;
        bool counts = kernel_load_limit(call->root_fd, &limit) >= 0;
        int r;

        for (unsigned i = 0;; i++) {
                r = counts && ops->is_busy(ops->userdata, call->root_fd)
                            ? -EBUSY
                            : try_call(call, ops, report);
                if (r != -EBUSY || i + 1 >= BUSY_TRIES)
                        return r;
                report->busy_tries++;
                ops->wait_usec(ops->userdata, busy_wait(random_number()));
        }
}

/* With an unload of its own the load takes two of what the limit has left; with one left, the
 * machine would end up with nothing. And kdumpd does not get the last one for an image that takes
 * the place of another: it is root's, to load by hand. */
static Failure check_limit(const LoadRequest *request, LoadReport *report) {
        uint64_t limit;

        if (kernel_load_limit(request->root_fd, &limit) < 0 || limit != 1)
                return FAILURE_NONE;
        if (request->settings->replace == REPLACE_EXPLICIT)
                return load_fail(report, FAILURE_LIMIT,
                                 "kernel.kexec_load_limit_panic permits one more call, and "
                                 "Replace=explicit takes two: set Replace=atomic in kdumpd.conf");
        if (request->keeps_reserve)
                return load_fail(report, FAILURE_LIMIT,
                                 "kernel.kexec_load_limit_panic permits one more call, which is "
                                 "kept for kdump-load by hand");
        return FAILURE_NONE;
}

/* Whether the other system call can mend what one refused with this error. (Under lockdown there is
 * no image for it: load_build() says so.) */
static bool other_may_help(const LoadRequest *request, const Prepared *prepared, int error) {
        bool was_own = prepared->assembled;

        if (request->settings->loader != LOADER_AUTO || prepared->is_elf)
                return false;
        if (was_own)
                return error != -EBUSY && prepared->file_call_serves;
        switch (-error) {
        case ENOSYS:
        case EOPNOTSUPP:
        case ENOEXEC:
        case EKEYREJECTED:
        case ENOKEY:
        case EBADMSG:
        case ENODATA:
        case ENOPKG:
        case ELIBBAD:
                return true;
        default:
                return false;
        }
}

/* Loads by the system call that was not tried yet. Returns what it returned; or error, that of the
 * first, if it comes to no second call. */
static int call_other(const LoadRequest *request, const Call *first, int error, const KexecOps *ops,
                      LoadReport *report) {
        _cleanup_(assembled_image_freep) AssembledImage *assembled = NULL;
        Error why;
        Call other = *first;

        if (!first->assembled &&
            load_assemble(request, first->kernel_fd, first->initrd_fd, first->command_line,
                          &assembled, &why) != FAILURE_NONE)
                return error;
        other.assembled = assembled;
        free(report->first_loader);
        report->first_loader = TAKE_PTR(report->loader);
        report->first_flags = report->flags;
        if (load_note_loader(report, assembled ? LOADER_KEXEC_LOAD : LOADER_KEXEC_FILE_LOAD,
                             "%s did not accept the image (%s)",
                             assembled ? "kexec_file_load" : "kexec_load",
                             strerror(-error)) != FAILURE_NONE)
                return error;
        return make_call(&other, ops, report);
}

/* Loads again what was loaded before, by the call that had loaded it or else by the other one.
 * Returns whether that worked; the report's window ends with the last try. */
static bool restore(const LoadRequest *request, const Prepared *prepared, const Previous *previous,
                    const KexecOps *ops, LoadReport *report) {
        _cleanup_(assembled_image_freep) AssembledImage *assembled = NULL;
        _cleanup_free_ char *line = NULL;
        LoadReport ignored = { 0 };
        Error why;
        Call call;
        int r = -ENODATA;

        if (!previous->is_known || !report->had_image || kernel_crash_loaded(request->root_fd) != 0)
                return false;
        line = load_marked_line(&previous->record.report);
        if (!line)
                return false;
        call = (Call){ .root_fd = request->root_fd,
                       .kernel_fd = previous->kernel_fd,
                       .initrd_fd = previous->initrd_fd,
                       .command_line = line,
                       .flags = previous->file_flags };
        for (unsigned i = 0; i < 2 && r < 0; i++) {
                bool own = previous->was_own != (i > 0);

                if (!own && !prepared->file_call_serves)
                        continue;
                if (own && load_assemble(request, call.kernel_fd, call.initrd_fd, call.command_line,
                                         &assembled, &why) != FAILURE_NONE)
                        continue;
                call.assembled = own ? assembled : NULL;
                r = make_call(&call, ops, &ignored);
        }
        if (ignored.call_end_usec > 0)
                report->call_end_usec = ignored.call_end_usec;
        load_report_done(&ignored);
        return r >= 0;
}

/* The old image was gone from the first call on that can have dropped it, which need not be the
 * last. */
static int load(const LoadRequest *request, const Prepared *prepared, uint64_t start_usec,
                const KexecOps *ops, LoadReport *report) {
        Call call = { .root_fd = request->root_fd,
                      .assembled = prepared->assembled,
                      .kernel_fd = prepared->kernel_fd,
                      .initrd_fd = prepared->initrd_fd,
                      .command_line = prepared->command_line,
                      .flags = prepared->flags };
        int r;

        r = make_call(&call, ops, report);
        if (start_usec == 0 && r < 0 && kernel_crash_loaded(request->root_fd) == 0)
                start_usec = report->call_start_usec;
        if (r < 0 && other_may_help(request, prepared, r))
                r = call_other(request, &call, r, ops, report);
        if (start_usec > 0)
                report->call_start_usec = start_usec;
        return r;
}

Failure load_execute(const LoadRequest *request, const Prepared *prepared, const KexecOps *ops,
                     LoadReport *report) {
        bool explicit_unload = request->settings->replace == REPLACE_EXPLICIT;
        _cleanup_(previous_close) Previous previous = PREVIOUS_INIT;
        uint64_t start_usec = 0;
        Failure failure;
        int r;

        report->pid = (uint64_t)getpid();
        report->had_image = kernel_crash_loaded(request->root_fd) > 0;
        if (report->had_image)
                previous_open(request->root_fd, request->architecture, &previous);
        if (report->had_image) {
                failure = check_limit(request, report);
                if (failure != FAILURE_NONE)
                        return failure;
        }
        if (explicit_unload && report->had_image) {
                r = make_call(&(Call){ .root_fd = request->root_fd }, ops, report);
                if (r < 0)
                        return load_explain(request->root_fd, request->architecture, r,
                                            REMAINS_LOOK, report);
                start_usec = report->call_start_usec;
        }
        r = load(request, prepared, start_usec, ops, report);
        if (r >= 0) {
                previous_write(request->root_fd, report);
                return FAILURE_NONE;
        }
        report->was_restored = restore(request, prepared, &previous, ops, report);
        if (!report->was_restored && kernel_crash_loaded(request->root_fd) == 0)
                previous_write(request->root_fd, NULL);
        return load_explain(request->root_fd, request->architecture, r,
                            report->was_restored ? REMAINS_RESTORED : REMAINS_LOOK, report);
}

Failure load_unload(int root_fd, const KexecOps *ops, LoadReport *report) {
        int r;

        report->pid = (uint64_t)getpid();
        report->had_image = kernel_crash_loaded(root_fd) > 0;
        r = make_call(&(Call){ .root_fd = root_fd }, ops, report);
        if (r < 0)
                return load_explain(root_fd, "", r, REMAINS_LOOK, report);
        previous_write(root_fd, NULL);
        return FAILURE_NONE;
}
