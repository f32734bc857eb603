/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints for programs. The client's only user of json-c. */
#pragma once

#include <stdio.h>

#include "ctl/daemon-status.h"

/* Writes one object whose keys are the names of the properties that were received. Returns 0 or
 * -ENOMEM. */
int json_print_status(FILE *f, const DaemonStatus *status) _must_check_;

/* Writes an array with one object for each decision, its keys named as the arguments of the signal
 * Decided. Returns 0 or -ENOMEM. */
int json_print_decisions(FILE *f, const DaemonDecisions *decisions) _must_check_;
