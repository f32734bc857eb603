/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints of dumps for people. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/dumps.h"

/* The dumps as a table, the newest last and with the number 1. Times are local. */
void print_dumps(FILE *f, const Dumps *dumps, bool colour);

/* All that is known of one; now_usec is microseconds since the epoch. report, of size bytes, is the
 * part of its log that tells of the panic; NULL for none. */
void print_dump(FILE *f, const FoundDump *found, const char *report, size_t size, uint64_t now_usec,
                bool colour);
