/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures as JSON objects and back, by tables that say which member goes by which name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

typedef enum JsonType {
        JSON_STRING,          /* char *; missing or NULL is "" */
        JSON_OPTIONAL_STRING, /* char *; left out if NULL */
        JSON_TEXT,            /* char[], of the size that the field tells */
        JSON_NUMBER,          /* uint64_t */
        JSON_SIGNED,          /* int64_t */
        JSON_BOOL,            /* bool */
        JSON_NAME,            /* an enum of the size of unsigned, by its name */
        JSON_OBJECT,          /* a structure inside */
        JSON_ARRAY,           /* a pointer to structures, and a size_t with their number */
} JsonType;

typedef struct JsonFields JsonFields;

typedef struct JsonField {
        const char *name;
        JsonType type;
        size_t offset;
        const char *(*to_string)(unsigned value); /* JSON_NAME only */
        int (*from_string)(const char *name);     /* JSON_NAME only: a value, or negative */
        const JsonFields *inside;                 /* JSON_OBJECT and JSON_ARRAY only */
        size_t count_offset, most;                /* JSON_ARRAY only; most is a limit */
        size_t size;                              /* of JSON_TEXT, or a structure of JSON_ARRAY */
} JsonField;

struct JsonFields {
        const JsonField *field;
        size_t n;
        size_t longest_string; /* bytes: longer ones are refused */
        bool mends;  /* strings are mended (utf8_mend()) both ways; what is longer than the
                                * limits is cut when it is written, so that it can be read again */
        bool is_row; /* an array of the values instead of an object */
};

#define JSON_FIELDS(table, longest) \
        { .field = (table), .n = ELEMENTSOF(table), .longest_string = (longest), }
#define JSON_FIELDS_MENDED(table, longest) \
        { .field = (table), .n = ELEMENTSOF(table), .longest_string = (longest), .mends = true, }

/* Rows of a table: the member of a structure that goes by key. A member of another type than the
 * kind has is an error of the compiler. */
#define JSON_TYPE_STRING          char *
#define JSON_TYPE_OPTIONAL_STRING char *
#define JSON_TYPE_NUMBER          uint64_t
#define JSON_TYPE_SIGNED          int64_t
#define JSON_TYPE_BOOL            bool
#define JSON_FIELD(kind, structure, key, member)                          \
        {                                                                 \
                .name = (key), .type = JSON_##kind,                       \
                .offset = OFFSET_OF(structure, member, JSON_TYPE_##kind), \
        }
#define JSON_FIELD_TEXT(structure, key, member)                                                   \
        {                                                                                         \
                .name = (key), .type = JSON_TEXT, .offset = OFFSET_OF(structure, member, char[]), \
                .size = sizeof(TYPE_OF_MEMBER(structure, member)),                                \
        }
/* prefix is that of DEFINE_JSON_NAME(). */
#define JSON_FIELD_NAME(structure, key, member, prefix)                          \
        {                                                                        \
                .name = (key), .type = JSON_NAME,                                \
                .offset = OFFSET_OF(structure, member, prefix##_json_type),      \
                .to_string = prefix##_name, .from_string = prefix##_from_string, \
        }
#define JSON_FIELD_OBJECT(structure, key, member, fields)                                  \
        {                                                                                  \
                .name = (key), .type = JSON_OBJECT, .offset = offsetof(structure, member), \
                .inside = &(fields),                                                       \
        }
/* The number is in the member n_member. */
#define JSON_FIELD_ARRAY(structure, key, member, fields, limit)                            \
        {                                                                                  \
                .name = (key), .type = JSON_ARRAY, .offset = offsetof(structure, member),  \
                .count_offset = OFFSET_OF(structure, n_##member, size_t), .most = (limit), \
                .size = sizeof(*((structure *)NULL)->member), .inside = &(fields),         \
        }

/* Functions for JSON_NAME, prefix_name() and prefix_from_string(), out of a name table. */
#define DEFINE_JSON_NAME(prefix, type)                                                     \
        typedef type prefix##_json_type;                                                   \
        _Static_assert(sizeof(type) == sizeof(unsigned), #type " is read as an unsigned"); \
        static const char *prefix##_name(unsigned v) {                                     \
                return prefix##_to_string((type)v);                                        \
        }                                                                                  \
        struct swallow_semicolon_name_##prefix

/* Formats the structure at from as one JSON object on one line, newline included; the same
 * structure gives the same bytes. Returns 0 with a fresh string, or -ENOMEM. */
int json_fields_to_text(const JsonFields *fields, const void *from, char **ret) _must_check_;

/* Reads such an object of size bytes, at most longest, into the structure at to, which the caller
 * has filled with what holds for missing keys (all zero, or strings of its own, which are freed if
 * there is another one). Keys that are not in the table are ignored. Returns 0; -EBADMSG (no JSON
 * object, wrong types, unknown names, beyond a limit), -ENOMEM. On failure, too, what is in *to is
 * whole, and the caller frees it. */
int json_fields_from_text(const JsonFields *fields, const char *text, size_t size, size_t longest,
                          void *to) _must_check_;
