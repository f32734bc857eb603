/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pure parts of a capture: the collector's command line, the line that says why, which dumps
 * go, the header of a raw dump. */
#include "test.h"

#include "core/collector.h"
#include "core/raw-dump.h"
#include "core/rotation.h"

static void check_split(const char *line, const char *expected) {
        _cleanup_words_ char **words = NULL;
        char joined[256] = "";

        ck_assert_int_eq(collector_split(line, &words), 0);
        for (size_t i = 0; words[i]; i++)
                strscpyf(joined + strlen(joined), 100, "<%s>", words[i]);
        ck_assert_str_eq(joined, expected);
}

START_TEST(split) {
        _cleanup_words_ char **words = NULL;
        char many[4 * COLLECTOR_WORDS_MOST];

        check_split("makedumpfile -l -d 31", "<makedumpfile><-l><-d><31>");
        check_split("  a\t b ", "<a><b>");
        check_split("\"a b\" 'c \"d' e\\ f \"g\\\"h\" i'\\'j \"\"",
                    "<a b><c \"d><e f><g\"h><i\\j><>");
        ck_assert_int_eq(collector_split("", &words), -EINVAL);
        ck_assert_int_eq(collector_split("  ", &words), -EINVAL);
        ck_assert_int_eq(collector_split("a 'b", &words), -EINVAL);
        for (size_t i = 0; i <= COLLECTOR_WORDS_MOST; i++)
                memcpy(many + 2 * i, "w ", 3);
        ck_assert_int_eq(collector_split(many, &words), -E2BIG);
        many[2 * COLLECTOR_WORDS_MOST] = '\0';
        ck_assert_int_eq(collector_split(many, &words), 0);
}
END_TEST

/* With the level that stands in the line, and with 7 instead. */
static void check_level(const char *line, uint64_t level, const char *replaced) {
        static const char *const more[] = { "from", "to" };
        _cleanup_words_ char **words = NULL, **other = NULL, **same = NULL;
        _cleanup_free_ char *joined = NULL, *kept = NULL;
        uint64_t found = UINT64_MAX;

        ck_assert_int_eq(collector_split(line, &words), 0);
        ck_assert_int_eq(collector_level(words, &found), level == UINT64_MAX ? -ENOENT : 0);
        ck_assert_uint_eq(found, level);
        ck_assert_int_eq(collector_with(words, 7, more, 2, &other), 0);
        joined = collector_join(other);
        ck_assert_str_eq(joined, replaced);
        ck_assert_int_eq(collector_with(words, UINT64_MAX, NULL, 0, &same), 0);
        kept = collector_join(same);
        ck_assert_str_eq(kept, line);
}

START_TEST(levels) {
        check_level("makedumpfile -l -d 31", 31, "makedumpfile -l -d 7 from to");
        check_level("makedumpfile -d31 -l", 31, "makedumpfile -d7 -l from to");
        check_level("makedumpfile -ld31", 31, "makedumpfile -ld7 from to");
        check_level("makedumpfile -ld 1,30", 31, "makedumpfile -ld 7 from to");
        check_level("makedumpfile -l", UINT64_MAX, "makedumpfile -l from to");
        check_level("makedumpfile --dump-dmesg", UINT64_MAX, "makedumpfile --dump-dmesg from to");
        check_level("makedumpfile -x d3 -c", UINT64_MAX, "makedumpfile -x d3 -c from to");
        check_level("makedumpfile -xd3 -c", UINT64_MAX, "makedumpfile -xd3 -c from to");
        check_level("-d 31", UINT64_MAX, "-d 31 from to");
        check_level("m -d", UINT64_MAX, "m -d from to");
}
END_TEST

