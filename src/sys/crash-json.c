/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a crash as JSON. */
#include "sys/crash-json.h"

#include <errno.h>
#include <json-c/json.h>

typedef enum FieldType {
        FIELD_STRING, /* char *, left out if NULL */
        FIELD_NUMBER, /* uint64_t */
        FIELD_STATUS, /* int64_t */
        FIELD_BOOL,   /* bool */
        FIELD_RESULT, /* CrashResult, by its name */
        FIELD_RANGES, /* [[start, size], ...]; the member is the pointer */
} FieldType;

typedef struct Field {
        const char *name;
        FieldType type;
        size_t offset;
} Field;

/* Both directions go by this table, which is the order in the file; what is not in it is not
 * carried. */
#define CRASH(key, kind, member) \
        { key, FIELD_##kind, offsetof(CrashInfo, member) }
static const Field crash_table[] = {
        CRASH("Result", RESULT, result),
        CRASH("Message", STRING, message),
        CRASH("CrashUSec", NUMBER, crash_usec),
        CRASH("Host", STRING, host),
        CRASH("KernelRelease", STRING, kernel_release),
        CRASH("Machine", STRING, machine),
        CRASH("PanicMessage", STRING, panic_message),
        CRASH("PanicWhere", STRING, panic_where),
        CRASH("PanicUptimeUSec", NUMBER, panic_uptime_usec),
        CRASH("MemoryBytes", NUMBER, memory_bytes),
        CRASH("Cpus", NUMBER, n_cpus),
        CRASH("Vmcore", STRING, vmcore),
        CRASH("VmcoreBytes", NUMBER, vmcore_bytes),
        CRASH("Log", STRING, log),
        CRASH("LogBytes", NUMBER, log_bytes),
        CRASH("Collector", STRING, collector),
        CRASH("CollectorVersion", STRING, collector_version),
        CRASH("CollectorStatus", STATUS, collector_status),
        CRASH("KernelUnknown", BOOL, kernel_unknown),
        CRASH("CaptureRelease", STRING, capture_release),
        CRASH("Target", STRING, target),
        CRASH("OnFallback", BOOL, on_fallback),
        CRASH("SinceBootUSec", NUMBER, since_boot_usec),
        CRASH("TargetUSec", NUMBER, target_usec),
        CRASH("LogUSec", NUMBER, log_usec),
        CRASH("DumpUSec", NUMBER, dump_usec),
        CRASH("TotalUSec", NUMBER, total_usec),
        CRASH("Ranges", RANGES, ranges),
};

#define NESTING_DEEPEST 5 /* the object, ranges, a range, and room for what comes later */

static void json_putp(json_object **object) {
        json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

static void tokener_freep(json_tokener **tokener) {
        if (*tokener)
                json_tokener_free(*tokener);
}

/* What is text came out of another kernel's memory: mended and cut, so that what is written is JSON
 * that the reader below takes. */
static json_object *new_string(const char *text) {
        char copy[CRASH_INFO_LONGEST_STRING + 1];

        strscpy(copy, sizeof(copy), text);
        utf8_mend(copy);
        return json_object_new_string(copy);
}

static int array_add_number(json_object *array, uint64_t number) {
        _cleanup_json_ json_object *value = json_object_new_uint64(number);

        if (!value || json_object_array_add(array, value) < 0)
                return -ENOMEM;
        value = NULL;
        return 0;
}

static json_object *new_ranges(const CrashInfo *info) {
        _cleanup_json_ json_object *array = json_object_new_array();

        if (!array)
                return NULL;
        for (size_t i = 0; i < MIN(info->n_ranges, (size_t)CRASH_RANGES_MOST); i++) {
                _cleanup_json_ json_object *pair = json_object_new_array();

                if (!pair || array_add_number(pair, info->ranges[i].start) < 0 ||
                    array_add_number(pair, info->ranges[i].size) < 0 ||
                    json_object_array_add(array, pair) < 0)
                        return NULL;
                pair = NULL;
        }
        return TAKE_PTR(array);
}

/* A fresh JSON value, or NULL for lack of memory. */
static json_object *value_from(const Field *field, const CrashInfo *info) {
        const void *member = (const char *)info + field->offset;

        switch (field->type) {
        case FIELD_STRING:
                return new_string(*(char *const *)member);
        case FIELD_NUMBER:
                return json_object_new_uint64(*(const uint64_t *)member);
        case FIELD_STATUS:
                return json_object_new_int64(*(const int64_t *)member);
        case FIELD_BOOL:
                return json_object_new_boolean(*(const bool *)member);
        case FIELD_RESULT:
                return json_object_new_string(crash_result_to_string(*(const CrashResult *)member));
        case FIELD_RANGES:
                return new_ranges(info);
        }
        return NULL;
}

int crash_info_to_json(const CrashInfo *info, char **ret) {
        _cleanup_json_ json_object *object = json_object_new_object();
        const char *text;
        size_t length;
        char *copy;

        if (!object)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(crash_table); i++) {
                const Field *field = &crash_table[i];
                _cleanup_json_ json_object *value = NULL;

                if (field->type == FIELD_STRING &&
                    !*(char *const *)((const char *)info + field->offset))
                        continue;
                value = value_from(field, info);
                if (!value || json_object_object_add(object, field->name, value) < 0)
                        return -ENOMEM;
                value = NULL;
        }
        text = json_object_to_json_string_length(
                object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
        if (!text)
                return -ENOMEM;
        copy = malloc(length + 2);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, text, length);
        memcpy(copy + length, "\n", 2);
        *ret = copy;
        return 0;
}

/* The text of a value; a NUL inside would end it early and unseen. */
static const char *string_of(json_object *value) {
        const char *text;

        if (!json_object_is_type(value, json_type_string))
                return NULL;
        text = json_object_get_string(value);
        if (json_object_get_string_len(value) > (int)CRASH_INFO_LONGEST_STRING ||
            strlen(text) != (size_t)json_object_get_string_len(value))
                return NULL;
        return text;
}

static int read_string(json_object *value, char **ret) {
        const char *text = string_of(value);
        char *copy;

        if (!text)
                return -EBADMSG;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        utf8_mend(copy);
        *ret = copy;
        return 0;
}

static int read_number(json_object *value, uint64_t *ret) {
        if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
                return -EBADMSG;
        *ret = json_object_get_uint64(value);
        return 0;
}

static int read_ranges(json_object *value, CrashInfo *info) {
        size_t n;
        int r;

        if (!json_object_is_type(value, json_type_array))
                return -EBADMSG;
        n = json_object_array_length(value);
        if (n > CRASH_RANGES_MOST)
                return -EBADMSG;
        if (n == 0)
                return 0;
        info->ranges = calloc(n, sizeof(CrashRange));
        if (!info->ranges)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                json_object *pair = json_object_array_get_idx(value, i);

                if (!json_object_is_type(pair, json_type_array) ||
                    json_object_array_length(pair) != 2)
                        return -EBADMSG;
                r = read_number(json_object_array_get_idx(pair, 0), &info->ranges[i].start);
                if (r < 0)
                        return r;
                r = read_number(json_object_array_get_idx(pair, 1), &info->ranges[i].size);
                if (r < 0)
                        return r;
        }
        info->n_ranges = n;
        return 0;
}

