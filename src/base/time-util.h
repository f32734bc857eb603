/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time spans as text. Times are microseconds in a uint64_t; UINT64_MAX is "never". Pure. */
#pragma once

#include "base/macro.h"

#define USEC_PER_MSEC   UINT64_C(1000)
#define USEC_PER_SEC    UINT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR   (60 * USEC_PER_MINUTE)
#define USEC_INFINITY   UINT64_MAX

#define TIMESPAN_MAX 32

/* Parses a span as systemd.time(7) writes it: numbers with us, ms, s, min, h and their long names,
 * blanks between them, several added up ("1min 30s"); a bare number is seconds; fractions ("2.5s").
 * Returns 0; -EINVAL (not a span), -ERANGE (does not fit). */
int parse_timespan(const char *s, uint64_t *ret_usec) _must_check_;

/* Writes a span for people, with about three digits ("850 us", "27.3 ms", "1.31 s", "2 min 5 s"),
 * into a buffer of TIMESPAN_MAX bytes, and returns the buffer. */
const char *format_timespan(char buf[static TIMESPAN_MAX], uint64_t usec);
