/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-mkinitramfs --json prints. */
#include "sys/build-report-json.h"

#include <errno.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/json-fields.h"

typedef struct Result {
        char *state, *path, *level_reason, *message;
        uint64_t packed_bytes, unpacked_bytes, dump_level;
} Result;

static const JsonField table[] = {
        JSON_FIELD(STRING, Result, "State", state),
        JSON_FIELD(OPTIONAL_STRING, Result, "Path", path),
        JSON_FIELD(NUMBER, Result, "PackedBytes", packed_bytes),
        JSON_FIELD(NUMBER, Result, "UnpackedBytes", unpacked_bytes),
        JSON_FIELD(NUMBER, Result, "DumpLevel", dump_level),
        JSON_FIELD(OPTIONAL_STRING, Result, "DumpLevelReason", level_reason),
        JSON_FIELD(OPTIONAL_STRING, Result, "Message", message),
};
static const JsonFields fields = JSON_FIELDS(table, BUILD_REPORT_LONGEST);

static void result_done(Result *result) {
        free(result->state);
        free(result->path);
        free(result->level_reason);
        free(result->message);
}

int build_report_to_json(const BuildReport *report, char **ret) {
        const char *state = report->failed ? "failed" : report->built ? "built" : "fresh";
        Result result = {
                .state = (char *)state,
                .path = report->path,
                .message = report->message,
                .packed_bytes = report->packed_bytes,
                .unpacked_bytes = report->unpacked_bytes,
                .dump_level = report->dump_level,
                .level_reason = report->level_reason,
        };

        return json_fields_to_text(&fields, &result, ret);
}

int build_report_from_json(const char *text, size_t size, BuildReport *ret) {
        _cleanup_(result_done) Result result = { .dump_level = UINT64_MAX };
        bool failed;
        int r;

        r = json_fields_from_text(&fields, text, size, BUILD_REPORT_LONGEST, &result);
        if (r < 0)
                return r;
        failed = streq_ptr(result.state, "failed");
        if (!failed && (!result.path ||
                        (!streq_ptr(result.state, "built") && !streq_ptr(result.state, "fresh"))))
                return -EBADMSG;
        if (result.path)
                utf8_mend(result.path);
        if (result.level_reason)
                utf8_mend(result.level_reason);
        if (result.message)
                utf8_mend(result.message);
        *ret = (BuildReport){
                .failed = failed,
                .built = streq(result.state, "built"),
                .path = TAKE_PTR(result.path),
                .packed_bytes = result.packed_bytes,
                .unpacked_bytes = result.unpacked_bytes,
                .dump_level = result.dump_level,
                .level_reason = TAKE_PTR(result.level_reason),
                .message = TAKE_PTR(result.message),
        };
        return 0;
}

int build_note_unpacked_bytes(int root_fd, const char *path, uint64_t *ret) {
        static const JsonField note_table[] = { { .name = "UnpackedBytes", .type = JSON_NUMBER } };
        static const JsonFields note_fields = JSON_FIELDS(note_table, 0);
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *note = NULL, *text = NULL;
        uint64_t bytes = 0;
        size_t size;
        int r;

        if (asprintf(&note, "%.*s/inputs.json", slash ? (int)(slash - path) : 0, path) < 0) {
                note = NULL;
                return -ENOMEM;
        }
        r = read_file_below(root_fd, note, BUILD_NOTE_LONGEST, &text, &size);
        if (r >= 0)
                r = json_fields_from_text(&note_fields, text, size, BUILD_NOTE_LONGEST, &bytes);
        if (r < 0)
                return r;
        if (bytes == 0)
                return -EBADMSG;
        *ret = bytes;
        return 0;
}
