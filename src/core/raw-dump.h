/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a dump lies on a device without a file system. kdump-capture writes it; after the boot it is
 * taken from there into files.
 *
 * The device begins with a header of RAW_DUMP_HEADER bytes, numbers little-endian:
 *
 *   offset  bytes
 *        0     16  "KDUMPD-RAW-DUMP", NUL
 *       16      8  version, 1
 *       24      8  flags: 1 complete, 2 the dump is one of "makedumpfile -F", 4 recovered
 *       32     16  offset on the device and size of the description, the text of kdump.json
 *       48     16  of the log, the text of vmcore-dmesg.txt
 *       64     16  of the dump: for "makedumpfile -R", or an ELF core file
 *      128     32  SHA-256 of bytes 0 to 127
 *
 * A size of 0 means that there is none. Log, description and a header without the flag "complete"
 * are written before the dump, description and header once more after it. Whoever has taken the
 * dump from the device sets the flag "recovered". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

#define RAW_DUMP_HEADER 4096u
#define RAW_DUMP_INFO   (8u * 1024u * 1024u) /* room for the description */

typedef struct RawPart {
        uint64_t offset, size; /* bytes */
} RawPart;

typedef struct RawDump {
        bool is_complete, is_flat, is_recovered;
        RawPart info, log, dump;
} RawDump;

void raw_dump_pack(const RawDump *raw, uint8_t ret[static RAW_DUMP_HEADER]);

/* Returns 0; -ENODATA (no such header), -EBADMSG (damaged, of another version, or its parts overlap
 * the header). */
int raw_dump_unpack(const uint8_t header[static RAW_DUMP_HEADER], RawDump *ret) _must_check_;
