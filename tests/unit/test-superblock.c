/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/superblock: what file systems ask for, and what of them is elsewhere. */
#include "test.h"

#include "base/string-util.h"
#include "core/superblock.h"

static uint8_t disk[SUPERBLOCK_REACH];

static void put(size_t offset, uint64_t value, size_t n) {
        for (size_t i = 0; i < n; i++)
                disk[offset + i] = (uint8_t)(value >> (8 * i));
}

static void empty(void) {
        memset(disk, 0, sizeof(disk));
}

/* An ext4 with a journal inside and these features. */
static void make_ext(uint32_t incompat, uint32_t ro_compat) {
        empty();
        put(1024 + 0x38, 0xef53, 2);
        put(1024 + 0x5c, 0x4, 4);
        put(1024 + 0x60, incompat, 4);
        put(1024 + 0x64, ro_compat, 4);
        put(1024 + 0xe0, 8, 4);
}

static void make_btrfs(unsigned checksum, uint64_t n_devices) {
        empty();
        memcpy(disk + 0x10040, "_BHRfS_M", 8);
        put(0x10088, n_devices, 8);
        put(0x100c4, checksum, 2);
}

static void make_f2fs(uint32_t features) {
        empty();
        put(1024, 0xf2f52010, 4);
        put(1024 + 2180, features, 4);
}

/* asks: names with blanks between them, those that this release cannot do without with a "!". */
static Superblock check_release(const char *type, const char *release, const char *asks,
                                unsigned parts) {
        char text[256] = "";
        Superblock s;

        ck_assert_int_eq(superblock_parse(type, disk, sizeof(disk), &s), 0);
        for (size_t i = 0; i < s.n_asks; i++)
                strscpyf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s",
                         i > 0 ? " " : "", s.asks[i]->name,
                         superblock_ask_is_needed(s.asks[i], release) ? "!" : "");
        ck_assert_str_eq(text, asks);
        ck_assert_uint_eq(s.parts, parts);
        ck_assert(!s.is_guess);
        return s;
}

static Superblock check(const char *type, const char *asks, unsigned parts) {
        return check_release(type, "6.12.9", asks, parts);
}

static void unknown(const char *type, size_t size) {
        Superblock s = { .n_devices = 77 };

        ck_assert_int_eq(superblock_parse(type, disk, size, &s), -ENODATA);
        ck_assert_uint_eq(s.n_devices, 77);
}

START_TEST(ext4) {
        Superblock s;

        make_ext(0, 0);
        s = check("ext4", "", 0);
        ck_assert(!s.is_read_only);
        make_ext(0, 0x100);
        check("ext4", "quota_v2!", 0);
        check("ext3", "quota_v2!", 0);
        /* Whatever the kernel calls itself. */
        check_release("ext4", "fake", "quota_v2!", 0);
        make_ext(0x20000, 0x2500);
        check("ext4", "quota_v2! utf8data crypto-crc32c", 0);
        for (uint32_t feature = 0x1000; feature <= 0x4000; feature *= 4) {
                make_ext(0, feature);
                s = check("ext4", "", 0);
                ck_assert(s.is_read_only);
        }
        make_ext(0x8, 0); /* a journal itself */
        unknown("ext4", sizeof(disk));
        make_ext(0, 0);
        unknown("ext4", 2047);
        unknown("xfs", sizeof(disk));
        unknown("btrfs", sizeof(disk));
        unknown("vfat", sizeof(disk));
}
END_TEST

START_TEST(ext4_journal) {
        Superblock s;

        make_ext(0, 0);
        put(1024 + 0xe0, 0, 4);
        put(1024 + 0xe4, 0x10300, 4);
        for (unsigned i = 0; i < 16; i++)
                disk[1024 + 0xd0 + i] = (uint8_t)(0xf0 + i);
        s = check("ext4", "", SUPERBLOCK_JOURNAL);
        ck_assert_str_eq(s.journal_uuid, "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
        /* Without a journal there is none elsewhere. */
        put(1024 + 0x5c, 0, 4);
        check("ext4", "", 0);
}
END_TEST

START_TEST(btrfs) {
        Superblock s;

        make_btrfs(0, 1);
        s = check("btrfs", "crypto-crc32c", 0);
        ck_assert_uint_eq(s.n_devices, 1);
        make_btrfs(1, 3);
        s = check("btrfs", "crypto-xxhash64!", 0);
        ck_assert_uint_eq(s.n_devices, 3);
        make_btrfs(2, 1);
        check("btrfs", "crypto-sha256!", 0);
        make_btrfs(3, 1);
        check("btrfs", "crypto-blake2b-256!", 0);
        check_release("btrfs", "7.2.13+deb14-amd64", "crypto-blake2b-256", 0);
        make_btrfs(4, 1); /* of a kernel to come */
        check("btrfs", "", 0);
        unknown("btrfs", 0x10fff);
}
END_TEST

START_TEST(f2fs) {
        Superblock s;

        make_f2fs(0);
        check("f2fs", "crypto-crc32", 0);
        make_f2fs(0x1080);
        s = check("f2fs", "quota_v2! utf8data crypto-crc32", 0);
        ck_assert(!s.is_read_only);
        make_f2fs(0x4000);
        s = check("f2fs", "crypto-crc32", 0);
        ck_assert(s.is_read_only);
        /* Its own name is no part elsewhere. */
        make_f2fs(0);
        memcpy(disk + 1024 + 2201, "/dev/sda", 8);
        check("f2fs", "crypto-crc32", 0);
        memcpy(disk + 1024 + 2201 + 68, "/dev/sdb", 8);
        check("f2fs", "crypto-crc32", SUPERBLOCK_NAMED);
        unknown("f2fs", 4095);
}
END_TEST

START_TEST(xfs) {
        empty();
        memcpy(disk, "XFSB", 4);
        disk[48 + 7] = 4; /* the log's first block */
        check("xfs", "", 0);
        disk[16 + 6] = 1;
        check("xfs", "", SUPERBLOCK_REALTIME);
        disk[48 + 7] = 0;
        check("xfs", "", SUPERBLOCK_REALTIME | SUPERBLOCK_LOG);
        unknown("xfs", 511);
}
END_TEST

START_TEST(guesses) {
        Superblock s;

        superblock_guess("ext4", &s);
        ck_assert(s.is_guess);
        ck_assert_uint_eq(s.n_asks, 3);
        ck_assert_uint_eq(s.n_devices, 1);
        superblock_guess("btrfs", &s);
        ck_assert_uint_eq(s.n_asks, 4);
        superblock_guess("vfat", &s);
        ck_assert_uint_eq(s.n_asks, 0);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, ext4);
        ADD_TEST(s, ext4_journal);
        ADD_TEST(s, btrfs);
        ADD_TEST(s, f2fs);
        ADD_TEST(s, xfs);
        ADD_TEST(s, guesses);
}

TEST_MAIN("superblock", add_cases)
