/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a crash as JSON. */
#include "sys/crash-json.h"

#include "sys/json-fields.h"

DEFINE_JSON_NAME(crash_result, CrashResult);

static const JsonField range_table[] = {
        { .type = JSON_NUMBER, .offset = offsetof(CrashRange, start) },
        { .type = JSON_NUMBER, .offset = offsetof(CrashRange, size) },
};
static const JsonFields range_fields = { .field = range_table,
                                         .n = ELEMENTSOF(range_table),
                                         .is_row = true };

/* Both directions go by this table, which is the order in the file; what is not in it is not
 * carried. */
#define CRASH(key, kind, member) \
        { .name = (key), .type = JSON_##kind, .offset = offsetof(CrashInfo, member) }
static const JsonField crash_table[] = {
        {
                .name = "Result",
                .type = JSON_NAME,
                .offset = offsetof(CrashInfo, result),
                .to_string = crash_result_name,
                .from_string = crash_result_from_string,
        },
        CRASH("Message", OPTIONAL_STRING, message),
        CRASH("CrashUSec", NUMBER, crash_usec),
        CRASH("Host", OPTIONAL_STRING, host),
        CRASH("KernelRelease", OPTIONAL_STRING, kernel_release),
        CRASH("Machine", OPTIONAL_STRING, machine),
        CRASH("PanicMessage", OPTIONAL_STRING, panic_message),
        CRASH("PanicWhere", OPTIONAL_STRING, panic_where),
        CRASH("PanicUptimeUSec", NUMBER, panic_uptime_usec),
        CRASH("MemoryBytes", NUMBER, memory_bytes),
        CRASH("Cpus", NUMBER, n_cpus),
        CRASH("Vmcore", OPTIONAL_STRING, vmcore),
        CRASH("VmcoreBytes", NUMBER, vmcore_bytes),
        CRASH("Log", OPTIONAL_STRING, log),
        CRASH("LogBytes", NUMBER, log_bytes),
        CRASH("Collector", OPTIONAL_STRING, collector),
        CRASH("CollectorVersion", OPTIONAL_STRING, collector_version),
        CRASH("CollectorStatus", SIGNED, collector_status),
        CRASH("KernelUnknown", BOOL, kernel_unknown),
        CRASH("CaptureRelease", OPTIONAL_STRING, capture_release),
        CRASH("Target", OPTIONAL_STRING, target),
        CRASH("OnFallback", BOOL, on_fallback),
        CRASH("SinceBootUSec", NUMBER, since_boot_usec),
        CRASH("TargetUSec", NUMBER, target_usec),
        CRASH("LogUSec", NUMBER, log_usec),
        CRASH("DumpUSec", NUMBER, dump_usec),
        CRASH("TotalUSec", NUMBER, total_usec),
        {
                .name = "Ranges",
                .type = JSON_ARRAY,
                .offset = offsetof(CrashInfo, ranges),
                .count_offset = offsetof(CrashInfo, n_ranges),
                .most = CRASH_RANGES_MOST,
                .size = sizeof(CrashRange),
                .inside = &range_fields,
        },
};

/* What is text came out of another kernel's memory. */
static const JsonFields crash_fields = {
        .field = crash_table,
        .n = ELEMENTSOF(crash_table),
        .longest_string = CRASH_INFO_LONGEST_STRING,
        .mends = true,
};

int crash_info_to_json(const CrashInfo *info, char **ret) {
        return json_fields_to_text(&crash_fields, info, ret);
}

int crash_info_from_json(const char *text, size_t size, CrashInfo *ret) {
        CrashInfo info = { 0 };
        int r;

        r = json_fields_from_text(&crash_fields, text, size, CRASH_JSON_LONGEST, &info);
        if (r < 0) {
                crash_info_done(&info);
                return r;
        }
        *ret = info;
        return 0;
}
