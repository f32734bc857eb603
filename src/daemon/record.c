/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of the loaded image in /run. */
#include "daemon/record.h"

#include "base/file-util.h"
#include "sys/kernel-state.h"
#include "sys/log.h"
#include "sys/report-json.h"

int record_read(int root_fd, ImageRecord *ret) {
        ImageRecord record = { 0 };
        char boot_id[sizeof(record.boot_id)];
        int r;

        r = kernel_boot_id(root_fd, boot_id);
        if (r >= 0) {
                r = image_record_read(root_fd, &record);
                if (r == -ENOENT)
                        return 0;
        }
        if (r < 0) {
                log_warning("Cannot read %s, ignoring it: %s", RECORD_PATH, strerrordesc_np(-r));
                return r;
        }
        if (!streq(record.boot_id, boot_id)) {
                image_record_done(&record);
                return 0;
        }
        *ret = record;
        return 1;
}

int record_write(int root_fd, const ImageRecord *record) {
        _cleanup_free_ char *text = NULL;
        /* A shallow copy, for the boot ID; the strings stay the guard's. */
        ImageRecord copy = *record;
        int r;

        r = kernel_boot_id(root_fd, copy.boot_id);
        if (r >= 0)
                r = image_record_to_json(&copy, &text);
        if (r >= 0)
                r = write_file_below(root_fd, RECORD_PATH, text, strlen(text));
        if (r < 0) {
                log_warning("Cannot write %s, so a restart of kdumpd will load the image again: %s",
                            RECORD_PATH, strerrordesc_np(-r));
                (void)record_remove(root_fd);
        }
        return r;
}

int record_remove(int root_fd) {
        int r = remove_below(root_fd, RECORD_PATH);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                log_warning("Cannot remove %s: %s", RECORD_PATH, strerrordesc_np(-r));
        return r;
}
