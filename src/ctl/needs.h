/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configured capture kernel and its initrd need, as far as their files tell. */
#pragma once

#include "core/estimate.h"
#include "core/settings.h"
#include "sys/reservation.h"

typedef struct Needs {
        char *kernel, *initrd; /* paths; initrd is NULL if there is none */
        EstimateInput input;
        bool unpacked_is_guess;
        Estimate estimate;
        Reservation reservation; /* all 0 also if the kernel does not say */
} Needs;

#define NEEDS_ERROR_MAX 512

/* Works it out below root_fd. Returns 0 with what needs_done() frees, or negative errno with a
 * sentence in reterr. */
int needs_find(int root_fd, const Settings *settings, Needs *ret,
               char reterr[static NEEDS_ERROR_MAX]) _must_check_;
void needs_done(Needs *needs);
