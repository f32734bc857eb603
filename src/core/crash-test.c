/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A panic on purpose, to see whether it gives a dump. */
#include "core/crash-test.h"

static const char *const crash_test_result_table[_CRASH_TEST_RESULT_MAX] = {
        [CRASH_TEST_PENDING] = "pending",
        [CRASH_TEST_COMPLETE] = "complete",
        [CRASH_TEST_INCOMPLETE] = "incomplete",
        [CRASH_TEST_NOTHING] = "nothing",
};
DEFINE_NAME_TABLE(crash_test_result, CrashTestResult, _CRASH_TEST_RESULT_MAX);

void crash_test_done(CrashTest *test) {
        free(test->kernel.path);
        free(test->initrd.path);
        free(test->directory);
        *test = (CrashTest){ 0 };
}

const char *crash_test_line(char buf[static CRASH_TEST_LINE_MAX], const CrashTest *test) {
        strscpyf(buf, CRASH_TEST_LINE_MAX, "kdumpd: crash test %s", test->id);
        return buf;
}

/* Devices get other numbers on another boot. */
static bool same_file(const FileIdentity *a, const FileIdentity *b) {
        return streq_ptr(a->path, b->path) && a->inode == b->inode &&
               a->mtime_nsec == b->mtime_nsec && a->size == b->size;
}

bool crash_test_same_image(const CrashTest *test, const LoadReport *report) {
        return same_file(&test->kernel, &report->kernel) &&
               same_file(&test->initrd, &report->initrd);
}
