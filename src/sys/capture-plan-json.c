/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture plan as JSON: how it travels in the capture initramfs. */
#include "sys/capture-plan-json.h"

#include <errno.h>

#include "base/string-util.h"
#include "sys/json-fields.h"

DEFINE_JSON_NAME(device_tag, DeviceTag);
DEFINE_JSON_NAME(plan_device_type, PlanDeviceType);
DEFINE_JSON_NAME(plan_place_type, PlanPlaceType);
DEFINE_JSON_NAME(final_action, FinalAction);

#define PLAIN(kind, type_name, key, member) \
        { .name = key, .type = JSON_##kind, .offset = offsetof(type_name, member) }
#define NAME(type_name, key, member, prefix)                                           \
        {                                                                              \
                .name = key, .type = JSON_NAME, .offset = offsetof(type_name, member), \
                .to_string = prefix##_name, .from_string = prefix##_from_string,       \
        }
#define OBJECT(type_name, key, member, fields)                                           \
        {                                                                                \
                .name = key, .type = JSON_OBJECT, .offset = offsetof(type_name, member), \
                .inside = &(fields),                                                     \
        }
#define ARRAY(type_name, key, member, fields, limit)                                    \
        {                                                                               \
                .name = key, .type = JSON_ARRAY, .offset = offsetof(type_name, member), \
                .count_offset = offsetof(type_name, n_##member),                        \
                .size = sizeof(*((type_name *)NULL)->member), .inside = &(fields),      \
                .most = (limit),                                                        \
        }
#define FIELDS(table) JSON_FIELDS(table, PLAN_LONGEST_STRING)

static const JsonField device_id_table[] = {
        NAME(DeviceId, "By", tag, device_tag),
        PLAIN(OPTIONAL_STRING, DeviceId, "Value", value),
};
static const JsonFields device_id_fields = FIELDS(device_id_table);

static const JsonField module_table[] = {
        PLAIN(STRING, PlanModule, "Path", path),
        PLAIN(STRING, PlanModule, "Options", options),
};
static const JsonFields module_fields = FIELDS(module_table);

static const JsonField target_table[] = {
        PLAIN(NUMBER, PlanTarget, "StartSectors", start_sectors),
        PLAIN(NUMBER, PlanTarget, "LengthSectors", length_sectors),
        PLAIN(STRING, PlanTarget, "Type", type),
        PLAIN(STRING, PlanTarget, "Parameters", parameters),
        ARRAY(PlanTarget, "Devices", devices, device_id_fields, PLAN_MEMBERS_MOST),
};
static const JsonFields target_fields = FIELDS(target_table);

static const JsonField device_table[] = {
        NAME(PlanDevice, "Type", type, plan_device_type),
        PLAIN(STRING, PlanDevice, "Name", name),
        PLAIN(STRING, PlanDevice, "UUID", uuid),
        ARRAY(PlanDevice, "Targets", targets, target_fields, PLAN_TARGETS_MOST),
        PLAIN(NUMBER, PlanDevice, "MetadataMajor", md_major),
        PLAIN(NUMBER, PlanDevice, "MetadataMinor", md_minor),
        PLAIN(NUMBER, PlanDevice, "Members", n_members),
};
static const JsonFields device_fields = FIELDS(device_table);

static const JsonField place_table[] = {
        NAME(PlanPlace, "Type", type, plan_place_type),
        OBJECT(PlanPlace, "Device", device, device_id_fields),
        PLAIN(STRING, PlanPlace, "FileSystem", file_system),
        PLAIN(STRING, PlanPlace, "Options", options),
        PLAIN(STRING, PlanPlace, "Directory", directory),
        PLAIN(STRING, PlanPlace, "Label", label),
};
static const JsonFields place_fields = FIELDS(place_table);

static const JsonField plan_table[] = {
        PLAIN(STRING, CapturePlan, "Host", host),
        PLAIN(STRING, CapturePlan, "KernelRelease", kernel_release),
        ARRAY(CapturePlan, "Modules", modules, module_fields, PLAN_MODULES_MOST),
        ARRAY(CapturePlan, "Devices", devices, device_fields, PLAN_DEVICES_MOST),
        OBJECT(CapturePlan, "Target", target, place_fields),
        OBJECT(CapturePlan, "Fallback", fallback, place_fields),
        PLAIN(STRING, CapturePlan, "CoreCollector", core_collector),
        PLAIN(NUMBER, CapturePlan, "UnknownKernelLevel", unknown_kernel_level),
        PLAIN(NUMBER, CapturePlan, "Keep", keep),
        PLAIN(NUMBER, CapturePlan, "MinFreeBytes", min_free_bytes),
        PLAIN(NUMBER, CapturePlan, "TargetTimeoutUSec", target_timeout_usec),
        NAME(CapturePlan, "FinalAction", final_action, final_action),
        NAME(CapturePlan, "FailureAction", failure_action, final_action),
        PLAIN(STRING, CapturePlan, "PreScript", pre_script),
        PLAIN(STRING, CapturePlan, "PostScript", post_script),
};
static const JsonFields plan_fields = FIELDS(plan_table);

int capture_plan_to_json(const CapturePlan *plan, char **ret) {
        return json_fields_to_text(&plan_fields, plan, ret);
}

int capture_plan_from_json(const char *text, size_t size, CapturePlan *ret) {
        CapturePlan plan = { 0 };
        Settings settings;
        int r;

        r = settings_init(&settings);
        if (r < 0)
                return r;
        r = capture_plan_set(&plan, &settings);
        settings_done(&settings);
        if (r >= 0)
                r = json_fields_from_text(&plan_fields, text, size, CAPTURE_PLAN_JSON_LONGEST,
                                          &plan);
        if (r >= 0 && plan.unknown_kernel_level > DUMP_LEVEL_MOST)
                r = -EBADMSG;
        if (r < 0) {
                capture_plan_done(&plan);
                return r;
        }
        *ret = plan;
        return 0;
}
