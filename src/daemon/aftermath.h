/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to tell after a crash or another boot, as kdumpd tells it on D-Bus. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/asked.h"
#include "core/crash-test.h"

#define AFTERMATH_TEXT_MAX 512u

typedef struct LastCrash {
        uint64_t usec; /* realtime; 0: there is no dump */
        char directory[4096];
        char message[AFTERMATH_TEXT_MAX]; /* of the panic */
        const char *state;                /* of the dump, "complete"; static; "" if there is none */
        bool complete;                    /* there is a whole dump to be looked at */
} LastCrash;

typedef struct Aftermath {
        LastCrash crash;      /* the newest that left a trace */
        CrashTest test;       /* the last; without an ID if there was none */
        Asked asked;          /* the reservation that was asked for; without a value if none was */
        AskedMachine machine; /* that was asked for it */
} Aftermath;
