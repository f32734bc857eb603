/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a dump lies on a device without a file system. */
#include "core/raw-dump.h"

#include <errno.h>
#include <string.h>

#include "base/sha256.h"

#define MAGIC          "KDUMPD-RAW-DUMP" /* with its NUL */
#define FORMAT_VERSION 1u
#define FLAG_COMPLETE  1u
#define FLAG_FLAT      2u
#define FLAG_RECOVERED 4u

enum { AT_VERSION = 16, AT_FLAGS = 24, AT_INFO = 32, AT_LOG = 48, AT_DUMP = 64, AT_DIGEST = 128 };

static void put_u64(uint8_t *to, uint64_t value) {
        for (unsigned i = 0; i < 8; i++)
                to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_u64(const uint8_t *from) {
        uint64_t value = 0;

        for (unsigned i = 8; i-- > 0;)
                value = value << 8 | from[i];
        return value;
}

static void put_part(uint8_t *to, const RawPart *part) {
        put_u64(to, part->offset);
        put_u64(to + 8, part->size);
}

static RawPart get_part(const uint8_t *from) {
        return (RawPart){ get_u64(from), get_u64(from + 8) };
}

static void digest(const uint8_t *header, uint8_t ret[static SHA256_SIZE]) {
        Sha256 s;

        sha256_init(&s, sha256_blocks);
        sha256_add(&s, header, AT_DIGEST);
        sha256_end(&s, ret);
}

void raw_dump_pack(const RawDump *raw, uint8_t ret[static RAW_DUMP_HEADER]) {
        memset(ret, 0, RAW_DUMP_HEADER);
        memcpy(ret, MAGIC, sizeof(MAGIC));
        put_u64(ret + AT_VERSION, FORMAT_VERSION);
        put_u64(ret + AT_FLAGS, (raw->is_complete ? FLAG_COMPLETE : 0) |
                                        (raw->is_flat ? FLAG_FLAT : 0) |
                                        (raw->is_recovered ? FLAG_RECOVERED : 0));
        put_part(ret + AT_INFO, &raw->info);
        put_part(ret + AT_LOG, &raw->log);
        put_part(ret + AT_DUMP, &raw->dump);
        digest(ret, ret + AT_DIGEST);
}

static bool is_sane(const RawPart *part) {
        uint64_t end;

        return part->size == 0 ||
               (part->offset >= RAW_DUMP_HEADER &&
                !__builtin_add_overflow(part->offset, part->size, &end) && end <= INT64_MAX);
}

int raw_dump_unpack(const uint8_t header[static RAW_DUMP_HEADER], RawDump *ret) {
        uint8_t expected[SHA256_SIZE];
        RawDump raw;

        if (memcmp(header, MAGIC, sizeof(MAGIC)) != 0)
                return -ENODATA;
        digest(header, expected);
        if (memcmp(header + AT_DIGEST, expected, sizeof(expected)) != 0 ||
            get_u64(header + AT_VERSION) != FORMAT_VERSION)
                return -EBADMSG;
        raw = (RawDump){
                .is_complete = get_u64(header + AT_FLAGS) & FLAG_COMPLETE,
                .is_flat = get_u64(header + AT_FLAGS) & FLAG_FLAT,
                .is_recovered = get_u64(header + AT_FLAGS) & FLAG_RECOVERED,
                .info = get_part(header + AT_INFO),
                .log = get_part(header + AT_LOG),
                .dump = get_part(header + AT_DUMP),
        };
        if (!is_sane(&raw.info) || !is_sane(&raw.log) || !is_sane(&raw.dump) ||
            raw.info.size > RAW_DUMP_INFO)
                return -EBADMSG;
        *ret = raw;
        return 0;
}