START_TEST(other_uses) {
        static const struct {
                const char *line, *option;
        } cases[] = {
                { "makedumpfile -l -d 31", NULL },
                { "makedumpfile -F -l -d 31", "-F" },
                { "/usr/sbin/makedumpfile -lF -d 31", "-F" },
                { "makedumpfile -d31 --dump-dmesg", "--dump-dmesg" },
                { "makedumpfile -l --mem-usage", "--mem-usage" },
                { "makedumpfile -R", "-R" },
                { "makedumpfile --split -g x", "--split" },
                { "makedumpfile -g info -x vmlinux", "-g" },
                { "makedumpfile -xFoo -l --message-level 1 -dF", NULL },
                { "makedumpfile --splitter --F - F", NULL },
                { "another -F", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_words_ char **words = NULL;
                const char *use;

                ck_assert_int_eq(collector_split(cases[i].line, &words), 0);
                use = collector_other_use(words);
                ck_assert(use ? cases[i].option && streq(use, cases[i].option) : !cases[i].option);
        }
}
END_TEST

START_TEST(unknown_kernel) {
        ck_assert(collector_says_unknown("The kernel version is not supported."));
        ck_assert(collector_says_unknown("The makedumpfile operation may be incomplete."));
        ck_assert(!collector_says_unknown("The dumpfile is saved to vmcore."));
}
END_TEST

/* Letters: complete dumps in upper case. */
static void make_dumps(OldDump *dumps, const char *letters) {
        for (size_t i = 0; letters[i]; i++) {
                dumps[i] = (OldDump){ .time_usec = 100 + i,
                                      .is_complete = letters[i] >= 'A' && letters[i] <= 'Z' };
                strscpyf(dumps[i].name, sizeof(dumps[i].name), "%c", letters[i]);
        }
}

static void check_beyond(const char *letters, uint64_t keep, const char *expected) {
        char gone[32] = "";
        OldDump dumps[16];
        size_t doomed[16], n;

        make_dumps(dumps, letters);
        n = rotation_beyond(dumps, strlen(letters), keep, doomed);
        for (size_t i = 0; i < n; i++)
                strscpyf(gone + i, 4, "%s", dumps[doomed[i]].name);
        ck_assert_str_eq(gone, expected);
}

START_TEST(rotation) {
        OldDump dumps[16];

        check_beyond("", 3, "");
        check_beyond("ABC", 0, "");
        check_beyond("ABC", 3, "");
        check_beyond("ABCDEFGHI", 3, "ABCDEF");
        check_beyond("aBCdEf", 2, "B");
        check_beyond("abcdef", 1, "");
        check_beyond("ABC", UINT64_MAX, "");

        make_dumps(dumps, "aBCd");
        ck_assert_uint_eq(rotation_next(dumps, 4), 1);
        dumps[1].is_gone = true;
        ck_assert_uint_eq(rotation_next(dumps, 4), 4);
        /* What takes space and is no dump goes first. */
        dumps[3].bytes = 1;
        ck_assert_uint_eq(rotation_next(dumps, 4), 3);
        dumps[1].is_gone = false;
        ck_assert_uint_eq(rotation_next(dumps, 4), 3);
        ck_assert_uint_eq(rotation_next(dumps, 0), 0);

        make_dumps(dumps, "aBCdE");
        for (size_t i = 0; i < 5; i++)
                dumps[i].bytes = UINT64_C(1) << i;
        ck_assert_uint_eq(rotation_most(dumps, 5), 1 + 2 + 4 + 8);
        ck_assert_uint_eq(rotation_most(dumps, 2), 1);
        dumps[2].is_gone = true;
        ck_assert_uint_eq(rotation_most(dumps, 5), 1 + 2 + 8);
        dumps[1].bytes = UINT64_MAX;
        ck_assert_uint_eq(rotation_most(dumps, 5), UINT64_MAX);

        make_dumps(dumps, "aBCd");
        ck_assert_uint_eq(rotation_newest(dumps, 4), 2);
        dumps[2].is_gone = true;
        ck_assert_uint_eq(rotation_newest(dumps, 4), 1);
        ck_assert_uint_eq(rotation_newest(dumps, 1), 1);
        ck_assert_uint_eq(rotation_newest(dumps, 0), 0);
}
END_TEST

/* What file systems keep for themselves, and what a file takes besides its pages. */
START_TEST(needed) {
        const uint64_t mib = UINT64_C(1) << 20;

        ck_assert_uint_eq(rotation_needed(0, 0), mib);
        ck_assert_uint_eq(rotation_needed(200 * mib, 64 * mib), (64 + 4 + 1 + 1) * mib);
        ck_assert_uint_eq(rotation_needed(UINT64_C(1) << 60, 640 * mib), (640 + 16 + 1 + 10) * mib);
        ck_assert_uint_eq(rotation_needed(UINT64_MAX, UINT64_MAX), UINT64_MAX);
}
END_TEST

START_TEST(written) {
        static const char *const others[] = {
                "",
                "Write bytes",
                "Write bytes     : ",
                "Write bytes     : 1x",
                "Write bytes     : -1",
                "Write bytes written : 1",
                " Write bytes     : 1",
                "Total pages     : 1",
                "Write bytes     : 18446744073709551616",
        };
        uint64_t bytes = 7;

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                ck_assert_int_lt(collector_written(others[i], &bytes), 0);
        ck_assert_uint_eq(bytes, 7);
        ck_assert_int_eq(collector_written("Write bytes     : 104695977", &bytes), 0);
        ck_assert_uint_eq(bytes, 104695977);
}
END_TEST

START_TEST(traces) {
        OldDump dumps[16];
        size_t doomed[16];

        make_dumps(dumps, "AbcDefG");
        ck_assert_uint_eq(rotation_traces(dumps, 7, 4, doomed), 0);
        ck_assert_uint_eq(rotation_traces(dumps, 7, 2, doomed), 2);
        ck_assert(doomed[0] == 1 && doomed[1] == 2);
        dumps[1].is_gone = true;
        ck_assert_uint_eq(rotation_traces(dumps, 7, 2, doomed), 1);
        ck_assert_uint_eq(doomed[0], 2);
}
END_TEST

START_TEST(min_free) {
        ck_assert_uint_eq(rotation_min_free(0), 0);
        ck_assert_uint_eq(rotation_min_free(UINT64_C(200) << 20), UINT64_C(20) << 20);
        ck_assert_uint_eq(rotation_min_free(UINT64_C(40) << 30), UINT64_C(4) << 30);
        ck_assert_uint_eq(rotation_min_free(UINT64_MAX), UINT64_C(4) << 30);
}
END_TEST

START_TEST(rotation_order) {
        OldDump dumps[] = { { "h-10", 5, true, false, 0 },
                            { "h-9", 5, true, false, 0 },
                            { "h", 5, true, false, 0 },
                            { "z", 1, true, false, 0 },
                            { "a", 9, true, false, 0 } };
        static const char *const expected[] = { "z", "h", "h-9", "h-10", "a" };

        rotation_sort(dumps, ELEMENTSOF(dumps));
        for (size_t i = 0; i < ELEMENTSOF(dumps); i++)
                ck_assert_str_eq(dumps[i].name, expected[i]);
        rotation_sort(NULL, 0);
}
END_TEST

START_TEST(raw_header) {
        RawDump raw = { true, false, true, { 4096, 1 }, { 8192, 2 }, { INT64_MAX - 3, 3 } }, back;
        uint8_t header[RAW_DUMP_HEADER], bad[RAW_DUMP_HEADER];

        for (unsigned i = 0; i < 8; i++) {
                raw.is_complete = i & 1;
                raw.is_flat = i & 2;
                raw.is_recovered = i & 4;
                raw_dump_pack(&raw, header);
                ck_assert_int_eq(raw_dump_unpack(header, &back), 0);
                ck_assert(back.is_complete == raw.is_complete && back.is_flat == raw.is_flat &&
                          back.is_recovered == raw.is_recovered);
                ck_assert_mem_eq(&back.info, &raw.info, sizeof(RawPart));
                ck_assert_mem_eq(&back.log, &raw.log, sizeof(RawPart));
                ck_assert_mem_eq(&back.dump, &raw.dump, sizeof(RawPart));
        }
        ck_assert_str_eq((const char *)header, "KDUMPD-RAW-DUMP");
        ck_assert_uint_eq(header[16], 1);
        ck_assert_uint_eq(header[24], 7);
        ck_assert_uint_eq(header[48] | header[49] << 8, 8192);
        memset(bad, 0, sizeof(bad));
        ck_assert_int_eq(raw_dump_unpack(bad, &back), -ENODATA);
        for (size_t i = 16; i < 160; i++) {
                memcpy(bad, header, sizeof(bad));
                bad[i] ^= 0x10;
                ck_assert_int_eq(raw_dump_unpack(bad, &back), -EBADMSG);
        }
}
END_TEST

START_TEST(raw_header_hostile) {
        static const RawDump bad[] = {
                { .info = { 0, 1 } },         { .info = { 4096, RAW_DUMP_INFO + 1 } },
                { .log = { 4095, 1 } },       { .dump = { UINT64_MAX, 2 } },
                { .dump = { INT64_MAX, 2 } },
        };
        uint8_t header[RAW_DUMP_HEADER];
        RawDump back;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                raw_dump_pack(&bad[i], header);
                ck_assert_int_eq(raw_dump_unpack(header, &back), -EBADMSG);
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, split);
        ADD_TEST(s, levels);
        ADD_TEST(s, other_uses);
        ADD_TEST(s, unknown_kernel);
        ADD_TEST(s, rotation);
        ADD_TEST(s, needed);
        ADD_TEST(s, written);
        ADD_TEST(s, traces);
        ADD_TEST(s, min_free);
        ADD_TEST(s, rotation_order);
        ADD_TEST(s, raw_header);
        ADD_TEST(s, raw_header_hostile);
}

TEST_MAIN("capture-core", add_cases)
