/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of the loaded image in /run. */
#include "daemon/record.h"

#include "base/file-util.h"
#include "sys/kernel-state.h"
#include "sys/log.h"
#include "sys/report-json.h"

/* By path: root_fd may be that of another system. Returns 0; -ENOENT if there is none of this
 * boot. */
static int read_of_boot(int root_fd, const char *path, const char *boot_id, ImageRecord *ret) {
        _cleanup_free_ char *text = NULL;
        ImageRecord record;
        size_t size;
        int r;

        r = read_file_below(root_fd, path, REPORT_JSON_LONGEST, &text, &size);
        if (r >= 0)
                r = image_record_from_json(text, size, &record);
        if (r < 0)
                return r;
        if (!streq(record.boot_id, boot_id)) {
                image_record_done(&record);
                return -ENOENT;
        }
        *ret = record;
        return 0;
}

int record_read(int root_fd, ImageRecord *ret) {
        ImageRecord record = { 0 }, loaded = { 0 };
        char boot_id[sizeof(record.boot_id)];
        int r;

        r = kernel_boot_id(root_fd, boot_id);
        if (r >= 0) {
                r = read_of_boot(root_fd, RECORD_PATH, boot_id, &record);
                if (r == -ENOENT)
                        return 0;
        }
        if (r < 0) {
                log_warning("Cannot read %s, ignoring it: %s", RECORD_PATH, strerrordesc_np(-r));
                return r;
        }
        if (record.begun_usec != 0 &&
            read_of_boot(root_fd, IMAGE_RECORD_PATH, boot_id, &loaded) < 0)
                loaded = (ImageRecord){ 0 };
        image_record_settle(&record, &loaded);
        image_record_done(&loaded);
        *ret = record;
        return 1;
}

int record_write(int root_fd, const ImageRecord *record) {
        /* A shallow copy, for the boot ID; the strings stay the guard's. */
        ImageRecord copy = *record;
        int r;

        r = kernel_boot_id(root_fd, copy.boot_id);
        if (r >= 0)
                r = image_record_write(root_fd, RECORD_PATH, &copy);
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
