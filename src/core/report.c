/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-load says about one run, as a value. */
#include "core/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const initrd_kind_table[_INITRD_KIND_MAX] = {
        [INITRD_NONE] = "none",     [INITRD_OWN] = "own",         [INITRD_KDUMP] = "kdump",
        [INITRD_SYSTEM] = "system", [INITRD_UNKNOWN] = "unknown",
};
DEFINE_NAME_TABLE(initrd_kind, InitrdKind, _INITRD_KIND_MAX);

const char *initrd_kind_warning(const char *name) {
        switch (initrd_kind_from_string(strempty(name))) {
        case INITRD_SYSTEM:
                return "an ordinary initrd, which starts the whole system, and saves no dump "
                       "unless something there does";
        case INITRD_UNKNOWN:
                return "an initrd of a kind that is not known: only a crash test tells whether it "
                       "saves a dump";
        default:
                return NULL;
        }
}

static void file_identity_done(FileIdentity *id) {
        free(id->path);
        *id = (FileIdentity){ 0 };
}

Failure load_fail(LoadReport *report, Failure failure, const char *format, ...) {
        Error error;
        va_list ap;

        va_start(ap, format);
        (void)error_setv(&error, 0, format, ap);
        va_end(ap);
        free(report->message);
        report->message = strdup(error.text);
        report->failure = failure;
        return failure;
}

Failure load_fail_memory(LoadReport *report) {
        return load_fail(report, FAILURE_SYSTEM, "out of memory");
}

void load_report_done(LoadReport *report) {
        free(report->message);
        file_identity_done(&report->kernel);
        file_identity_done(&report->initrd);
        free(report->initrd_kind);
        free(report->kernel_release);
        free(report->command_line);
        free(report->mark);
        for (size_t i = 0; i < report->n_words; i++)
                word_note_done(&report->words[i]);
        free(report->words);
        free(report->loader);
        free(report->loader_reason);
        free(report->advice);
        free(report->first_loader);
        *report = (LoadReport){ 0 };
}

bool load_report_explain_short(const LoadReport *report, char *buf, size_t size) {
        uint64_t has = add_saturated(report->reservation_bytes, report->reservation_cma_bytes);

        buf[0] = '\0';
        if (!report->advice)
                return false;
        strscpyf(buf, size,
                 "a capture takes about %" PRIu64 " MiB, and %" PRIu64
                 " MiB are reserved: run \"kdumpctl reserve --write\", which asks for "
                 "crashkernel=%s, and reboot",
                 report->wanted_bytes >> 20, has >> 20, report->advice);
        return true;
}

static bool same_file(const FileIdentity *a, const FileIdentity *b) {
        return streq_ptr(a->path, b->path) && a->device == b->device && a->inode == b->inode &&
               a->mtime_nsec == b->mtime_nsec && a->size == b->size;
}

/* The flags of kexec_load that say whether the kernel may update the image (sys/kexec.h): which of
 * them it takes is known only when it has been asked. */
#define FLAGS_UPDATABLE UINT64_C(0xc)

static bool same_flags(const char *loader, uint64_t a, uint64_t b) {
        uint64_t different = a ^ b;

        return different == 0 ||
               (streq_ptr(loader, "kexec_load") && (different & ~FLAGS_UPDATABLE) == 0);
}

static bool was_first(const LoadReport *a, const LoadReport *b) {
        return a->loader && streq_ptr(a->loader, b->first_loader) &&
               same_flags(a->loader, a->flags, b->first_flags);
}

static bool same_call(const LoadReport *a, const LoadReport *b) {
        if (streq_ptr(a->loader, b->loader))
                return same_flags(a->loader, a->flags, b->flags);
        return a->is_automatic && b->is_automatic && (was_first(a, b) || was_first(b, a));
}

bool load_report_is_updatable(const LoadReport *report) {
        return streq_ptr(report->loader, "kexec_file_load") ||
               (streq_ptr(report->loader, "kexec_load") && (report->flags & FLAGS_UPDATABLE));
}

bool load_report_same_image(const LoadReport *a, const LoadReport *b, const char **ret_what) {
        if (!same_file(&a->kernel, &b->kernel))
                *ret_what = "kernel";
        else if (!same_file(&a->initrd, &b->initrd))
                *ret_what = "initrd";
        else if (!streq_ptr(a->command_line, b->command_line))
                *ret_what = "command line";
        else if (!same_call(a, b))
                *ret_what = "loader";
        else
                return true;
        return false;
}

void image_record_settle(ImageRecord *record, ImageRecord *loaded) {
        if (record->begun_usec == 0)
                return;
        if (loaded->report.kernel.path && loaded->report.call_start_usec >= record->begun_usec) {
                load_report_done(&record->report);
                record->report = loaded->report;
                loaded->report = (LoadReport){ 0 };
                record->loaded_realtime_usec = loaded->loaded_realtime_usec;
                record->fingerprint = record->begun;
                record->must_reload = record->lost_events = false;
                record->removed_blocks = 0;
                for (Subsystem i = 0; i < _SUBSYSTEM_MAX; i++)
                        record->answers[i] = HOTPLUG_NOT_ASKED;
        } else if (loaded->report.kernel.path && record->report.kernel.path &&
                   loaded->report.call_start_usec == record->report.call_start_usec)
                record->must_reload = record->begun_was_stale;
        record->begun_usec = 0;
}
