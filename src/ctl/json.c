/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints for programs. The client's only user of json-c. */
#include "ctl/json.h"

#include <errno.h>
#include <stdio.h>

#include <json-c/json.h>

#include "base/string-util.h"
#include "ctl/print.h"
#include "sys/dump-json.h"

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
        put_lines(f, text, strlen(text));
        return 0;
}

static json_object *new_strings(char *const *strings) {
        _cleanup_json_ json_object *array = json_object_new_array();

        for (size_t i = 0; array && strings && strings[i]; i++) {
                json_object *string = json_object_new_string(strings[i]);

                if (!string)
                        return NULL;
                if (json_object_array_add(array, string) < 0) {
                        (void)json_object_put(string);
                        return NULL;
                }
        }
        return TAKE_PTR(array);
}

static json_object *property_value(const Status *status, const StatusProperty *property) {
        const void *field = status_member_const(status, property);

        switch (property->kind) {
        case STATUS_STRING:
                return json_object_new_string(strempty(*(const char *const *)field));
        case STATUS_BOOL:
                return json_object_new_boolean(*(const bool *)field);
        case STATUS_STRINGS:
                return new_strings(*(char **const *)field);
        case STATUS_NUMBER:
        default:
                return json_object_new_uint64(*(const uint64_t *)field);
        }
}

int json_print_status(FILE *f, const Status *status) {
        _cleanup_json_ json_object *object = json_object_new_object();
        const StatusProperty *property;
        int r;

        if (!object)
                return -ENOMEM;
        for (size_t i = 0; (property = status_property(i)); i++) {
                if (!status_has(status, (StatusIndex)i))
                        continue;
                r = add(object, property->name, property_value(status, property));
                if (r < 0)
                        return r;
        }
        if (!status_has(status, STATUS_INDEX_KernelFile))
                return print_object(f, object);
        r = add(object, "KernelChanged", json_object_new_boolean(status->kernel_changed));
        if (r >= 0)
                r = add(object, "InitrdChanged", json_object_new_boolean(status->initrd_changed));
        return r < 0 ? r : print_object(f, object);
}

static int fill_decision(json_object *object, const DaemonDecision *d) {
        int r;

        r = add(object, "TimeUSec", json_object_new_uint64(d->time_usec));
        if (r >= 0)
                r = add(object, "Subsystems", json_object_new_string(d->subsystems));
        if (r >= 0)
                r = add(object, "Events", json_object_new_uint64(d->events));
        if (r >= 0)
                r = add(object, "Decision", json_object_new_string(d->decision));
        if (r >= 0)
                r = add(object, "Reason", json_object_new_string(d->reason));
        if (r >= 0)
                r = add(object, "Result", json_object_new_string(d->result));
        if (r >= 0)
                r = add(object, "Details", json_object_new_string(d->details));
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

/* The object that kdump.json has, or would have. Without a summary, it says nothing of the result,
 * numbers that are not known, and so on: only what was found is told. */
static int new_info(const FoundDump *found, json_object **ret) {
        static const char *const found_keys[] = { "CrashUSec", "KernelRelease", "PanicMessage",
                                                  "Vmcore",    "VmcoreBytes",   "Log",
                                                  "LogBytes",  "Message" };
        _cleanup_json_ json_object *all = NULL, *object = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = dump_info_to_json(&found->dump.info, &text);
        if (r < 0)
                return r;
        all = json_tokener_parse(text);
        if (!all)
                return -ENOMEM;
        if (found->dump.has_summary) {
                *ret = TAKE_PTR(all);
                return 0;
        }
        object = json_object_new_object();
        if (!object)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(found_keys) && found->error >= 0; i++) {
                json_object *value;

                if (!json_object_object_get_ex(all, found_keys[i], &value))
                        continue;
                r = add(object, found_keys[i], json_object_get(value));
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(object);
        return 0;
}

static int add_place(json_object *object, const FoundDump *found) {
        _cleanup_free_ char *directory = NULL;
        int r;

        if (found->target->is_raw) {
                r = add(object, "Name", json_object_new_string(found->dump.name));
                return r < 0 ? r
                             : add(object, "Device", json_object_new_string(found->target->path));
        }
        if (asprintf(&directory, "%s/%s", found->target->path, found->dump.name) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        r = add(object, "Name", json_object_new_string(found->dump.name));
        if (r >= 0)
                r = add(object, "Directory", json_object_new_string(directory));
        return r;
}

static int new_dump(const FoundDump *found, json_object **ret) {
        _cleanup_json_ json_object *object = NULL;
        int r;

        r = new_info(found, &object);
        if (r >= 0)
                r = add_place(object, found);
        if (r >= 0 && found->error >= 0)
                r = add(object, "State",
                        json_object_new_string(dump_state_to_string(found->dump.state)));
        if (r >= 0 && found->dump.is_flattened)
                r = add(object, "Format", json_object_new_string("flattened"));
        if (r >= 0)
                *ret = TAKE_PTR(object);
        return r;
}

int json_print_dumps(FILE *f, const Dumps *dumps) {
        _cleanup_json_ json_object *array = json_object_new_array();

        if (!array)
                return -ENOMEM;
        for (size_t i = 0; i < dumps->n; i++) {
                _cleanup_json_ json_object *object = NULL;

                if (new_dump(&dumps->items[i], &object) < 0 ||
                    json_object_array_add(array, object) < 0)
                        return -ENOMEM;
                object = NULL;
        }
        return print_object(f, array);
}

int json_print_dump(FILE *f, const FoundDump *found) {
        _cleanup_json_ json_object *object = NULL;
        int r;

        r = new_dump(found, &object);
        return r < 0 ? r : print_object(f, object);
}

static int add_line(json_object *array, const char *p, size_t n) {
        _cleanup_free_ char *line = strndup(p, n);
        _cleanup_json_ json_object *value = NULL;

        if (!line)
                return -ENOMEM;
        utf8_mend(line);
        value = json_object_new_string(line);
        if (!value || json_object_array_add(array, value) < 0)
                return -ENOMEM;
        value = NULL;
        return 0;
}

int json_print_log(FILE *f, const FoundDump *found, const char *log, size_t size) {
        _cleanup_json_ json_object *object = json_object_new_object(), *lines = NULL;
        const char *p = log, *end = log + size;
        int r;

        lines = json_object_new_array();
        if (!object || !lines)
                return -ENOMEM;
        r = add_place(object, found);
        while (r >= 0 && p < end) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));
                size_t n = (size_t)((newline ?: end) - p);

                r = add_line(lines, p, n);
                p += n + 1;
        }
        if (r >= 0)
                r = add(object, "Lines", TAKE_PTR(lines));
        return r < 0 ? r : print_object(f, object);
}

