/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A panic on purpose, to see whether it gives a dump: what is noted before it, and what came of
 * it. */
#pragma once

#include "base/string-util.h"
#include "core/report.h"

typedef enum CrashTestResult {
        CRASH_TEST_PENDING,    /* not known yet */
        CRASH_TEST_COMPLETE,   /* a complete dump */
        CRASH_TEST_INCOMPLETE, /* something, but no complete dump */
        CRASH_TEST_NOTHING,    /* the machine came back without any trace of it */
        _CRASH_TEST_RESULT_MAX,
} CrashTestResult;

DECLARE_NAME_TABLE(crash_test_result, CrashTestResult);

#define CRASH_TEST_ID_SIZE 33u /* 128 bits in hex, and the NUL */

typedef struct CrashTest {
        char id[CRASH_TEST_ID_SIZE];
        uint64_t started_usec;       /* realtime */
        char boot_id[37];            /* of the boot that ended in the panic */
        FileIdentity kernel, initrd; /* of the image that was loaded */
        CrashTestResult result;
        uint64_t judged_usec; /* realtime; 0 while it is pending */
        char *directory;      /* of the dump; NULL if there is none */
} CrashTest;

void crash_test_done(CrashTest *test);

/* The line for the kernel's log, by which the dump is known again. */
#define CRASH_TEST_LINE_MAX 80u
const char *crash_test_line(char buf[static CRASH_TEST_LINE_MAX], const CrashTest *test);

/* Whether the image that a report is of is the one that was tested: the same files, as far as that
 * shows across boots. */
bool crash_test_same_image(const CrashTest *test, const LoadReport *report);
