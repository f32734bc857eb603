/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configured capture kernel and its initrd need, as far as their files tell. */
#pragma once

#include "core/estimate.h"
#include "core/report.h"
#include "core/settings.h"
#include "sys/reservation.h"

#define NEEDS_UNSEEN_MAX 512
#define NEEDS_ADVICE_MAX 48

typedef struct Needs {
        char *kernel, *initrd; /* paths; initrd is NULL if there is none */
        EstimateInput input;
        InitrdKind initrd_kind;
        bool unpacked_is_guess;
        bool initrd_is_assumed; /* there is none to be seen: its sizes are usual ones */
        Estimate estimate;
        Reservation reservation;       /* all 0 also if the kernel does not say */
        char unseen[NEEDS_UNSEEN_MAX]; /* what this user may not look at, in clauses with "; "
                                          between them; "" if nothing is missing */
} Needs;

/* Works it out below root_fd for an architecture and a kernel release (uname's). A capture
 * initramfs that is not there yet is taken for one of a usual size. Returns FAILURE_NONE with what
 * needs_done() frees; or a failure, with what was tried in reterr. */
Failure needs_find(int root_fd, const Settings *settings, const char *architecture,
                   const char *release, Needs *ret, Error *reterr);
void needs_done(Needs *needs);

/* The second half of that, for files that are open: with the path of the initrd, the bytes of both
 * files and the reservation in *needs, works out all the rest. initrd_fd is negative if there is
 * none or it cannot be read. */
void needs_measure(int root_fd, const char *architecture, int initrd_fd, Needs *needs);

/* What to write behind crashkernel= to have enough: "96M", or "96M,high" where the reservation is
 * made like that. */
const char *needs_advice(const Needs *needs, char ret[static NEEDS_ADVICE_MAX]);
