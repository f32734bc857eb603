/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the errors of the kernel's calls mean, and what to do about them. */
#pragma once

#include "core/report.h"

/* What became of the image that was loaded before a call that failed. */
typedef enum Remains {
        REMAINS_LOOK,     /* as the kernel says now */
        REMAINS_RESTORED, /* it was gone, and is loaded again */
} Remains;

/* Puts the failure and a sentence on an error of kexec_load, kexec_file_load or an unload into the
 * report. architecture is uname's machine, error a negative errno. What the machine says below
 * root_fd decides between the meanings of one error. Returns the failure. */
Failure load_explain(int root_fd, const char *architecture, int error, Remains remains,
                     LoadReport *report);
