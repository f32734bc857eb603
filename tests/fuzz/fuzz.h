/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a fuzz target is: the entry point that fuzzing engines call. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Takes any bytes. Returns 0; a crash, a sanitizer's report or an abort is a finding. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that must hold for every input, in every build. */
#define FUZZ_CHECK(claim)                 \
        do {                              \
                if (!(claim))             \
                        __builtin_trap(); \
        } while (0)
