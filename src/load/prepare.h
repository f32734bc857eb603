/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that comes before the system call: finding and opening the files, and every check that can
 * be made without touching what is loaded. */
#pragma once

#include <stdbool.h>

#include "base/file-util.h"
#include "core/report.h"
#include "core/settings.h"

typedef struct LoadRequest {
        int root_fd;
        const Settings *settings;
        const char *architecture; /* uname's machine */
        const char *release;      /* uname's release */
        bool dry_run;             /* leave the page cache alone */
} LoadRequest;

/* What the system call takes. The descriptors are those of the files themselves: a copy in
 * memory would lack the attributes that IMA and SELinux judge by. */
typedef struct Prepared {
        int kernel_fd;
        int initrd_fd;  /* -EBADF if there is none */
        unsigned flags; /* of kexec_file_load */
} Prepared;

#define PREPARED_INIT                                    \
        (Prepared) {                                     \
                .kernel_fd = -EBADF, .initrd_fd = -EBADF \
        }

static inline void prepared_done(Prepared *p) {
        closep(&p->kernel_fd);
        closep(&p->initrd_fd);
        *p = PREPARED_INIT;
}

/* Prepares a load. Fills in the report as far as it gets, had_image and the durations excepted.
 * Returns FAILURE_NONE, or the failure that the report tells too, with its sentence; *ret is
 * untouched then. */
Failure load_prepare(const LoadRequest *request, Prepared *ret, LoadReport *report);

/* Notes a failure and its sentence in a report that has none yet. Returns the failure. */
Failure load_fail(LoadReport *report, Failure failure, const char *format, ...) _printf_(3, 4);
