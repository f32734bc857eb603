/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a report of kdump-load, and as the record that the daemon keeps. */
#include "fuzz.h"

#include <errno.h>

#include "base/string-util.h"
#include "sys/report-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        ImageRecord record, back;
        LoadReport report;

        if (report_from_json((const char *)data, size, &report) == 0)
                load_report_done(&report);
        if (image_record_from_json((const char *)data, size, &record) < 0)
                return 0;
        /* What was read can be written, read, and written to the same bytes. */
        FUZZ_CHECK(image_record_to_json(&record, &text) == 0);
        if (strlen(text) <= REPORT_JSON_LONGEST) {
                FUZZ_CHECK(image_record_from_json(text, strlen(text), &back) == 0);
                FUZZ_CHECK(image_record_to_json(&back, &again) == 0);
                FUZZ_CHECK(streq(text, again));
                image_record_done(&back);
        }
        image_record_done(&record);
        return 0;
}
