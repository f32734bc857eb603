/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of a crash test as JSON. */
#include "sys/crash-test-json.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file-util.h"
#include "sys/json-fields.h"

#define LONGEST 65536u /* bytes */

DEFINE_JSON_NAME(crash_test_result, CrashTestResult);

static const JsonField table[] = {
        JSON_FIELD_TEXT(CrashTest, "Id", id),
        JSON_FIELD(NUMBER, CrashTest, "StartedUSec", started_usec),
        JSON_FIELD_TEXT(CrashTest, "BootId", boot_id),
        JSON_FIELD(OPTIONAL_STRING, CrashTest, "KernelFile", kernel.path),
        JSON_FIELD(NUMBER, CrashTest, "KernelInode", kernel.inode),
        JSON_FIELD(NUMBER, CrashTest, "KernelMtimeNSec", kernel.mtime_nsec),
        JSON_FIELD(NUMBER, CrashTest, "KernelBytes", kernel.size),
        JSON_FIELD(OPTIONAL_STRING, CrashTest, "InitrdFile", initrd.path),
        JSON_FIELD(NUMBER, CrashTest, "InitrdInode", initrd.inode),
        JSON_FIELD(NUMBER, CrashTest, "InitrdMtimeNSec", initrd.mtime_nsec),
        JSON_FIELD(NUMBER, CrashTest, "InitrdBytes", initrd.size),
        JSON_FIELD_NAME(CrashTest, "Result", result, crash_test_result),
        JSON_FIELD(NUMBER, CrashTest, "JudgedUSec", judged_usec),
        JSON_FIELD(OPTIONAL_STRING, CrashTest, "Directory", directory),
};

static const JsonFields fields = JSON_FIELDS_MENDED(table, LONGEST);

int crash_test_to_json(const CrashTest *test, char **ret) {
        return json_fields_to_text(&fields, test, ret);
}

int crash_test_from_json(const char *text, size_t size, CrashTest *ret) {
        CrashTest test = { 0 };
        int r;

        r = json_fields_from_text(&fields, text, size, LONGEST, &test);
        /* Each log would hold the line of a test without one. */
        if (r >= 0 && strlen(test.id) != CRASH_TEST_ID_SIZE - 1)
                r = -EBADMSG;
        if (r < 0) {
                crash_test_done(&test);
                return r;
        }
        *ret = test;
        return 0;
}

int crash_test_write(int root_fd, const CrashTest *test) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = crash_test_to_json(test, &text);
        return r < 0 ? r : write_durable_below(root_fd, CRASH_TEST_PATH, text, strlen(text));
}

int crash_test_read(int root_fd, CrashTest *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_below(root_fd, CRASH_TEST_PATH, LONGEST, &text, &size);
        return r < 0 ? r : crash_test_from_json(text, size, ret);
}
