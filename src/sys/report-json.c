/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A load report as JSON. */
#include "sys/report-json.h"

#include <errno.h>
#include <json-c/json.h>

typedef enum FieldType {
        FIELD_STRING,  /* char *, left out if NULL */
        FIELD_NUMBER,  /* uint64_t */
        FIELD_BOOL,    /* bool */
        FIELD_FAILURE, /* Failure, by its name */
        FIELD_BOOT_ID, /* char[37] */
        FIELD_REPORT,  /* LoadReport, as an object of its own */
} FieldType;

typedef struct Field {
        const char *name;
        FieldType type;
        size_t offset;
} Field;

typedef struct Fields {
        const Field *field;
        size_t n;
} Fields;

/* Both directions go by these tables; what is not in them is not carried. */
#define REPORT(key, kind, member) \
        { key, FIELD_##kind, offsetof(LoadReport, member) }
static const Field report_table[] = {
        REPORT("Failure", FAILURE, failure),
        REPORT("Message", STRING, message),
        REPORT("KernelFile", STRING, kernel.path),
        REPORT("KernelDevice", NUMBER, kernel.device),
        REPORT("KernelInode", NUMBER, kernel.inode),
        REPORT("KernelMtimeNSec", NUMBER, kernel.mtime_nsec),
        REPORT("KernelBytes", NUMBER, kernel.size),
        REPORT("InitrdFile", STRING, initrd.path),
        REPORT("InitrdDevice", NUMBER, initrd.device),
        REPORT("InitrdInode", NUMBER, initrd.inode),
        REPORT("InitrdMtimeNSec", NUMBER, initrd.mtime_nsec),
        REPORT("InitrdBytes", NUMBER, initrd.size),
        REPORT("KernelRelease", STRING, kernel_release),
        REPORT("CommandLine", STRING, command_line),
        REPORT("Loader", STRING, loader),
        REPORT("LoaderReason", STRING, loader_reason),
        REPORT("Flags", NUMBER, flags),
        REPORT("FirstLoader", STRING, first_loader),
        REPORT("FirstFlags", NUMBER, first_flags),
        REPORT("LoaderIsAutomatic", BOOL, is_automatic),
        REPORT("ReservationBytes", NUMBER, reservation_bytes),
        REPORT("NeededBytes", NUMBER, needed_bytes),
        REPORT("CallStartUSec", NUMBER, call_start_usec),
        REPORT("CallEndUSec", NUMBER, call_end_usec),
        REPORT("PrepareUSec", NUMBER, prepare_usec),
        REPORT("BusyTries", NUMBER, busy_tries),
        REPORT("HadImage", BOOL, had_image),
};
static const Fields report_fields = { report_table, ELEMENTSOF(report_table) };

#define RECORD(key, kind, member) \
        { key, FIELD_##kind, offsetof(ImageRecord, member) }
static const Field record_table[] = {
        RECORD("BootId", BOOT_ID, boot_id),
        RECORD("LoadedRealtimeUSec", NUMBER, loaded_realtime_usec),
        RECORD("MustReload", BOOL, must_reload),
        RECORD("RemovedBlocks", NUMBER, removed_blocks),
        RECORD("LostEvents", BOOL, lost_events),
        RECORD("KernelLogSeqnum", NUMBER, log_seqnum),
        RECORD("BlocksCount", NUMBER, fingerprint.blocks.count),
        RECORD("BlocksSum", NUMBER, fingerprint.blocks.sum),
        RECORD("BlocksXored", NUMBER, fingerprint.blocks.xored),
        RECORD("CpusCount", NUMBER, fingerprint.cpus.count),
        RECORD("CpusSum", NUMBER, fingerprint.cpus.sum),
        RECORD("CpusXored", NUMBER, fingerprint.cpus.xored),
        RECORD("Report", REPORT, report),
};
static const Fields record_fields = { record_table, ELEMENTSOF(record_table) };

#define NESTING_DEEPEST 4 /* record, report, and room for what a later version adds */

static void json_putp(json_object **object) {
        json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

static void tokener_freep(json_tokener **tokener) {
        if (*tokener)
                json_tokener_free(*tokener);
}

static json_object *object_from(const Fields *fields, const void *from);

/* A fresh JSON value, or NULL for lack of memory. */
static json_object *value_from(FieldType type, const void *member) {
        switch (type) {
        case FIELD_STRING:
                return json_object_new_string(*(char *const *)member);
        case FIELD_NUMBER:
                return json_object_new_uint64(*(const uint64_t *)member);
        case FIELD_BOOL:
                return json_object_new_boolean(*(const bool *)member);
        case FIELD_FAILURE:
                return json_object_new_string(failure_to_string(*(const Failure *)member));
        case FIELD_BOOT_ID:
                return json_object_new_string(member);
        case FIELD_REPORT:
                return object_from(&report_fields, member);
        }
        return NULL;
}

static json_object *object_from(const Fields *fields, const void *from) {
        _cleanup_json_ json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        for (size_t i = 0; i < fields->n; i++) {
                const Field *field = &fields->field[i];
                const void *member = (const char *)from + field->offset;
                json_object *value;

                if (field->type == FIELD_STRING && !*(char *const *)member)
                        continue;
                value = value_from(field->type, member);
                if (!value)
                        return NULL;
                if (json_object_object_add(object, field->name, value) < 0) {
                        json_object_put(value);
                        return NULL;
                }
        }
        return TAKE_PTR(object);
}

static int to_text(const Fields *fields, const void *from, char **ret) {
        _cleanup_json_ json_object *object = object_from(fields, from);
        const char *text;
        size_t length;

        if (!object)
                return -ENOMEM;
        text = json_object_to_json_string_length(
                object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
        if (!text)
                return -ENOMEM;
        *ret = malloc(length + 2);
        if (!*ret)
                return -ENOMEM;
        memcpy(*ret, text, length);
        memcpy(*ret + length, "\n", 2);
        return 0;
}

static int read_string(json_object *value, const char **ret) {
        const char *text;

        if (!json_object_is_type(value, json_type_string))
                return -EBADMSG;
        text = json_object_get_string(value);
        /* A NUL inside would end the string early and unseen. */
        if (json_object_get_string_len(value) > (int)LOAD_REPORT_LONGEST_STRING ||
            strlen(text) != (size_t)json_object_get_string_len(value))
                return -EBADMSG;
        *ret = text;
        return 0;
}

static int object_to(const Fields *fields, json_object *object, void *to);

static int value_to(FieldType type, json_object *value, void *member) {
        const char *text;
        int r;

        switch (type) {
        case FIELD_STRING:
                r = read_string(value, &text);
                if (r < 0)
                        return r;
                *(char **)member = strdup(text);
                if (!*(char **)member)
                        return -ENOMEM;
                /* File names and the like may be any bytes. */
                utf8_mend(*(char **)member);
                return 0;
        case FIELD_NUMBER:
                if (!json_object_is_type(value, json_type_int) ||
                    (json_object_get_int64(value) < 0))
                        return -EBADMSG;
                *(uint64_t *)member = json_object_get_uint64(value);
                return 0;
        case FIELD_BOOL:
                if (!json_object_is_type(value, json_type_boolean))
                        return -EBADMSG;
                *(bool *)member = json_object_get_boolean(value);
                return 0;
        case FIELD_FAILURE:
                r = read_string(value, &text);
                if (r < 0)
                        return r;
                r = failure_from_string(text);
                if (r < 0)
                        return -EBADMSG;
                *(Failure *)member = (Failure)r;
                return 0;
        case FIELD_BOOT_ID:
                r = read_string(value, &text);
                if (r < 0 || strlen(text) >= sizeof(((ImageRecord *)NULL)->boot_id))
                        return -EBADMSG;
                strscpy(member, sizeof(((ImageRecord *)NULL)->boot_id), text);
                return 0;
        case FIELD_REPORT:
                return object_to(&report_fields, value, member);
        }
        return -EBADMSG;
}

/* On failure some members may be set; the caller frees them. */
static int object_to(const Fields *fields, json_object *object, void *to) {
        int r;

        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        for (size_t i = 0; i < fields->n; i++) {
                const Field *field = &fields->field[i];
                json_object *value;

                if (!json_object_object_get_ex(object, field->name, &value))
                        continue;
                r = value_to(field->type, value, (char *)to + field->offset);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int from_text(const Fields *fields, const char *text, size_t size, void *to) {
        _cleanup_(tokener_freep) json_tokener *tokener = NULL;
        _cleanup_json_ json_object *object = NULL;
        size_t used;

        if (size > REPORT_JSON_LONGEST)
                return -EBADMSG;
        tokener = json_tokener_new_ex(NESTING_DEEPEST);
        if (!tokener)
                return -ENOMEM;
        object = json_tokener_parse_ex(tokener, text, (int)size);
        if (!object)
                return -EBADMSG;
        for (used = json_tokener_get_parse_end(tokener); used < size; used++)
                if (!strchr(" \t\r\n", text[used]) || text[used] == '\0')
                        return -EBADMSG;
        return object_to(fields, object, to);
}

int report_to_json(const LoadReport *report, char **ret) {
        return to_text(&report_fields, report, ret);
}

int report_from_json(const char *text, size_t size, LoadReport *ret) {
        LoadReport report = { 0 };
        int r;

        r = from_text(&report_fields, text, size, &report);
        if (r < 0) {
                load_report_done(&report);
                return r;
        }
        *ret = report;
        return 0;
}

int image_record_to_json(const ImageRecord *record, char **ret) {
        return to_text(&record_fields, record, ret);
}

int image_record_from_json(const char *text, size_t size, ImageRecord *ret) {
        ImageRecord record = { 0 };
        int r;

        r = from_text(&record_fields, text, size, &record);
        if (r < 0) {
                image_record_done(&record);
                return r;
        }
        *ret = record;
        return 0;
}
