/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device that a dump was written over, read. */
#include "sys/raw-store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/dump-json.h"

void raw_store_done(RawStore *store) {
        closep(&store->fd);
        *store = RAW_STORE_INIT;
}

static bool is_inside(const RawPart *part, uint64_t size) {
        return part->size == 0 || (part->offset <= size && part->size <= size - part->offset);
}

static int read_header(int fd, RawDump *ret) {
        uint8_t header[RAW_DUMP_HEADER];
        off_t size = lseek(fd, 0, SEEK_END);
        ssize_t n;
        int r;

        if (size < 0)
                return -errno;
        n = pread(fd, header, sizeof(header), 0);
        if (n < 0)
                return -errno;
        if ((size_t)n < sizeof(header))
                return -ENODATA;
        r = raw_dump_unpack(header, ret);
        if (r < 0)
                return r;
        if (!is_inside(&ret->info, (uint64_t)size) || !is_inside(&ret->log, (uint64_t)size) ||
            !is_inside(&ret->dump, (uint64_t)size))
                return -EBADMSG;
        return 0;
}

int raw_store_open(int root_fd, const char *path, bool is_writable, RawStore *ret) {
        _cleanup_close_ int fd = open_below(
                root_fd, path, (is_writable ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY);
        RawDump raw;
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
                return -ENOTBLK;
        if (is_writable && flock(fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        r = read_header(fd, &raw);
        if (r < 0)
                return r;
        *ret = (RawStore){ .fd = TAKE_FD(fd), .raw = raw };
        return 0;
}

DumpState raw_store_state(const RawStore *store, const DumpInfo *info, bool has_summary) {
        if (store->raw.is_complete && store->raw.dump.size > 0)
                return DUMP_RAW;
        if (has_summary && info->result == DUMP_RESULT_LOG_ONLY)
                return DUMP_LOG_ONLY;
        return has_summary && info->result == DUMP_RESULT_FAILED ? DUMP_FAILED : DUMP_INCOMPLETE;
}

ssize_t raw_store_read(const RawStore *store, const RawPart *part, uint64_t offset, void *buf,
                       size_t size) {
        uint64_t left = sub_saturated(part->size, offset);
        ssize_t n;

        if (left == 0)
                return 0;
        size = (size_t)MIN(left, (uint64_t)size);
        do
                n = pread(store->fd, buf, size, (off_t)(part->offset + offset));
        while (n < 0 && errno == EINTR);
        if (n == 0)
                return -EIO;
        return n < 0 ? -errno : n;
}

static int read_summary(const RawStore *store, DumpInfo *ret) {
        const RawPart *part = &store->raw.info;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        if (part->size == 0 || part->size > DUMP_JSON_LONGEST)
                return -ENOENT;
        text = malloc(part->size);
        if (!text)
                return -ENOMEM;
        while (size < part->size) {
                ssize_t n = raw_store_read(store, part, size, text + size, part->size - size);

                if (n < 0)
                        return (int)n;
                size += (size_t)n;
        }
        return dump_info_from_json(text, size, ret);
}

static int set_name(const RawPart *part, const char *name, char **to, uint64_t *ret_bytes) {
        free(*to);
        *to = part->size > 0 ? strdup(name) : NULL;
        *ret_bytes = part->size;
        return *to || part->size == 0 ? 0 : -ENOMEM;
}

int raw_store_describe(const RawStore *store, DumpInfo *ret, bool *ret_has_summary) {
        const RawDump *raw = &store->raw;
        DumpInfo info = { 0 };
        bool has_summary;
        int r;

        r = read_summary(store, &info);
        has_summary = r >= 0;
        if (r != -ENOMEM)
                r = has_summary ? 0
                                : dump_read_log(store->fd, raw->log.offset, raw->log.size, &info);
        if (r >= 0)
                r = set_name(&raw->dump, CRASH_VMCORE_NAME, &info.vmcore, &info.vmcore_bytes);
        if (r >= 0)
                r = set_name(&raw->log, CRASH_LOG_NAME, &info.log, &info.log_bytes);
        if (r < 0) {
                dump_info_done(&info);
                return r;
        }
        *ret = info;
        *ret_has_summary = has_summary;
        return 0;
}

int raw_store_mark(RawStore *store) {
        uint8_t header[RAW_DUMP_HEADER];
        RawDump raw = store->raw;
        int r;

        raw.is_recovered = true;
        raw_dump_pack(&raw, header);
        if (lseek(store->fd, 0, SEEK_SET) < 0)
                return -errno;
        r = write_all(store->fd, header, sizeof(header));
        if (r >= 0 && fsync(store->fd) < 0)
                r = -errno;
        if (r >= 0)
                store->raw = raw;
        return r;
}