static int value_to(const Field *field, json_object *value, CrashInfo *info) {
        void *member = (char *)info + field->offset;
        const char *text;
        int r;

        switch (field->type) {
        case FIELD_STRING:
                return read_string(value, member);
        case FIELD_NUMBER:
                return read_number(value, member);
        case FIELD_STATUS:
                if (!json_object_is_type(value, json_type_int))
                        return -EBADMSG;
                *(int64_t *)member = json_object_get_int64(value);
                return 0;
        case FIELD_BOOL:
                if (!json_object_is_type(value, json_type_boolean))
                        return -EBADMSG;
                *(bool *)member = json_object_get_boolean(value);
                return 0;
        case FIELD_RESULT:
                text = string_of(value);
                r = text ? crash_result_from_string(text) : -EBADMSG;
                if (r < 0)
                        return -EBADMSG;
                *(CrashResult *)member = (CrashResult)r;
                return 0;
        case FIELD_RANGES:
                return read_ranges(value, info);
        }
        return -EBADMSG;
}

/* On failure some members may be set; the caller frees them. */
static int object_to(json_object *object, CrashInfo *info) {
        int r;

        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        for (size_t i = 0; i < ELEMENTSOF(crash_table); i++) {
                json_object *value;

                if (!json_object_object_get_ex(object, crash_table[i].name, &value))
                        continue;
                r = value_to(&crash_table[i], value, info);
                if (r < 0)
                        return r;
        }
        return 0;
}

int crash_info_from_json(const char *text, size_t size, CrashInfo *ret) {
        _cleanup_(tokener_freep) json_tokener *tokener = NULL;
        _cleanup_json_ json_object *object = NULL;
        CrashInfo info = { 0 };
        int r;

        if (size > CRASH_JSON_LONGEST)
                return -EBADMSG;
        tokener = json_tokener_new_ex(NESTING_DEEPEST);
        if (!tokener)
                return -ENOMEM;
        object = json_tokener_parse_ex(tokener, text, (int)size);
        if (!object)
                return -EBADMSG;
        for (size_t used = json_tokener_get_parse_end(tokener); used < size; used++)
                if (!strchr(" \t\r\n", text[used]) || text[used] == '\0')
                        return -EBADMSG;
        r = object_to(object, &info);
        if (r < 0) {
                crash_info_done(&info);
                return r;
        }
        *ret = info;
        return 0;
}
