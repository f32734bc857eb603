/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A load report as JSON. */
#include "sys/report-json.h"

#include "base/file-util.h"
#include "sys/json-fields.h"

DEFINE_JSON_NAME(failure, Failure);
DEFINE_JSON_NAME(hotplug_answer, HotplugAnswer);

/* File names and the like may be any bytes. */
#define FIELDS(table) JSON_FIELDS_MENDED(table, LOAD_REPORT_LONGEST_STRING)

/* Both directions go by these tables; what is not in them is not carried. */
static const JsonField word_table[] = {
        JSON_FIELD(STRING, WordNote, "Word", word),
        JSON_FIELD(STRING, WordNote, "Meaning", meaning),
        JSON_FIELD(STRING, WordNote, "Reason", reason),
};
static const JsonFields word_fields = FIELDS(word_table);

static const JsonField report_table[] = {
        JSON_FIELD_NAME(LoadReport, "Failure", failure, failure),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "Message", message),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "KernelFile", kernel.path),
        JSON_FIELD(NUMBER, LoadReport, "KernelDevice", kernel.device),
        JSON_FIELD(NUMBER, LoadReport, "KernelInode", kernel.inode),
        JSON_FIELD(NUMBER, LoadReport, "KernelMtimeNSec", kernel.mtime_nsec),
        JSON_FIELD(NUMBER, LoadReport, "KernelBytes", kernel.size),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "InitrdFile", initrd.path),
        JSON_FIELD(NUMBER, LoadReport, "InitrdDevice", initrd.device),
        JSON_FIELD(NUMBER, LoadReport, "InitrdInode", initrd.inode),
        JSON_FIELD(NUMBER, LoadReport, "InitrdMtimeNSec", initrd.mtime_nsec),
        JSON_FIELD(NUMBER, LoadReport, "InitrdBytes", initrd.size),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "InitrdKind", initrd_kind),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "KernelRelease", kernel_release),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "CommandLine", command_line),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "Mark", mark),
        JSON_FIELD_ARRAY(LoadReport, "CommandLineWords", words, word_fields, WORD_NOTES_MOST),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "Loader", loader),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "LoaderReason", loader_reason),
        JSON_FIELD(NUMBER, LoadReport, "Flags", flags),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "FirstLoader", first_loader),
        JSON_FIELD(NUMBER, LoadReport, "FirstFlags", first_flags),
        JSON_FIELD(BOOL, LoadReport, "LoaderIsAutomatic", is_automatic),
        JSON_FIELD(NUMBER, LoadReport, "ReservationBytes", reservation_bytes),
        JSON_FIELD(BOOL, LoadReport, "ReservationIsSum", reservation_is_sum),
        JSON_FIELD(NUMBER, LoadReport, "ReservationCmaBytes", reservation_cma_bytes),
        JSON_FIELD(NUMBER, LoadReport, "NeededBytes", needed_bytes),
        JSON_FIELD(NUMBER, LoadReport, "WantedBytes", wanted_bytes),
        JSON_FIELD(OPTIONAL_STRING, LoadReport, "Advice", advice),
        JSON_FIELD(NUMBER, LoadReport, "CallStartUSec", call_start_usec),
        JSON_FIELD(NUMBER, LoadReport, "CallEndUSec", call_end_usec),
        JSON_FIELD(NUMBER, LoadReport, "ProcessId", pid),
        JSON_FIELD(NUMBER, LoadReport, "PrepareUSec", prepare_usec),
        JSON_FIELD(NUMBER, LoadReport, "BusyTries", busy_tries),
        JSON_FIELD(BOOL, LoadReport, "HadImage", had_image),
        JSON_FIELD(BOOL, LoadReport, "WasRestored", was_restored),
};
static const JsonFields report_fields = FIELDS(report_table);

