/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as /proc/vmcore: headers, notes, and the log in the memory. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "capture/vmcore-log.h"
#include "core/crash-log.h"

typedef struct Bytes {
        const uint8_t *data;
        size_t size;
} Bytes;

static int read_bytes(void *userdata, uint64_t offset, void *buf, size_t size) {
        const Bytes *bytes = userdata;

        if (offset > bytes->size || size > bytes->size - offset)
                return -ENXIO;
        memcpy(buf, bytes->data + offset, size);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char message[CRASH_LINE_MAX], where[CRASH_LINE_MAX];
        Bytes bytes = { data, size };
        VmcoreLog log;
        Vmcore v;

        if (vmcore_open(read_bytes, &bytes, &v) < 0)
                return 0;
        if (vmcore_log_read(&v, &log) == 0) {
                FUZZ_CHECK(strlen(log.text) <= log.size && log.size <= VMCORE_LOG_MOST);
                (void)crash_log_panic(log.text, log.size, message, where);
                vmcore_log_done(&log);
        }
        vmcore_done(&v);
        return 0;
}
