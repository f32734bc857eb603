/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints for programs. The client's only user of json-c. */
#include "ctl/json.h"

#include <errno.h>

#include <json-c/json.h>

#include "base/string-util.h"

static void json_putp(json_object **object) {
        (void)json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

/* Adds value, which may be NULL for lack of memory, and owns it from here on. */
static int add(json_object *object, const char *key, json_object *value) {
        if (!value)
                return -ENOMEM;
        if (json_object_object_add(object, key, value) < 0) {
                (void)json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

static int print_object(FILE *f, json_object *object) {
        const char *text = json_object_to_json_string_ext(
                object,
                JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

        if (!text)
                return -ENOMEM;
        (void)fprintf(f, "%s\n", text);
        return 0;
}

static json_object *property_value(const DaemonStatus *status, const DaemonProperty *property) {
        const void *field = daemon_status_field_const(status, property);

        switch (property->type) {
        case 's':
                return json_object_new_string(strempty(*(char *const *)field));
        case 'b':
                return json_object_new_boolean(*(const bool *)field);
        default:
                return json_object_new_uint64(*(const uint64_t *)field);
        }
}

int json_print_status(FILE *f, const DaemonStatus *status) {
        _cleanup_json_ json_object *object = json_object_new_object();
        const DaemonProperty *property;
        int r;

        if (!object)
                return -ENOMEM;
        for (size_t i = 0; (property = daemon_property(i)); i++) {
                if (!daemon_status_has(status, i))
                        continue;
                r = add(object, property->name, property_value(status, property));
                if (r < 0)
                        return r;
        }
        return print_object(f, object);
}

static int fill_decision(json_object *object, const DaemonDecision *d) {
        int r;

        r = add(object, "time", json_object_new_uint64(d->time_usec));
        if (r >= 0)
                r = add(object, "subsystems", json_object_new_string(d->subsystems));
        if (r >= 0)
                r = add(object, "events", json_object_new_uint64(d->events));
        if (r >= 0)
                r = add(object, "decision", json_object_new_string(d->decision));
        if (r >= 0)
                r = add(object, "reason", json_object_new_string(d->reason));
        if (r >= 0)
                r = add(object, "result", json_object_new_string(d->result));
        if (r >= 0)
                r = add(object, "details", json_object_new_string(d->details));
        return r;
}

int json_print_decisions(FILE *f, const DaemonDecisions *decisions) {
        _cleanup_json_ json_object *array = json_object_new_array();
        int r;

        if (!array)
                return -ENOMEM;
        for (size_t i = 0; i < decisions->n; i++) {
                json_object *object = json_object_new_object();

                if (!object)
                        return -ENOMEM;
                if (json_object_array_add(array, object) < 0) {
                        (void)json_object_put(object);
                        return -ENOMEM;
                }
                r = fill_decision(object, &decisions->items[i]);
                if (r < 0)
                        return r;
        }
        return print_object(f, array);
}
