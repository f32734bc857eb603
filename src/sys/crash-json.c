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
static const JsonField crash_table[] = {
        JSON_FIELD_NAME(CrashInfo, "Result", result, crash_result),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "Message", message),
        JSON_FIELD(NUMBER, CrashInfo, "CrashUSec", crash_usec),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "Host", host),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "KernelRelease", kernel_release),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "Machine", machine),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "PanicMessage", panic_message),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "PanicWhere", panic_where),
        JSON_FIELD(NUMBER, CrashInfo, "PanicUptimeUSec", panic_uptime_usec),
        JSON_FIELD(NUMBER, CrashInfo, "MemoryBytes", memory_bytes),
        JSON_FIELD(NUMBER, CrashInfo, "Cpus", n_cpus),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "Vmcore", vmcore),
        JSON_FIELD(NUMBER, CrashInfo, "VmcoreBytes", vmcore_bytes),
        JSON_FIELD(NUMBER, CrashInfo, "UnreadableBytes", unreadable_bytes),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "Log", log),
        JSON_FIELD(NUMBER, CrashInfo, "LogBytes", log_bytes),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "Collector", collector),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "CollectorVersion", collector_version),
        JSON_FIELD(SIGNED, CrashInfo, "CollectorStatus", collector_status),
        JSON_FIELD(BOOL, CrashInfo, "KernelUnknown", kernel_unknown),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "CaptureRelease", capture_release),
        JSON_FIELD(OPTIONAL_STRING, CrashInfo, "Target", target),
        JSON_FIELD(BOOL, CrashInfo, "OnFallback", on_fallback),
        JSON_FIELD(NUMBER, CrashInfo, "SinceBootUSec", since_boot_usec),
        JSON_FIELD(NUMBER, CrashInfo, "TargetUSec", target_usec),
        JSON_FIELD(NUMBER, CrashInfo, "LogUSec", log_usec),
        JSON_FIELD(NUMBER, CrashInfo, "DumpUSec", dump_usec),
        JSON_FIELD(NUMBER, CrashInfo, "TotalUSec", total_usec),
        JSON_FIELD_ARRAY(CrashInfo, "Ranges", ranges, range_fields, CRASH_RANGES_MOST),
};

/* What is text came out of another kernel's memory. */
static const JsonFields crash_fields = JSON_FIELDS_MENDED(crash_table, CRASH_INFO_LONGEST_STRING);

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