int json_print_estimate(FILE *f, const Needs *needs) {
        _cleanup_json_ json_object *object = json_object_new_object();
        const Estimate *e = &needs->estimate;
        const struct {
                const char *name;
                uint64_t bytes;
        } sizes[] = {
                { "KernelBytes", e->kernel },
                { "InitrdBytes", e->initrd },
                { "ElfcorehdrBytes", e->header },
                { "SystemBytes", e->system },
                { "CollectorBytes", e->collector },
                { "BufferBytes", e->bounce },
                { "ServicesBytes", e->services },
                { "NeededBytes", e->needed },
                { "LoadedBytes", e->loaded },
                { "AdviceBytes", e->advice },
                { "ReservationBytes", needs->reservation.bytes },
                { "ReservationTotalBytes", needs->reservation.total_bytes },
                { "ReservationCmaBytes", needs->reservation.cma_bytes },
        };
        int r;

        if (!object)
                return -ENOMEM;
        r = add(object, "KernelFile", json_object_new_string(needs->kernel));
        if (r >= 0)
                r = add(object, "InitrdFile", json_object_new_string(strempty(needs->initrd)));
        if (r >= 0)
                r = add(object, "InitrdKind",
                        json_object_new_string(initrd_kind_to_string(needs->initrd_kind)));
        for (size_t i = 0; i < ELEMENTSOF(sizes) && r >= 0; i++)
                r = add(object, sizes[i].name, json_object_new_uint64(sizes[i].bytes));
        if (r >= 0)
                r = add(object, "ReservationIsSum",
                        json_object_new_boolean(needs->reservation.is_sum));
        if (r >= 0)
                r = add(object, "InitrdIsAssumed",
                        json_object_new_boolean(needs->initrd_is_assumed));
        if (r >= 0)
                r = add(object, "NotSeen", json_object_new_string(needs->unseen));
        return r < 0 ? r : print_object(f, object);
}

/* One key of the configuration. */
static int new_setting(const Settings *settings, size_t i, const char *origin, json_object **ret) {
        _cleanup_json_ json_object *object = json_object_new_object();
        char value[SETTINGS_VALUE_MAX];
        const char *section, *key;
        int r;

        if (!object || !settings_key(i, &section, &key, NULL))
                return -ENOMEM;
        r = add(object, "Section", json_object_new_string(section));
        if (r >= 0)
                r = add(object, "Key", json_object_new_string(key));
        if (r >= 0)
                r = add(object, "Value",
                        json_object_new_string(settings_format(settings, i, value)));
        if (r >= 0 && origin)
                r = add(object, "File", json_object_new_string(origin));
        if (r >= 0)
                *ret = TAKE_PTR(object);
        return r;
}

