/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-capture is to do after a panic, as a value. */
#include "core/capture-plan.h"

#include <errno.h>

#include "base/string-util.h"

static const char *const device_tag_table[_DEVICE_TAG_MAX] = {
        [DEVICE_BY_UUID] = "uuid",
        [DEVICE_BY_PARTUUID] = "partuuid",
        [DEVICE_BY_MAPPER] = "mapper",
        [DEVICE_BY_MD] = "md",
};
DEFINE_NAME_TABLE(device_tag, DeviceTag, _DEVICE_TAG_MAX);

static const char *const plan_device_type_table[_PLAN_DEVICE_TYPE_MAX] = {
        [PLAN_DEVICE_MAPPER] = "mapper",
        [PLAN_DEVICE_MD] = "md",
};
DEFINE_NAME_TABLE(plan_device_type, PlanDeviceType, _PLAN_DEVICE_TYPE_MAX);

static const char *const plan_target_type_table[_PLAN_TARGET_TYPE_MAX] = {
        [PLAN_TARGET_NONE] = "none",
        [PLAN_TARGET_FILE_SYSTEM] = "file-system",
        [PLAN_TARGET_RAW] = "raw",
};
DEFINE_NAME_TABLE(plan_target_type, PlanTargetType, _PLAN_TARGET_TYPE_MAX);

void plan_dm_line_done(PlanDmLine *line) {
        for (size_t i = 0; i < line->n_devices; i++)
                free(line->devices[i].value);
        free(line->devices);
        free(line->type);
        free(line->parameters);
        *line = (PlanDmLine){ 0 };
}

void plan_device_done(PlanDevice *device) {
        for (size_t i = 0; i < device->n_lines; i++)
                plan_dm_line_done(&device->lines[i]);
        free(device->lines);
        free(device->name);
        free(device->uuid);
        *device = (PlanDevice){ 0 };
}

void plan_target_done(PlanTarget *target) {
        for (size_t i = 0; i < target->n_parts; i++) {
                free(target->parts[i].device.value);
                free(target->parts[i].option);
        }
        free(target->parts);
        free(target->device.value);
        free(target->file_system);
        free(target->options);
        free(target->directory);
        free(target->label);
        *target = (PlanTarget){ 0 };
}

void capture_plan_done(CapturePlan *plan) {
        for (size_t i = 0; i < plan->n_modules; i++) {
                free(plan->modules[i].path);
                free(plan->modules[i].options);
        }
        free(plan->modules);
        for (size_t i = 0; i < plan->n_devices; i++)
                plan_device_done(&plan->devices[i]);
        free(plan->devices);
        plan_target_done(&plan->target);
        plan_target_done(&plan->fallback);
        free(plan->host);
        free(plan->kernel_release);
        free(plan->core_collector);
        free(plan->pre_script);
        free(plan->post_script);
        *plan = (CapturePlan){ 0 };
}

int capture_plan_set(CapturePlan *plan, const Settings *settings) {
        plan->core_collector = strdup(settings->core_collector);
        plan->pre_script = strdup(settings->pre_script);
        plan->post_script = strdup(settings->post_script);
        if (!plan->core_collector || !plan->pre_script || !plan->post_script)
                return -ENOMEM;
        plan->unknown_kernel_level = settings->unknown_kernel_level;
        plan->keep = settings->keep;
        plan->min_free_bytes = settings->min_free_bytes;
        plan->target_timeout_usec = settings->target_timeout_usec;
        plan->final_action = settings->final_action;
        plan->failure_action = settings->failure_action;
        return 0;
}
