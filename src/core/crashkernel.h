/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why crashkernel= on the kernel's command line has led to no reservation. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/failure.h"

typedef enum CrashkernelVerdict {
        CRASHKERNEL_ABSENT,       /* there is no such word */
        CRASHKERNEL_NOT_KNOWN,    /* the kernel does not understand the value */
        CRASHKERNEL_OTHER_MEMORY, /* none of its ranges is for a machine with this much memory */
        CRASHKERNEL_TOO_MUCH,     /* it asks for all there is, or more */
        CRASHKERNEL_WRONG_KIND,   /* only for kinds of memory that no image can be loaded into */
        CRASHKERNEL_NOTHING,      /* it asks for 0 bytes */
        CRASHKERNEL_NO_PLACE,     /* it is as it should be; no piece of memory was large enough */
} CrashkernelVerdict;

#define CRASHKERNEL_WORD      "crashkernel="
#define CRASHKERNEL_VALUE_MAX 96u

/* Reads a command line as parse_crashkernel() in the kernel's kernel/crash_reserve.c does: the last
 * word without a suffix counts; where there is none, the last one with ",high". memory_bytes is
 * what the running system has, a little less than what the kernel goes by; 0 if that is not known.
 * knows_cma: the kernel is 6.17 or newer; for older ones ",cma" is no suffix, but wrong. ret_value
 * gets the value that counts, cut if it is long; "" if there is none. */
CrashkernelVerdict crashkernel_judge(const char *command_line, uint64_t memory_bytes,
                                     bool knows_cma, char ret_value[static CRASHKERNEL_VALUE_MAX]);

/* How many bytes the word that counts asks for on a machine with that memory, whether it has
 * them or not; 0 if it asks for none, or is not understood. */
uint64_t crashkernel_bytes(const char *command_line, uint64_t memory_bytes, bool knows_cma);

/* The words of a line that begin with prefix, or all the others; one blank is between two of them,
 * and a quoted blank is part of its word, as next_arg() in lib/cmdline.c has it. Returns a fresh
 * string, "" if there is none, or NULL for lack of memory. */
char *crashkernel_pick(const char *line, const char *prefix, bool is_wanted);

/* The same for crashkernel= with whatever suffix. */
char *crashkernel_words(const char *line);
char *crashkernel_strip(const char *line);

/* Whether a word of it has ",cma" at its end. */
bool crashkernel_asks_cma(const char *command_line) _pure_;

/* Says so, with what to do. */
void crashkernel_explain(const char *command_line, uint64_t memory_bytes, bool knows_cma,
                         Error *reterr);
