/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/dm-table: which lines are carried, as what, and which are refused. */
#include "test.h"

#include "base/string-util.h"
#include "core/dm-table.h"

/* modules are the names with blanks between them; parameters NULL stands for "as they are". */
typedef struct Carried {
        const char *type, *from, *modules, *parameters;
} Carried;

static void check_carried(const Carried *c) {
        const char *why = NULL;
        char modules[128] = "";
        DmLine line;

        ck_assert_int_eq(dm_line_carry(c->type, c->from, &line, &why), 0);
        ck_assert_str_eq(line.parameters, c->parameters ?: c->from);
        for (size_t i = 0; i < line.n_modules; i++)
                strscpyf(modules + strlen(modules), sizeof(modules) - strlen(modules), "%s%s",
                         i > 0 ? " " : "", line.modules[i]);
        ck_assert_str_eq(modules, c->modules);
        ck_assert(line.has_devices == (!streq(c->type, "error") && !streq(c->type, "zero")));
        ck_assert(dm_type_is_harmless(c->type));
        dm_line_done(&line);
        ck_assert_ptr_null(line.parameters);
}

/* As the kernels 6.1 and 6.12 show volumes that LVM 2.03.16 has made. */
START_TEST(recorded_lines) {
        static const Carried lines[] = {
                { "linear", "8:16 944128", "", NULL },
                { "raid", "raid1 3 0 region_size 4096 2 253:0 253:1 253:2 253:3",
                  "dm-raid md-raid1", NULL },
                { "raid", "raid5_ls 3 128 region_size 4096 3 253:5 253:6 253:7 253:8 253:9 253:10",
                  "dm-raid md-raid5", NULL },
                { "mirror", "disk 2 253:12 4096 2 253:13 0 253:14 0 1 handle_errors", "dm-mirror",
                  NULL },
                /* With its blank at the end. */
                { "thin-pool", "253:16 253:17 128 0 0 ", "dm-thin-pool", NULL },
                { "thin", "253:18 1", "dm-thin-pool", NULL },
                { "cache", "253:23 253:22 253:24 128 2 metadata2 writeback smq 0",
                  "dm-cache dm-cache-smq", NULL },
                { "writecache", "s 253:26 253:25 4096 0", "dm-writecache", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                check_carried(&lines[i]);
}
END_TEST

/* As the kernel's documentation describes them. */
START_TEST(other_lines) {
        static const Carried lines[] = {
                { "striped", "2 128 8:0 99 254:2 100", "", NULL },
                { "error", "", "", NULL },
                { "zero", "", "dm-zero", NULL },
                { "mirror", "core 2 1024 nosync 2 253:1 0 253:2 0", "dm-mirror", NULL },
                { "thin", "253:4 7 253:9", "dm-thin-pool", NULL },
                { "thin-pool", "253:1 253:2 128 0 2 skip_block_zeroing error_if_no_space ",
                  "dm-thin-pool", NULL },
                { "cache", "253:1 253:2 253:3 64 0 mq 2 sequential_threshold 1024",
                  "dm-cache dm-cache-smq", NULL },
                { "cache", "253:1 253:2 253:3 64 1 writethrough cleaner 0",
                  "dm-cache dm-cache-cleaner", NULL },
                { "snapshot", "253:1 253:2 P 8", "dm-snapshot", NULL },
                { "snapshot", "253:1 253:2 PO 8", "dm-snapshot", NULL },
                { "snapshot-origin", "253:1", "dm-snapshot", NULL },
                { "raid", "raid4 1 2048 5 - 8:17 - 8:33 - 8:49 - 8:65 - 8:81", "dm-raid md-raid4",
                  NULL },
                { "raid", "raid0 1 128 2 - 8:17 - 8:33", "dm-raid md-raid0", NULL },
                { "raid",
                  "raid10 7 128 region_size 1024 raid10_copies 2 raid10_format near 2 253:0 253:1 "
                  "- -",
                  "dm-raid md-raid10", NULL },
                { "raid", "raid6_zr 4 128 nosync region_size 1024 1 253:0 253:1",
                  "dm-raid md-raid6", NULL },
                /* Orders that were carried out when it was loaded first, and counts that are not
                 * true. */
                { "raid", "raid1 5 0 rebuild 1 region_size 1024 2 8:1 8:2 8:3 8:4",
                  "dm-raid md-raid1", "raid1 3 0 region_size 1024 2 8:1 8:2 8:3 8:4" },
                { "raid",
                  "raid1 9 0 sync rebuild 0 rebuild 1 write_mostly 1 region_size 8 2 8:1 8:2 8:3 "
                  "8:4",
                  "dm-raid md-raid1", "raid1 5 0 write_mostly 1 region_size 8 2 8:1 8:2 8:3 8:4" },
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                check_carried(&lines[i]);
}
END_TEST

START_TEST(refused_lines) {
        static const struct {
                const char *type, *parameters, *why;
        } lines[] = {
                { "crypt", "", "is not carried" },
                { "integrity", "", "is not carried" },
                { "multipath", "0 0 1 1 round-robin 0 1 1 8:0 1", "is not carried" },
                { "snapshot-merge", "253:1 253:2 P 8", "wait for that" },
                { "snapshot", "253:1 253:2 N 8", "does not outlive" },
                { "thin-pool", "253:1 253:2 128 0 1 read_only ", "is read-only" },
                { "writecache", "p 253:1 253:2 4096 0", "persistent memory" },
                { "mirror", "userspace 4 x clustered-disk 8:1 1024 2 8:2 0 8:3 0", "a program" },
                { "mirror", "", "a program" },
                { "cache", "253:1 253:2 253:3 64", "not understood" },
                { "cache", "253:1 253:2 253:3 64 99999 smq", "not understood" },
                { "cache", "253:1 253:2 253:3 64 1 writeback", "not understood" },
                { "raid", "raid5_ls 5 128 region_size 8 delta_disks 1 2 8:1 8:2 8:3 8:4",
                  "reshaped" },
                { "raid", "raid5_ls 5 128 data_offset 0 region_size 8 2 8:1 8:2 8:3 8:4",
                  "reshaped" },
                { "raid", "", "not understood" },
                { "raid", "raid1", "not understood" },
                { "raid", "raid1 1 0", "not understood" },
                { "raid", "raid1 x 0 2 8:1 8:2 8:3 8:4", "not understood" },
                { "raid", "raid1 1 x 2 8:1 8:2 8:3 8:4", "not understood" },
                { "raid", "raid1 1 0 region_size", "not understood" },
                { "raid", "raid1 1 0 0", "not understood" },
                { "raid", "raid1 1 0 254 8:1 8:2", "not understood" },
                { "raid", "raid1 1 0 2 8:1 8:2 8:3", "not understood" },
                { "raid", "raid1 1 0 2 8:1 8:2 8:3 8:4 8:5", "not understood" },
                { "raid", "raid7 1 0 1 8:1 8:2", "not understood" },
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                const char *why = NULL;
                DmLine line;

                ck_assert_int_eq(dm_line_carry(lines[i].type, lines[i].parameters, &line, &why),
                                 -EOPNOTSUPP);
                ck_assert_msg(strstr(why, lines[i].why), "%s %s: %s", lines[i].type,
                              lines[i].parameters, why);
        }
        ck_assert(!dm_type_is_harmless("crypt"));
        ck_assert(!dm_type_is_harmless("integrity"));
        ck_assert(!dm_type_is_harmless(""));
        ck_assert(dm_type_is_harmless("multipath"));
}
END_TEST

START_TEST(snapshots_of_an_origin) {
        ck_assert(dm_line_is_snapshot_of("snapshot", "253:1 253:2 P 8", "253:1"));
        ck_assert(dm_line_is_snapshot_of("snapshot-merge", "253:1 253:2 P 8", "253:1"));
        ck_assert(!dm_line_is_snapshot_of("snapshot", "253:11 253:2 P 8", "253:1"));
        ck_assert(!dm_line_is_snapshot_of("snapshot", "253:1 253:2 P 8", "253:11"));
        ck_assert(!dm_line_is_snapshot_of("snapshot", "", "253:1"));
        ck_assert(!dm_line_is_snapshot_of("linear", "253:1 0", "253:1"));
}
END_TEST

static void check_without(const char *parameters, const bool *is_missing, size_t n, int expected,
                          const char *text) {
        _cleanup_free_ char *got = NULL;

        ck_assert_int_eq(dm_raid_without(parameters, is_missing, n, &got), expected);
        if (expected == 0)
                ck_assert_str_eq(got, text);
}

START_TEST(raid_without_some) {
        static const bool none[8] = { false }, third[8] = { [2] = true },
                          second[8] = { [1] = true }, all[8] = { true, true, true, true };
        const char *raid1 = "raid1 3 0 region_size 4096 2 %0 %1 %2 %3";
        const char *journal = "raid5_ls 3 128 journal_dev %0 2 %1 %2 %3 %4";

        check_without(raid1, none, 4, 0, raid1);
        check_without(raid1, third, 4, 0, "raid1 3 0 region_size 4096 2 %0 %1 - -");
        check_without(raid1, second, 4, 0, "raid1 3 0 region_size 4096 2 - - %2 %3");
        check_without(raid1, all, 4, 0, "raid1 3 0 region_size 4096 2 - - - -");
        check_without("raid5_ls 1 128 3 - - %0 %1 %2 %3", second, 4, 0,
                      "raid5_ls 1 128 3 - - - - %2 %3");
        check_without(journal, second, 5, 0, "raid5_ls 3 128 journal_dev %0 2 - - %3 %4");
        check_without(journal, all, 5, -ENODEV, NULL);
        check_without("raid0 1 128 2 - %0 - %1", second, 2, -EBADMSG, NULL);
        check_without(raid1, third, 3, -EBADMSG, NULL);
        check_without("raid1 1 0 2 %0 %x %2 %3", none, 4, -EBADMSG, NULL);
        check_without("linear", none, 0, -EBADMSG, NULL);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, recorded_lines);
        ADD_TEST(s, other_lines);
        ADD_TEST(s, refused_lines);
        ADD_TEST(s, snapshots_of_an_origin);
        ADD_TEST(s, raid_without_some);
}

TEST_MAIN("dm-table", add_cases)
