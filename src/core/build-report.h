/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-mkinitramfs says about one run, as a value. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct BuildReport {
        bool failed; /* the image from before stays */
        bool built;  /* false: nothing that goes into it had changed */
        char *path;  /* of the image; NULL if it failed */
        uint64_t packed_bytes, unpacked_bytes;
        uint64_t dump_level; /* that dumps of the running kernel will have; UINT64_MAX: none */
        char *level_reason;  /* why not the configured one, or what else is wrong with it; NULL */
        char *message;       /* a sentence: what was built, or what failed; NULL if there is none */
} BuildReport;

static inline void build_report_done(BuildReport *report) {
        free(report->path);
        free(report->level_reason);
        free(report->message);
        *report = (BuildReport){ 0 };
}