int json_print_settings(FILE *f, const Settings *settings, const char *const *origins,
                        size_t n_origins) {
        _cleanup_json_ json_object *array = json_object_new_array();

        if (!array)
                return -ENOMEM;
        for (size_t i = 0; settings_key(i, NULL, NULL, NULL); i++) {
                _cleanup_json_ json_object *object = NULL;

                if (new_setting(settings, i, i < n_origins ? origins[i] : NULL, &object) < 0 ||
                    json_object_array_add(array, object) < 0)
                        return -ENOMEM;
                object = NULL;
        }
        return print_object(f, array);
}

int json_print_reservation(FILE *f, uint64_t bytes) {
        _cleanup_json_ json_object *object = json_object_new_object();
        int r;

        if (!object)
                return -ENOMEM;
        r = add(object, "ReservationBytes", json_object_new_uint64(bytes));
        return r < 0 ? r : print_object(f, object);
}

static int fill_import_item(json_object *object, const ImportItem *item) {
        int r;

        r = add(object, "File", json_object_new_string(item->file));
        if (r >= 0)
                r = add(object, "Line", json_object_new_int64(item->line));
        if (r >= 0)
                r = add(object, "Key", json_object_new_string(item->key));
        if (r >= 0 && item->value)
                r = add(object, "Value", json_object_new_string(item->value));
        if (r >= 0 && item->is_kept)
                r = add(object, "Section", json_object_new_string(item->section));
        if (r >= 0 && item->is_kept)
                r = add(object, "Setting", json_object_new_string(item->setting));
        if (r >= 0 && item->is_kept)
                r = add(object, "SettingValue", json_object_new_string(item->becomes));
        if (r >= 0 && item->note)
                r = add(object, "Note", json_object_new_string(item->note));
        return r;
}

int json_print_import(FILE *f, const Import *import) {
        _cleanup_json_ json_object *object = json_object_new_object();
        json_object *items = json_object_new_array();
        int r;

        if (!object || !items) {
                (void)json_object_put(items);
                return -ENOMEM;
        }
        r = add(object, "Items", items);
        if (r >= 0)
                r = add(object, "PanicOnOops", json_object_new_boolean(import->panic_on_oops));
        if (r >= 0)
                r = add(object, "Off", json_object_new_boolean(import->is_off));
        for (size_t i = 0; r >= 0 && i < import->n; i++) {
                json_object *item = json_object_new_object();

                if (!item || json_object_array_add(items, item) < 0) {
                        (void)json_object_put(item);
                        return -ENOMEM;
                }
                r = fill_import_item(item, &import->items[i]);
        }
        return r < 0 ? r : print_object(f, object);
}

static int new_check(const Check *check, json_object **ret) {
        _cleanup_json_ json_object *object = json_object_new_object();
        int r;

        if (!object)
                return -ENOMEM;
        r = add(object, "Name", json_object_new_string(check->name));
        if (r >= 0)
                r = add(object, "State",
                        json_object_new_string(check_state_to_string(check->state)));
        if (r >= 0)
                r = add(object, "Text", json_object_new_string(check->text));
        if (r >= 0)
                *ret = TAKE_PTR(object);
        return r;
}

int json_print_checks(FILE *f, const Checks *checks, bool needs_reboot) {
        _cleanup_json_ json_object *object = json_object_new_object(), *array = NULL;
        bool is_done = !needs_reboot && !checks_have(checks, CHECK_FAILED) &&
                       !checks_have(checks, CHECK_LEFT);
        int r = 0;

        array = json_object_new_array();
        if (!object || !array)
                return -ENOMEM;
        for (size_t i = 0; i < checks->n && r >= 0; i++) {
                json_object *row = NULL;

                r = new_check(&checks->items[i], &row);
                if (r >= 0 && json_object_array_add(array, row) < 0) {
                        json_putp(&row);
                        r = -ENOMEM;
                }
        }
        if (r >= 0)
                r = add(object, "Checks", TAKE_PTR(array));
        if (r >= 0)
                r = add(object, "Changed",
                        json_object_new_boolean(checks_have(checks, CHECK_CHANGED)));
        if (r >= 0)
                r = add(object, "RebootNeeded", json_object_new_boolean(needs_reboot));
        if (r >= 0)
                r = add(object, "Done", json_object_new_boolean(is_done));
        return r < 0 ? r : print_object(f, object);
}
