/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dump on a device without a file system. */
#include "capture/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/collect.h"
#include "capture/copy.h"
#include "capture/say.h"
#include "capture/store.h"
#include "core/raw-dump.h"
#include "sys/block-probe.h"
#include "sys/dump-json.h"

typedef struct Raw {
        Capture *capture;
        RawDump layout;
        int fd;
} Raw;

static int seek_to(const Raw *raw, uint64_t offset) {
        return lseek(raw->fd, (off_t)offset, SEEK_SET) < 0 ? -errno : 0;
}

static int write_at(Raw *raw, uint64_t offset, const void *data, size_t size) {
        int r;

        r = seek_to(raw, offset);
        if (r >= 0)
                r = write_all(raw->fd, data, size);
        return r >= 0 ? raw->capture->ops->sync(raw->capture, raw->fd, "raw") : r;
}

static int write_header(Raw *raw) {
        uint8_t header[RAW_DUMP_HEADER];

        raw_dump_pack(&raw->layout, header);
        return write_at(raw, 0, header, sizeof(header));
}

static uint64_t aligned(uint64_t offset) {
        return (offset + RAW_DUMP_HEADER - 1) / RAW_DUMP_HEADER * RAW_DUMP_HEADER;
}

static int write_info(Raw *raw) {
        Capture *c = raw->capture;
        _cleanup_free_ char *text = NULL;
        int r;

        r = dump_info_to_json(&c->info, &text);
        if (r < 0)
                return r;
        raw->layout.info = (RawPart){ RAW_DUMP_HEADER, strlen(text) };
        if (raw->layout.info.size > RAW_DUMP_INFO)
                return -EFBIG;
        return write_at(raw, RAW_DUMP_HEADER, text, raw->layout.info.size);
}

/* Log and description, and a header that says so. */
static int begin(Raw *raw) {
        Capture *c = raw->capture;
        int r = 0;

        raw->layout.log = (RawPart){ RAW_DUMP_HEADER + RAW_DUMP_INFO, c->log.size };
        if (c->log.size > 0)
                r = write_at(raw, raw->layout.log.offset, c->log.text, c->log.size);
        if (r < 0)
                return r;
        if (c->log.size > 0) {
                c->info.log = strdup(CRASH_LOG_NAME);
                c->info.log_bytes = c->log.size;
        }
        c->info.result = DUMP_RESULT_INCOMPLETE;
        r = write_info(raw);
        if (r < 0)
                capture_say("the description cannot be written: %s", strerror(-r));
        r = write_header(raw);
        if (r >= 0 && c->log.size > 0)
                capture_say("wrote the log to %s", c->target->label);
        raw->layout.dump.offset = aligned(raw->layout.log.offset + c->log.size);
        capture_progress(c);
        return r;
}

static int take_data(void *userdata, const char *data, size_t size) {
        Raw *raw = userdata;
        int r;

        r = write_all(raw->fd, data, size);
        if (r >= 0)
                raw->layout.dump.size += size;
        return r;
}

/* From the start of the dump, over what a first attempt has written. */
static int rewind_dump(void *userdata) {
        Raw *raw = userdata;

        raw->layout.dump.size = 0;
        return seek_to(raw, raw->layout.dump.offset);
}

static int collect(Raw *raw) {
        _cleanup_free_ char *from = capture_path(raw->capture, VMCORE_PATH);
        Collector k = { 0 };
        int r;

        if (!from)
                return -ENOMEM;
        r = collector_init(&k, raw->capture);
        if (r < 0)
                return r;
        r = rewind_dump(raw);
        if (r >= 0)
                r = collector_run(&k, (const char *const[]){ "-F", from }, 2, take_data,
                                  rewind_dump, raw);
        if (r < 0 && r != -ENOSPC && r != -ENOENT && collector_is_makedumpfile(&k) &&
            rewind_dump(raw) >= 0)
                r = collector_run_plain(&k, (const char *const[]){ "-F", from }, 2, take_data, raw);
        collector_done(&k);
        if (r >= 0 && raw->layout.dump.size == 0)
                r = -ENODATA;
        return r;
}

static int copy(Raw *raw) {
        uint64_t size;
        int r;

        /* It would be known after hours only that it does not fit. */
        if (ioctl(raw->fd, BLKGETSIZE64, &size) == 0 &&
            sub_saturated(size, raw->layout.dump.offset) < raw->capture->info.memory_bytes)
                return -ENOSPC;
        r = rewind_dump(raw);
        return r < 0 ? r : copy_memory(raw->capture, take_data, raw);
}

static int write_dump(Raw *raw) {
        Capture *c = raw->capture;
        bool is_partial = false;
        int r;

        r = collect(raw);
        raw->layout.is_flat = r >= 0;
        c->info.result = DUMP_RESULT_COMPLETE;
        if (r < 0 && r != -ENOSPC) {
                r = copy(raw);
                is_partial = r > 0;
                c->info.result = is_partial ? DUMP_RESULT_INCOMPLETE : DUMP_RESULT_COPIED;
        }
        if (r >= 0)
                r = c->ops->sync(c, raw->fd, "raw");
        if (r == -ENOSPC)
                capture_add(c, "the dump does not fit on %s", c->target->label);
        if (r < 0) {
                raw->layout.dump.size = 0;
                c->info.result = c->info.log ? DUMP_RESULT_LOG_ONLY : DUMP_RESULT_FAILED;
                return r;
        }
        c->info.vmcore = strdup(is_partial ? CRASH_INCOMPLETE_NAME : CRASH_VMCORE_NAME);
        c->info.vmcore_bytes = raw->layout.dump.size;
        return is_partial ? -EIO : 0;
}

static int save(Raw *raw) {
        Capture *c = raw->capture;
        uint64_t start;
        int r, info_r;

        r = begin(raw);
        if (r < 0) {
                capture_blame(c, "%s cannot be written to: %s", c->target->label, strerror(-r));
                return -ENODEV;
        }
        start = monotonic_usec();
        r = write_dump(raw);
        c->info.dump_usec = monotonic_usec() - start;
        c->info.total_usec = monotonic_usec() - c->start_usec;
        info_r = write_info(raw);
        raw->layout.is_complete = r >= 0 && info_r >= 0;
        if (info_r >= 0)
                info_r = write_header(raw);
        return r < 0 ? r : info_r;
}

/* What was put there after the initramfs was made is not ours to write over. An older dump is, and
 * whatever its memory looks like. */
static int check_contents(Raw *raw) {
        uint8_t header[RAW_DUMP_HEADER];
        BlockIdentity identity;
        RawDump old;

        if (pread(raw->fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
            raw_dump_unpack(header, &old) >= 0)
                return 0;
        if (block_probe(raw->fd, &identity) < 0 || identity.n_contents == 0)
                return 0;
        capture_blame(raw->capture, "%s is in use now: there is something on it (%s)",
                      raw->capture->target->label, identity.contents[0].type);
        return -ENODEV;
}

int raw_save(Capture *c) {
        Raw raw = { .capture = c, .fd = open_below(c->root_fd, c->device, O_RDWR) };
        int r;

        if (raw.fd < 0) {
                capture_blame(c, "%s cannot be opened: %s", c->target->label, strerror(-raw.fd));
                return -ENODEV;
        }
        r = check_contents(&raw);
        if (r >= 0)
                r = save(&raw);
        (void)close(raw.fd);
        return r;
}
