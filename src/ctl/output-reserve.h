/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints of a reservation that is to be written. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "setup/reserve.h"
#include "sys/needs.h"

/* All that is known of it. */
typedef struct ReserveReport {
        const ReservePlan *plan;
        const Needs *needs;          /* NULL: not known */
        const char *needs_error;     /* why not */
        uint64_t reserved_bytes;     /* now, in all */
        uint64_t asked_bytes;        /* of the new word; 0: there is none */
        const ReserveResult *result; /* NULL: nothing was written */
} ReserveReport;

void print_reserve(FILE *f, const ReserveReport *report, bool colour);

/* One object. Returns 0 or -ENOMEM. */
int json_print_reserve(FILE *f, const ReserveReport *report) _must_check_;
