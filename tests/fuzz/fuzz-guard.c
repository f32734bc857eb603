/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a course of events for the guard. */
#include "fuzz.h"

#include "fake-system.h"

#define SCRIPT_LONGEST 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t longest = 0;

        if (size > SCRIPT_LONGEST)
                return 0;
        (void)fake_system_play(data, size, &longest);
        FUZZ_CHECK(longest < ACTIONS_MAX);
        return 0;
}
