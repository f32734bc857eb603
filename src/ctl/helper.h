/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl needs to write a reservation: programs of the system, and the size. */
#pragma once

#include "ctl/verbs.h"
#include "setup/reserve.h"
#include "sys/needs.h"

/* A Helper's run(): userdata is the root, "" for that of the machine. */
int helper_run_command(void *userdata, const char *const *argv, HelperResult *ret, Error *reterr);

/* Works out what a capture takes, with what needs_done() frees. builds: where there is no capture
 * initramfs yet, root makes one first, which may fail, and then one of a usual size is assumed.
 * Returns 0; -EINVAL with what is in the way. */
int helper_find_needs(const Options *options, int root_fd, bool builds, Needs *ret,
                      Error *reterr) _must_check_;

/* reserve_write(), which no signal breaks off: half of it would be worse than none. */
int helper_write_reservation(int root_fd, const ReservePlan *plan, const Helper *helper,
                             ReserveResult *ret, Error *reterr) _must_check_;
