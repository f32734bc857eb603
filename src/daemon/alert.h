/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When somebody is to be told that a panic would give no dump, or not a complete one, and when that
 * is over: a small state machine beside the guard, pure as that. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "core/status.h"

typedef enum Protection {
        PROTECTION_GOOD,        /* "protected" */
        PROTECTION_STALE,       /* "stale": there is an image, which differs from the machine */
        PROTECTION_UNPROTECTED, /* "unprotected": there is none */
        _PROTECTION_MAX,
} Protection;

DECLARE_NAME_TABLE(protection, Protection);

Protection protection_of(const Status *status) _pure_;

typedef struct Alert {
        Protection told;       /* PROTECTION_GOOD at first, or what the process before has told */
        Protection now;        /* as last seen */
        uint64_t lost_usec;    /* monotonic: since when it is not good */
        uint64_t changed_usec; /* and since when it is as it is now */
} Alert;

/* Takes in how it is now; after_usec is AlertAfter=, 0 for never, now_usec monotonic. Returns true
 * if that is to be told, and counts it as told then. */
bool alert_step(Alert *alert, Protection now, uint64_t after_usec, uint64_t now_usec) _must_check_;

/* When alert_step() is to be called again even if nothing changes; USEC_INFINITY: never, as it is
 * while all is well and after it was told. */
uint64_t alert_deadline(const Alert *alert, uint64_t after_usec) _pure_;
