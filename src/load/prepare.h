/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that comes before the system call: finding and opening the files, and every check that can
 * be made without touching what is loaded. */
#pragma once

#include <stdbool.h>

#include "base/file-util.h"
#include "core/report.h"
#include "core/settings.h"
#include "load/assemble.h"

typedef struct LoadRequest {
        int root_fd;
        const Settings *settings;
        const char *architecture; /* uname's machine */
        const char *release;      /* uname's release */
        bool dry_run;             /* leave the page cache alone */
        bool keeps_reserve;       /* leave one call of kernel.kexec_load_limit_panic to others */
        const char *mark;         /* for the image (core/kexec-mark.h); NULL: none */
        Spoil spoil;
} LoadRequest;

/* What the system calls take. The descriptors are those of the files themselves: a copy in
 * memory, as a kernel that was wrapped in something has to be, lacks the attributes that IMA and
 * SELinux judge by. */
typedef struct Prepared {
        int kernel_fd;
        int initrd_fd;  /* -EBADF if there is none */
        unsigned flags; /* of kexec_file_load */
        AssembledImage
                *assembled; /* what kexec_load is to load; NULL: kexec_file_load is to be called */
        bool is_elf;        /* the kernel is a file that kexec_file_load cannot take */
        bool file_call_serves;
        char *command_line; /* with the mark */
} Prepared;

#define PREPARED_INIT                                    \
        (Prepared) {                                     \
                .kernel_fd = -EBADF, .initrd_fd = -EBADF \
        }

static inline void prepared_done(Prepared *p) {
        closep(&p->kernel_fd);
        closep(&p->initrd_fd);
        assembled_image_free(p->assembled);
        free(p->command_line);
        *p = PREPARED_INIT;
}

/* Prepares a load. Fills in the report as far as it gets, had_image and the durations excepted.
 * Returns FAILURE_NONE, or the failure that the report tells too, with its sentence; *ret is
 * untouched then. */
Failure load_prepare(const LoadRequest *request, Prepared *ret, LoadReport *report);

/* The command line of a report's image as the kernel gets it, with the mark in front: behind a "--"
 * it would be for init. To be freed; NULL if there is no memory. */
char *load_marked_line(const LoadReport *report) _must_check_;

/* Assembles an image of these open files for kexec_load, as the settings say. Returns and fails as
 * assemble_image(). */
Failure load_assemble(const LoadRequest *request, int kernel_fd, int initrd_fd,
                      const char *command_line, AssembledImage **ret, Error *reterr) _must_check_;

/* Notes the system call and why it is that one, in a report that may have another. Returns
 * FAILURE_NONE, or the failure if there is no memory. */
Failure load_note_loader(LoadReport *report, LoaderChoice loader, const char *format, ...)
        _printf_(3, 4);
