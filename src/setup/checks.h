/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kdumpctl setup" found and did, one row for each thing. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/string-util.h"

typedef enum CheckState {
        CHECK_OK,      /* as it has to be */
        CHECK_CHANGED, /* was not, and is now */
        CHECK_LEFT,    /* somebody has to do something, which the text says */
        CHECK_FAILED,  /* no dump before that is mended */
        _CHECK_STATE_MAX,
} CheckState;

/* "ok", "changed", "left", "failed": as --json has them. */
DECLARE_NAME_TABLE(check_state, CheckState);

#define CHECK_TEXT_MAX 1024u
#define CHECKS_MAX     24u /* more than there are kinds of them */

typedef struct Check {
        const char *name; /* a word of one of the rows in the manual; static */
        CheckState state;
        char text[CHECK_TEXT_MAX]; /* a sentence without a full stop */
} Check;

typedef struct Checks {
        Check items[CHECKS_MAX];
        size_t n;
} Checks;

/* Adds a row. One that is over CHECKS_MAX is dropped. */
void checks_add(Checks *checks, CheckState state, const char *name, const char *format, ...)
        _printf_(4, 5);

/* Whether a row has this state. */
bool checks_have(const Checks *checks, CheckState state) _pure_;
