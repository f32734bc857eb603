/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The image that is loaded, by the record that kdump-load keeps: what to go back to when the next
 * one is refused after this one is gone. */
#pragma once

#include "core/report.h"

typedef struct Previous {
        bool is_known;
        bool was_own; /* kexec_load had loaded it */
        int kernel_fd;
        int initrd_fd;       /* -EBADF if it had none */
        unsigned file_flags; /* for kexec_file_load */
        ImageRecord record;
} Previous;

#define PREVIOUS_INIT                                    \
        (Previous) {                                     \
                .kernel_fd = -EBADF, .initrd_fd = -EBADF \
        }

/* Opens its files, so that they are at hand. If there is no record of this boot, or a file is not
 * what it was, *ret is not known. */
void previous_open(int root_fd, const char *architecture, Previous *ret);
void previous_close(Previous *previous);

/* Replaces the record by one of what was loaded now, or removes it if report is NULL. What fails is
 * logged, and then there is none: no record is better than a wrong one. */
void previous_write(int root_fd, const LoadReport *report);
