/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures as JSON objects and back, by tables. */
#include "sys/json-fields.h"

#include <errno.h>
#include <json-c/json.h>

#include "base/string-util.h"

#define NESTING_DEEPEST 12

static void json_putp(json_object **object) {
        json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

static void tokener_freep(json_tokener **tokener) {
        if (*tokener)
                json_tokener_free(*tokener);
}

/* The members of a structure, by their offsets. */
static const void *at(const void *structure, size_t offset) {
        return (const char *)structure + offset;
}

static void *at_mutable(void *structure, size_t offset) {
        return (char *)structure + offset;
}

static json_object *object_from(const JsonFields *fields, const void *from);

static json_object *array_from(const JsonFields *fields, const JsonField *field, const void *from) {
        size_t n = *(const size_t *)at(from, field->count_offset);
        size_t most = fields->mends ? field->most : SIZE_MAX;
        _cleanup_json_ json_object *array = json_object_new_array();
        const void *elements;

        if (!array)
                return NULL;
        /* A pointer of another type: not to be read as one to void. */
        memcpy(&elements, at(from, field->offset), sizeof(elements));
        for (size_t i = 0; i < MIN(n, most); i++) {
                json_object *element = object_from(field->inside, at(elements, i * field->size));

                if (!element)
                        return NULL;
                if (json_object_array_add(array, element) < 0) {
                        json_object_put(element);
                        return NULL;
                }
        }
        return TAKE_PTR(array);
}

static json_object *string_from(const JsonFields *fields, const char *text) {
        _cleanup_free_ char *copy = NULL;

        if (!fields->mends)
                return json_object_new_string(text);
        copy = malloc(MIN(strlen(text), fields->longest_string) + 1);
        if (!copy)
                return NULL;
        strscpy(copy, MIN(strlen(text), fields->longest_string) + 1, text);
        utf8_mend(copy);
        return json_object_new_string(copy);
}

/* A fresh JSON value, or NULL for lack of memory. */
static json_object *value_from(const JsonFields *fields, const JsonField *field, const void *from) {
        const void *member = at(from, field->offset);

        switch (field->type) {
        case JSON_STRING:
        case JSON_OPTIONAL_STRING:
                return string_from(fields, strempty(*(char *const *)member));
        case JSON_TEXT:
                return string_from(fields, member);
        case JSON_NUMBER:
                return json_object_new_uint64(*(const uint64_t *)member);
        case JSON_SIGNED:
                return json_object_new_int64(*(const int64_t *)member);
        case JSON_BOOL:
                return json_object_new_boolean(*(const bool *)member);
        case JSON_NAME:
                return json_object_new_string(field->to_string(*(const unsigned *)member));
        case JSON_OBJECT:
                return object_from(field->inside, member);
        case JSON_ARRAY:
                return array_from(fields, field, from);
        }
        return NULL;
}

static int add_value(const JsonFields *fields, const JsonField *field, json_object *object,
                     json_object *value) {
        int r;

        if (!value)
                return -ENOMEM;
        r = fields->is_row ? json_object_array_add(object, value)
                           : json_object_object_add(object, field->name, value);
        if (r < 0)
                json_object_put(value);
        return r < 0 ? -ENOMEM : 0;
}

static json_object *object_from(const JsonFields *fields, const void *from) {
        _cleanup_json_ json_object *object =
                fields->is_row ? json_object_new_array() : json_object_new_object();

        if (!object)
                return NULL;
        for (size_t i = 0; i < fields->n; i++) {
                const JsonField *field = &fields->field[i];

                if (field->type == JSON_OPTIONAL_STRING && !*(char *const *)at(from, field->offset))
                        continue;
                if (add_value(fields, field, object, value_from(fields, field, from)) < 0)
                        return NULL;
        }
        return TAKE_PTR(object);
}

int json_fields_to_text(const JsonFields *fields, const void *from, char **ret) {
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

static int read_string(const JsonFields *fields, json_object *value, const char **ret) {
        const char *text;

        if (!json_object_is_type(value, json_type_string))
                return -EBADMSG;
        text = json_object_get_string(value);
        /* A NUL inside would end the string early and unseen. */
        if ((size_t)json_object_get_string_len(value) > fields->longest_string ||
            strlen(text) != (size_t)json_object_get_string_len(value))
                return -EBADMSG;
        *ret = text;
        return 0;
}

static int object_to(const JsonFields *fields, json_object *object, void *to);

static int array_to(const JsonField *field, json_object *value, void *to) {
        size_t *count = at_mutable(to, field->count_offset), n;
        void *elements;
        int r;

        if (!json_object_is_type(value, json_type_array))
                return -EBADMSG;
        n = json_object_array_length(value);
        if (n > field->most)
                return -EBADMSG;
        if (n == 0)
                return 0;
        elements = calloc(n, field->size);
        if (!elements)
                return -ENOMEM;
        /* All of it is zero, and may be freed as it is. */
        memcpy(at_mutable(to, field->offset), &elements, sizeof(elements));
        *count = n;
        for (size_t i = 0; i < n; i++) {
                r = object_to(field->inside, json_object_array_get_idx(value, i),
                              at_mutable(elements, i * field->size));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int value_to(const JsonFields *fields, const JsonField *field, json_object *value,
                    void *to) {
        void *member = at_mutable(to, field->offset);
        const char *text;
        char *copy;
        int r;

        switch (field->type) {
        case JSON_STRING:
        case JSON_OPTIONAL_STRING:
                r = read_string(fields, value, &text);
                if (r < 0)
                        return r;
                copy = strdup(text);
                if (!copy)
                        return -ENOMEM;
                if (fields->mends)
                        utf8_mend(copy);
                free(*(char **)member);
                *(char **)member = copy;
                return 0;
        case JSON_TEXT:
                r = read_string(fields, value, &text);
                if (r < 0 || strlen(text) >= field->size)
                        return -EBADMSG;
                strscpy(member, field->size, text);
                return 0;
        case JSON_SIGNED:
                if (!json_object_is_type(value, json_type_int))
                        return -EBADMSG;
                *(int64_t *)member = json_object_get_int64(value);
                return 0;
        case JSON_NUMBER:
                if (!json_object_is_type(value, json_type_int) ||
                    (json_object_get_int64(value) < 0))
                        return -EBADMSG;
                *(uint64_t *)member = json_object_get_uint64(value);
                return 0;
        case JSON_BOOL:
                if (!json_object_is_type(value, json_type_boolean))
                        return -EBADMSG;
                *(bool *)member = json_object_get_boolean(value);
                return 0;
        case JSON_NAME:
                r = read_string(fields, value, &text);
                if (r < 0)
                        return r;
                r = field->from_string(text);
                if (r < 0)
                        return -EBADMSG;
                *(unsigned *)member = (unsigned)r;
                return 0;
        case JSON_OBJECT:
                return object_to(field->inside, value, member);
        case JSON_ARRAY:
                return array_to(field, value, to);
        }
        return -EBADMSG;
}

/* What a missing key means, where that is not "as it was". */
static int missing_to(const JsonField *field, void *to) {
        char **member = at_mutable(to, field->offset);

        if (field->type == JSON_OBJECT) {
                for (size_t i = 0; i < field->inside->n; i++)
                        if (missing_to(&field->inside->field[i], at_mutable(to, field->offset)) < 0)
                                return -ENOMEM;
                return 0;
        }
        if (field->type != JSON_STRING || *member)
                return 0;
        *member = strdup("");
        return *member ? 0 : -ENOMEM;
}

static int row_to(const JsonFields *fields, json_object *row, void *to) {
        int r;

        if (!json_object_is_type(row, json_type_array) ||
            json_object_array_length(row) != fields->n)
                return -EBADMSG;
        for (size_t i = 0; i < fields->n; i++) {
                r = value_to(fields, &fields->field[i], json_object_array_get_idx(row, i), to);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int object_to(const JsonFields *fields, json_object *object, void *to) {
        int r;

        if (fields->is_row)
                return row_to(fields, object, to);
        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        for (size_t i = 0; i < fields->n; i++) {
                const JsonField *field = &fields->field[i];
                json_object *value;

                if (json_object_object_get_ex(object, field->name, &value))
                        r = value_to(fields, field, value, to);
                else
                        r = missing_to(field, to);
                if (r < 0)
                        return r;
        }
        return 0;
}

int json_fields_from_text(const JsonFields *fields, const char *text, size_t size, size_t longest,
                          void *to) {
        _cleanup_(tokener_freep) json_tokener *tokener = NULL;
        _cleanup_json_ json_object *object = NULL;
        size_t used;

        if (size > longest)
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
