/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reservation that "kdumpctl reserve --write" has asked for, and what became of it. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/crashkernel.h"

#define ASKED_LOADER_MAX 64u

typedef struct Asked {
        char value[CRASHKERNEL_VALUE_MAX]; /* "192M"; "": nothing was asked for */
        char boot_id[37];                  /* of the boot in which it was */
        char loader[ASKED_LOADER_MAX];     /* the boot loader, as people call it */
        uint64_t usec;                     /* CLOCK_REALTIME */
        char *before;    /* the crashkernel= words that were replaced where it was written; NULL */
        bool made_place; /* there was no such file before */
} Asked;

static inline void asked_done(Asked *asked) {
        free(asked->before);
        *asked = (Asked){ 0 };
}

/* The machine that was asked for it, in this boot. */
typedef struct AskedMachine {
        char boot_id[37];
        char *command_line;    /* of the running kernel */
        uint64_t memory_bytes; /* that it has */
        bool secure_boot;
        bool knows_cma; /* see crashkernel_judge() */
} AskedMachine;

static inline void asked_machine_done(AskedMachine *machine) {
        free(machine->command_line);
        *machine = (AskedMachine){ 0 };
}

#define ASKED_TEXT_MAX 512u

/* Says why this boot, in which so much is reserved, does not have what was asked for, with what to
 * do: "asked for 192M, reserved 0: ...". Returns false, with "", if it has that, or was not asked
 * for it: before the next boot nothing can be said. */
bool asked_explain(const Asked *asked, const AskedMachine *machine, uint64_t reserved_bytes,
                   char ret[static ASKED_TEXT_MAX]);
