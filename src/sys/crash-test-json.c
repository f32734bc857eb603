/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of a crash test as JSON. */
#include "sys/crash-test-json.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>

#include "base/file-util.h"

#define LONGEST 65536u /* bytes */

typedef enum FieldType {
        FIELD_STRING, /* char *, left out if NULL */
        FIELD_NUMBER, /* uint64_t */
        FIELD_ID,     /* char[CRASH_TEST_ID_SIZE] */
        FIELD_BOOT,   /* char[37] */
        FIELD_RESULT, /* CrashTestResult, by its name */
} FieldType;

#define TEST(key, kind, member) \
        { key, FIELD_##kind, offsetof(CrashTest, member) }
static const struct {
        const char *name;
        FieldType type;
        size_t offset;
} fields[] = {
        TEST("Id", ID, id),
        TEST("StartedUSec", NUMBER, started_usec),
        TEST("BootId", BOOT, boot_id),
        TEST("KernelFile", STRING, kernel.path),
        TEST("KernelInode", NUMBER, kernel.inode),
        TEST("KernelMtimeNSec", NUMBER, kernel.mtime_nsec),
        TEST("KernelBytes", NUMBER, kernel.size),
        TEST("InitrdFile", STRING, initrd.path),
        TEST("InitrdInode", NUMBER, initrd.inode),
        TEST("InitrdMtimeNSec", NUMBER, initrd.mtime_nsec),
        TEST("InitrdBytes", NUMBER, initrd.size),
        TEST("Result", RESULT, result),
        TEST("JudgedUSec", NUMBER, judged_usec),
        TEST("Directory", STRING, directory),
};

static void json_putp(json_object **object) {
        json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

static json_object *value_from(FieldType type, const void *member) {
        switch (type) {
        case FIELD_STRING:
                return json_object_new_string(*(char *const *)member);
        case FIELD_NUMBER:
                return json_object_new_uint64(*(const uint64_t *)member);
        case FIELD_RESULT:
                return json_object_new_string(
                        crash_test_result_to_string(*(const CrashTestResult *)member));
        case FIELD_ID:
        case FIELD_BOOT:
        default:
                return json_object_new_string(member);
        }
}

int crash_test_write(int root_fd, const CrashTest *test) {
        _cleanup_json_ json_object *object = json_object_new_object();
        _cleanup_close_ int fd = -EBADF;
        const char *text;
        size_t size;
        int r;

        if (!object)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                const void *member = (const char *)test + fields[i].offset;
                json_object *value;

                if (fields[i].type == FIELD_STRING && !*(char *const *)member)
                        continue;
                value = value_from(fields[i].type, member);
                if (!value)
                        return -ENOMEM;
                if (json_object_object_add(object, fields[i].name, value) < 0) {
                        json_object_put(value);
                        return -ENOMEM;
                }
        }
        text = json_object_to_json_string_length(object, JSON_C_TO_STRING_NOSLASHESCAPE, &size);
        if (!text)
                return -ENOMEM;
        r = write_file_below(root_fd, CRASH_TEST_PATH, text, size);
        if (r < 0)
                return r;
        fd = open_below(root_fd, CRASH_TEST_PATH, O_RDONLY);
        return fd < 0 ? fd : (fsync(fd) < 0 ? -errno : 0);
}

static int read_text(json_object *value, char *to, size_t size) {
        if (!json_object_is_type(value, json_type_string) ||
            (size_t)json_object_get_string_len(value) >= size)
                return -EBADMSG;
        strscpy(to, size, json_object_get_string(value));
        return 0;
}

static int value_to(FieldType type, json_object *value, void *member) {
        char name[32];
        int r;

        switch (type) {
        case FIELD_STRING:
                if (!json_object_is_type(value, json_type_string))
                        return -EBADMSG;
                *(char **)member = strdup(json_object_get_string(value));
                if (!*(char **)member)
                        return -ENOMEM;
                utf8_mend(*(char **)member);
                return 0;
        case FIELD_NUMBER:
                if (!json_object_is_type(value, json_type_int))
                        return -EBADMSG;
                *(uint64_t *)member = json_object_get_uint64(value);
                return 0;
        case FIELD_ID:
                return read_text(value, member, CRASH_TEST_ID_SIZE);
        case FIELD_BOOT:
                return read_text(value, member, sizeof(((CrashTest *)NULL)->boot_id));
        case FIELD_RESULT:
                r = read_text(value, name, sizeof(name));
                if (r >= 0)
                        r = crash_test_result_from_string(name);
                if (r < 0)
                        return -EBADMSG;
                *(CrashTestResult *)member = (CrashTestResult)r;
                return 0;
        }
        return -EBADMSG;
}

static int read_fields(json_object *object, CrashTest *test) {
        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                json_object *value;
                int r;

                if (!json_object_object_get_ex(object, fields[i].name, &value))
                        continue;
                r = value_to(fields[i].type, value, (char *)test + fields[i].offset);
                if (r < 0)
                        return r;
        }
        /* Each log would hold the line of a test without one. */
        return strlen(test->id) == CRASH_TEST_ID_SIZE - 1 ? 0 : -EBADMSG;
}

int crash_test_read(int root_fd, CrashTest *ret) {
        _cleanup_json_ json_object *object = NULL;
        _cleanup_free_ char *text = NULL;
        CrashTest test = { 0 };
        int r;

        r = read_file_below(root_fd, CRASH_TEST_PATH, LONGEST, &text, NULL);
        if (r < 0)
                return r;
        object = json_tokener_parse(text);
        r = read_fields(object, &test);
        if (r < 0) {
                crash_test_done(&test);
                return r;
        }
        *ret = test;
        return 0;
}
