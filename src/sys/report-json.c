/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A load report as JSON. */
#include "sys/report-json.h"

#include "sys/json-fields.h"

DEFINE_JSON_NAME(failure, Failure);

/* File names and the like may be any bytes. */
#define FIELDS(table)                                                        \
        {                                                                    \
                .field = table, .n = ELEMENTSOF(table),                      \
                .longest_string = LOAD_REPORT_LONGEST_STRING, .mends = true, \
        }

/* Both directions go by these tables; what is not in them is not carried. */
#define REPORT(key, kind, member) \
        { .name = (key), .type = JSON_##kind, .offset = offsetof(LoadReport, member) }
static const JsonField report_table[] = {
        {
                .name = "Failure",
                .type = JSON_NAME,
                .offset = offsetof(LoadReport, failure),
                .to_string = failure_name,
                .from_string = failure_from_string,
        },
        REPORT("Message", OPTIONAL_STRING, message),
        REPORT("KernelFile", OPTIONAL_STRING, kernel.path),
        REPORT("KernelDevice", NUMBER, kernel.device),
        REPORT("KernelInode", NUMBER, kernel.inode),
        REPORT("KernelMtimeNSec", NUMBER, kernel.mtime_nsec),
        REPORT("KernelBytes", NUMBER, kernel.size),
        REPORT("InitrdFile", OPTIONAL_STRING, initrd.path),
        REPORT("InitrdDevice", NUMBER, initrd.device),
        REPORT("InitrdInode", NUMBER, initrd.inode),
        REPORT("InitrdMtimeNSec", NUMBER, initrd.mtime_nsec),
        REPORT("InitrdBytes", NUMBER, initrd.size),
        REPORT("KernelRelease", OPTIONAL_STRING, kernel_release),
        REPORT("CommandLine", OPTIONAL_STRING, command_line),
        REPORT("Loader", OPTIONAL_STRING, loader),
        REPORT("LoaderReason", OPTIONAL_STRING, loader_reason),
        REPORT("Flags", NUMBER, flags),
        REPORT("FirstLoader", OPTIONAL_STRING, first_loader),
        REPORT("FirstFlags", NUMBER, first_flags),
        REPORT("LoaderIsAutomatic", BOOL, is_automatic),
        REPORT("ReservationBytes", NUMBER, reservation_bytes),
        REPORT("NeededBytes", NUMBER, needed_bytes),
        REPORT("CallStartUSec", NUMBER, call_start_usec),
        REPORT("CallEndUSec", NUMBER, call_end_usec),
        REPORT("PrepareUSec", NUMBER, prepare_usec),
        REPORT("BusyTries", NUMBER, busy_tries),
        REPORT("HadImage", BOOL, had_image),
};
static const JsonFields report_fields = FIELDS(report_table);

#define RECORD(key, kind, member) \
        { .name = (key), .type = JSON_##kind, .offset = offsetof(ImageRecord, member) }
static const JsonField record_table[] = {
        {
                .name = "BootId",
                .type = JSON_TEXT,
                .offset = offsetof(ImageRecord, boot_id),
                .size = sizeof(((ImageRecord *)NULL)->boot_id),
        },
        RECORD("LoadedRealtimeUSec", NUMBER, loaded_realtime_usec),
        RECORD("MustReload", BOOL, must_reload),
        RECORD("RemovedBlocks", NUMBER, removed_blocks),
        RECORD("LostEvents", BOOL, lost_events),
        RECORD("KernelLogSeqnum", NUMBER, log_seqnum),
        RECORD("BlocksCount", NUMBER, fingerprint.blocks.count),
        RECORD("BlocksSum", NUMBER, fingerprint.blocks.sum),
        RECORD("BlocksXored", NUMBER, fingerprint.blocks.xored),
        RECORD("CpusCount", NUMBER, fingerprint.cpus.count),
        RECORD("CpusSum", NUMBER, fingerprint.cpus.sum),
        RECORD("CpusXored", NUMBER, fingerprint.cpus.xored),
        {
                .name = "Report",
                .type = JSON_OBJECT,
                .offset = offsetof(ImageRecord, report),
                .inside = &report_fields,
        },
};
static const JsonFields record_fields = FIELDS(record_table);

int report_to_json(const LoadReport *report, char **ret) {
        return json_fields_to_text(&report_fields, report, ret);
}

int report_from_json(const char *text, size_t size, LoadReport *ret) {
        LoadReport report = { 0 };
        int r;

        r = json_fields_from_text(&report_fields, text, size, REPORT_JSON_LONGEST, &report);
        if (r < 0) {
                load_report_done(&report);
                return r;
        }
        *ret = report;
        return 0;
}

int image_record_to_json(const ImageRecord *record, char **ret) {
        return json_fields_to_text(&record_fields, record, ret);
}

int image_record_from_json(const char *text, size_t size, ImageRecord *ret) {
        ImageRecord record = { 0 };
        int r;

        r = json_fields_from_text(&record_fields, text, size, REPORT_JSON_LONGEST, &record);
        if (r < 0) {
                image_record_done(&record);
                return r;
        }
        *ret = record;
        return 0;
}
