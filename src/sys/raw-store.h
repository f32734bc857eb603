/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device that a dump was written over, read; core/raw-dump.h says how it lies there. */
#pragma once

#include "core/dump-info.h"
#include "core/paths.h"
#include "core/raw-dump.h"
#include "sys/dump-store.h"

typedef struct RawStore {
        int fd;
        RawDump raw; /* all of its parts are on the device */
} RawStore;

#define RAW_STORE_INIT       \
        (RawStore) {         \
                .fd = -EBADF \
        }

/* Opens the device path below root_fd; if is_writable, for raw_store_mark(), too, and locked
 * against others who do so. Returns 0; -EAGAIN (it is locked),
 * -ENODATA (no dump was written there), -EBADMSG (its header is damaged, or tells of more than the
 * device has), -ENOTBLK (neither a block device nor a file), or what open says. */
int raw_store_open(int root_fd, const char *path, bool is_writable, RawStore *ret) _must_check_;
void raw_store_done(RawStore *store);

/* What can be had of it. */
DumpState raw_store_state(const RawStore *store, const DumpInfo *info, bool has_summary);

/* What is known of the crash: by the description there, or else by the log, which *ret_has_summary
 * tells. Names and sizes of files are those that the dump will have. Returns 0 or -ENOMEM. */
int raw_store_describe(const RawStore *store, DumpInfo *ret, bool *ret_has_summary) _must_check_;

/* Reads up to size bytes at offset of a part. Returns how many, 0 at its end, or negative errno. */
ssize_t raw_store_read(const RawStore *store, const RawPart *part, uint64_t offset, void *buf,
                       size_t size) _must_check_;

/* Notes durably on the device that its dump was recovered. Returns 0 or negative errno. */
int raw_store_mark(RawStore *store) _must_check_;

/* Below the root: the devices of the configuration were looked at in this boot, and no dump is left
 * on them. kdumpd may not write to devices, so that kdumpctl notes it. */
#define RAW_STORE_CLEAR_PATH RUN_DIRECTORY "/recovered"
