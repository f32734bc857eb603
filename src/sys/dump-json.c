/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a crash as JSON. */
#include "sys/dump-json.h"

#include "sys/json-fields.h"

DEFINE_JSON_NAME(dump_result, DumpResult);

static const JsonField range_table[] = {
        { .type = JSON_NUMBER, .offset = offsetof(DumpRange, start) },
        { .type = JSON_NUMBER, .offset = offsetof(DumpRange, size) },
};
static const JsonFields range_fields = { .field = range_table,
                                         .n = ELEMENTSOF(range_table),
                                         .is_row = true };

/* Both directions go by this table, which is the order in the file; what is not in it is not
 * carried. */
static const JsonField crash_table[] = {
        JSON_FIELD_NAME(DumpInfo, "Result", result, dump_result),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "Message", message),
        JSON_FIELD(NUMBER, DumpInfo, "CrashUSec", crash_usec),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "Host", host),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "KernelRelease", kernel_release),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "Machine", machine),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "PanicMessage", panic_message),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "PanicWhere", panic_where),
        JSON_FIELD(NUMBER, DumpInfo, "PanicUptimeUSec", panic_uptime_usec),
        JSON_FIELD(NUMBER, DumpInfo, "MemoryBytes", memory_bytes),
        JSON_FIELD(NUMBER, DumpInfo, "Cpus", n_cpus),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "Vmcore", vmcore),
        JSON_FIELD(NUMBER, DumpInfo, "VmcoreBytes", vmcore_bytes),
        JSON_FIELD(NUMBER, DumpInfo, "UnreadableBytes", unreadable_bytes),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "Log", log),
        JSON_FIELD(NUMBER, DumpInfo, "LogBytes", log_bytes),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "Collector", collector),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "CollectorVersion", collector_version),
        JSON_FIELD(SIGNED, DumpInfo, "CollectorStatus", collector_status),
        JSON_FIELD(BOOL, DumpInfo, "KernelUnknown", kernel_unknown),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "LevelReason", level_reason),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "CaptureRelease", capture_release),
        JSON_FIELD(OPTIONAL_STRING, DumpInfo, "Target", target),
        JSON_FIELD(BOOL, DumpInfo, "OnFallback", on_fallback),
        JSON_FIELD(NUMBER, DumpInfo, "SinceBootUSec", since_boot_usec),
        JSON_FIELD(NUMBER, DumpInfo, "TargetUSec", target_usec),
        JSON_FIELD(NUMBER, DumpInfo, "LogUSec", log_usec),
        JSON_FIELD(NUMBER, DumpInfo, "DumpUSec", dump_usec),
        JSON_FIELD(NUMBER, DumpInfo, "TotalUSec", total_usec),
        JSON_FIELD_ARRAY(DumpInfo, "Ranges", ranges, range_fields, CRASH_RANGES_MOST),
};

/* What is text came out of another kernel's memory. */
static const JsonFields crash_fields = JSON_FIELDS_MENDED(crash_table, CRASH_INFO_LONGEST_STRING);

int dump_info_to_json(const DumpInfo *info, char **ret) {
        return json_fields_to_text(&crash_fields, info, ret);
}

int dump_info_from_json(const char *text, size_t size, DumpInfo *ret) {
        DumpInfo info = { 0 };
        int r;

        r = json_fields_from_text(&crash_fields, text, size, DUMP_JSON_LONGEST, &info);
        if (r < 0) {
                dump_info_done(&info);
                return r;
        }
        *ret = info;
        return 0;
}
