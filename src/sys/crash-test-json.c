/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of a crash test as JSON. */
#include "sys/crash-test-json.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file-util.h"
#include "sys/json-fields.h"

#define LONGEST 65536u /* bytes */

DEFINE_JSON_NAME(crash_test_result, CrashTestResult);

#define TEST(key, kind, member) \
        { .name = (key), .type = JSON_##kind, .offset = offsetof(CrashTest, member) }
#define TEXT(key, member)                                                                \
        {                                                                                \
                .name = (key), .type = JSON_TEXT, .offset = offsetof(CrashTest, member), \
                .size = sizeof(((CrashTest *)NULL)->member),                             \
        }
static const JsonField table[] = {
        TEXT("Id", id),
        TEST("StartedUSec", NUMBER, started_usec),
        TEXT("BootId", boot_id),
        TEST("KernelFile", OPTIONAL_STRING, kernel.path),
        TEST("KernelInode", NUMBER, kernel.inode),
        TEST("KernelMtimeNSec", NUMBER, kernel.mtime_nsec),
        TEST("KernelBytes", NUMBER, kernel.size),
        TEST("InitrdFile", OPTIONAL_STRING, initrd.path),
        TEST("InitrdInode", NUMBER, initrd.inode),
        TEST("InitrdMtimeNSec", NUMBER, initrd.mtime_nsec),
        TEST("InitrdBytes", NUMBER, initrd.size),
        {
                .name = "Result",
                .type = JSON_NAME,
                .offset = offsetof(CrashTest, result),
                .to_string = crash_test_result_name,
                .from_string = crash_test_result_from_string,
        },
        TEST("JudgedUSec", NUMBER, judged_usec),
        TEST("Directory", OPTIONAL_STRING, directory),
};

static const JsonFields fields = {
        .field = table, .n = ELEMENTSOF(table), .longest_string = LONGEST, .mends = true
};

int crash_test_write(int root_fd, const CrashTest *test) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_fields_to_text(&fields, test, &text);
        if (r >= 0)
                r = write_file_below(root_fd, CRASH_TEST_PATH, text, strlen(text));
        if (r < 0)
                return r;
        fd = open_below(root_fd, CRASH_TEST_PATH, O_RDONLY);
        return fd < 0 ? fd : (fsync(fd) < 0 ? -errno : 0);
}

int crash_test_read(int root_fd, CrashTest *ret) {
        _cleanup_free_ char *text = NULL;
        CrashTest test = { 0 };
        size_t size;
        int r;

        r = read_file_below(root_fd, CRASH_TEST_PATH, LONGEST, &text, &size);
        if (r < 0)
                return r;
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
