/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as what the capture program is told to do. */
#include "fuzz.h"

#include "base/string-util.h"
#include "sys/capture-plan-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        CapturePlan plan, back;

        if (capture_plan_from_json((const char *)data, size, &plan) < 0)
                return 0;
        FUZZ_CHECK(plan.n_modules <= PLAN_MODULES_MOST && plan.n_devices <= PLAN_DEVICES_MOST);
        for (size_t i = 0; i < plan.n_modules; i++)
                FUZZ_CHECK(plan.modules[i].path && plan.modules[i].options);
        /* What was read can be written, read, and written to the same bytes. */
        FUZZ_CHECK(capture_plan_to_json(&plan, &text) == 0);
        if (strlen(text) <= CAPTURE_PLAN_JSON_LONGEST) {
                FUZZ_CHECK(capture_plan_from_json(text, strlen(text), &back) == 0);
                FUZZ_CHECK(capture_plan_to_json(&back, &again) == 0);
                FUZZ_CHECK(streq(text, again));
                capture_plan_done(&back);
        }
        capture_plan_done(&plan);
        return 0;
}
