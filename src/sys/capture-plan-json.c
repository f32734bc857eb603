/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture plan as JSON: how it travels in the capture initramfs. */
#include "sys/capture-plan-json.h"

#include <errno.h>

#include "base/string-util.h"
#include "sys/json-fields.h"

DEFINE_JSON_NAME(device_tag, DeviceTag);
DEFINE_JSON_NAME(plan_device_type, PlanDeviceType);
DEFINE_JSON_NAME(plan_target_type, PlanTargetType);
DEFINE_JSON_NAME(final_action, FinalAction);

#define FIELDS(table) JSON_FIELDS(table, PLAN_LONGEST_STRING)

static const JsonField device_id_table[] = {
        JSON_FIELD_NAME(DeviceId, "By", tag, device_tag),
        JSON_FIELD(OPTIONAL_STRING, DeviceId, "Value", value),
};
static const JsonFields device_id_fields = FIELDS(device_id_table);

static const JsonField module_table[] = {
        JSON_FIELD(STRING, PlanModule, "Path", path),
        JSON_FIELD(STRING, PlanModule, "Options", options),
};
static const JsonFields module_fields = FIELDS(module_table);

static const JsonField dm_line_table[] = {
        JSON_FIELD(NUMBER, PlanDmLine, "StartSectors", start_sectors),
        JSON_FIELD(NUMBER, PlanDmLine, "LengthSectors", length_sectors),
        JSON_FIELD(STRING, PlanDmLine, "Type", type),
        JSON_FIELD(STRING, PlanDmLine, "Parameters", parameters),
        JSON_FIELD_ARRAY(PlanDmLine, "Devices", devices, device_id_fields, PLAN_MEMBERS_MOST),
};
static const JsonFields dm_line_fields = FIELDS(dm_line_table);

static const JsonField device_table[] = {
        JSON_FIELD_NAME(PlanDevice, "Type", type, plan_device_type),
        JSON_FIELD(STRING, PlanDevice, "Name", name),
        JSON_FIELD(STRING, PlanDevice, "UUID", uuid),
        JSON_FIELD_ARRAY(PlanDevice, "Targets", lines, dm_line_fields, PLAN_DM_LINES_MOST),
        JSON_FIELD(NUMBER, PlanDevice, "MetadataMajor", md_major),
        JSON_FIELD(NUMBER, PlanDevice, "MetadataMinor", md_minor),
        JSON_FIELD(NUMBER, PlanDevice, "Members", n_members),
};
static const JsonFields device_fields = FIELDS(device_table);

static const JsonField part_table[] = {
        JSON_FIELD_OBJECT(PlanPart, "Device", device, device_id_fields),
        JSON_FIELD(STRING, PlanPart, "Option", option),
};
static const JsonFields part_fields = FIELDS(part_table);

static const JsonField target_table[] = {
        JSON_FIELD_NAME(PlanTarget, "Type", type, plan_target_type),
        JSON_FIELD_OBJECT(PlanTarget, "Device", device, device_id_fields),
        JSON_FIELD(STRING, PlanTarget, "FileSystem", file_system),
        JSON_FIELD(STRING, PlanTarget, "Options", options),
        JSON_FIELD(STRING, PlanTarget, "Directory", directory),
        JSON_FIELD(STRING, PlanTarget, "Label", label),
        JSON_FIELD_ARRAY(PlanTarget, "Parts", parts, part_fields, PLAN_PARTS_MOST),
};
static const JsonFields target_fields = FIELDS(target_table);

static const JsonField plan_table[] = {
        JSON_FIELD(STRING, CapturePlan, "Host", host),
        JSON_FIELD(STRING, CapturePlan, "KernelRelease", kernel_release),
        JSON_FIELD_ARRAY(CapturePlan, "Modules", modules, module_fields, PLAN_MODULES_MOST),
        JSON_FIELD_ARRAY(CapturePlan, "Devices", devices, device_fields, PLAN_DEVICES_MOST),
        JSON_FIELD_OBJECT(CapturePlan, "Target", target, target_fields),
        JSON_FIELD_OBJECT(CapturePlan, "Fallback", fallback, target_fields),
        JSON_FIELD(STRING, CapturePlan, "CoreCollector", core_collector),
        JSON_FIELD(NUMBER, CapturePlan, "UnknownKernelLevel", unknown_kernel_level),
        JSON_FIELD(NUMBER, CapturePlan, "Keep", keep),
        JSON_FIELD(NUMBER, CapturePlan, "MinFreeBytes", min_free_bytes),
        JSON_FIELD(NUMBER, CapturePlan, "TargetTimeoutUSec", target_timeout_usec),
        JSON_FIELD_NAME(CapturePlan, "FinalAction", final_action, final_action),
        JSON_FIELD_NAME(CapturePlan, "FailureAction", failure_action, final_action),
        JSON_FIELD(STRING, CapturePlan, "PreScript", pre_script),
        JSON_FIELD(STRING, CapturePlan, "PostScript", post_script),
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