static const JsonField record_table[] = {
        JSON_FIELD_TEXT(ImageRecord, "BootId", boot_id),
        JSON_FIELD(NUMBER, ImageRecord, "LoadedRealtimeUSec", loaded_realtime_usec),
        JSON_FIELD(BOOL, ImageRecord, "MustReload", must_reload),
        JSON_FIELD_NAME(ImageRecord, "CpuAnswer", answers[SUBSYSTEM_CPU], hotplug_answer),
        JSON_FIELD_NAME(ImageRecord, "MemoryAnswer", answers[SUBSYSTEM_MEMORY], hotplug_answer),
        JSON_FIELD(NUMBER, ImageRecord, "RemovedBlocks", removed_blocks),
        JSON_FIELD(BOOL, ImageRecord, "LostEvents", lost_events),
        JSON_FIELD(NUMBER, ImageRecord, "KernelLogReloads", log_reloads),
        JSON_FIELD(NUMBER, ImageRecord, "KernelLogSeqnum", log_seqnum),
        JSON_FIELD(NUMBER, ImageRecord, "KexecCalls", calls),
        JSON_FIELD(BOOL, ImageRecord, "KexecCallsAreKnown", calls_are_known),
        JSON_FIELD(NUMBER, ImageRecord, "BlocksCount", fingerprint.blocks.count),
        JSON_FIELD(NUMBER, ImageRecord, "BlocksSum", fingerprint.blocks.sum),
        JSON_FIELD(NUMBER, ImageRecord, "BlocksXored", fingerprint.blocks.xored),
        JSON_FIELD_TEXT(ImageRecord, "Blocks", blocks),
        JSON_FIELD(NUMBER, ImageRecord, "CpusCount", fingerprint.cpus.count),
        JSON_FIELD(NUMBER, ImageRecord, "CpusSum", fingerprint.cpus.sum),
        JSON_FIELD(NUMBER, ImageRecord, "CpusXored", fingerprint.cpus.xored),
        JSON_FIELD(NUMBER, ImageRecord, "BegunUSec", begun_usec),
        JSON_FIELD(BOOL, ImageRecord, "BegunWasStale", begun_was_stale),
        JSON_FIELD(NUMBER, ImageRecord, "BegunBlocksCount", begun.blocks.count),
        JSON_FIELD(NUMBER, ImageRecord, "BegunBlocksSum", begun.blocks.sum),
        JSON_FIELD(NUMBER, ImageRecord, "BegunBlocksXored", begun.blocks.xored),
        JSON_FIELD_TEXT(ImageRecord, "BegunBlocks", begun_blocks),
        JSON_FIELD(NUMBER, ImageRecord, "BegunCpusCount", begun.cpus.count),
        JSON_FIELD(NUMBER, ImageRecord, "BegunCpusSum", begun.cpus.sum),
        JSON_FIELD(NUMBER, ImageRecord, "BegunCpusXored", begun.cpus.xored),
        JSON_FIELD_OBJECT(ImageRecord, "Report", report, report_fields),
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
        /* A shallow copy, for the texts; the strings stay the caller's. */
        ImageRecord copy = *record;

        number_set_format(&copy.fingerprint.blocks, copy.blocks);
        number_set_format(&copy.begun.blocks, copy.begun_blocks);
        return json_fields_to_text(&record_fields, &copy, ret);
}

int image_record_from_json(const char *text, size_t size, ImageRecord *ret) {
        ImageRecord record = { 0 };
        int r;

        r = json_fields_from_text(&record_fields, text, size, REPORT_JSON_LONGEST, &record);
        if (r >= 0)
                r = number_set_parse(&record.fingerprint.blocks, record.blocks);
        if (r >= 0)
                r = number_set_parse(&record.begun.blocks, record.begun_blocks);
        if (r < 0) {
                image_record_done(&record);
                return r;
        }
        *ret = record;
        return 0;
}

int image_record_read(int root_fd, ImageRecord *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_below(root_fd, IMAGE_RECORD_PATH, REPORT_JSON_LONGEST, &text, &size);
        return r < 0 ? r : image_record_from_json(text, size, ret);
}

int image_record_write(int root_fd, const char *path, const ImageRecord *record) {
        _cleanup_free_ char *text = NULL;
        int r = image_record_to_json(record, &text);

        return r < 0 ? r : write_file_below(root_fd, path, text, strlen(text));
}
