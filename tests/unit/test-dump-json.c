/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/dump-json: every member there and back, and what is refused. */
#include "test.h"

#include <stdio.h>

#include "base/string-util.h"
#include "sys/dump-json.h"

/* A different value in each member, so that a mix-up shows. */
static DumpInfo sample(void) {
        DumpInfo info = {
                .crash_usec = 1,
                .host = strdup("host"),
                .kernel_release = strdup("6.1.0"),
                .machine = strdup("x86_64"),
                .panic_message = strdup("\"quoted\" \\ \t and \xc3\xa9"),
                .panic_where = strdup("RIP: 0010:f+0x1/0x2"),
                .panic_uptime_usec = UINT64_MAX,
                .ranges = calloc(2, sizeof(DumpRange)),
                .n_ranges = 2,
                .memory_bytes = 3,
                .n_cpus = 4,
                .vmcore = strdup("vmcore"),
                .vmcore_bytes = 5,
                .unreadable_bytes = 15,
                .log = strdup("vmcore-dmesg.txt"),
                .log_bytes = 6,
                .collector = strdup("makedumpfile -l"),
                .collector_version = strdup("1.7.2"),
                .kernel_unknown = true,
                .collector_status = -1,
                .capture_release = strdup("6.12"),
                .target = strdup("/var/crash on /dev/vda1"),
                .on_fallback = true,
                .since_boot_usec = 7,
                .target_usec = 8,
                .log_usec = 9,
                .dump_usec = 10,
                .total_usec = 11,
                .result = DUMP_RESULT_COPIED,
                .message = strdup("why"),
        };

        info.ranges[0] = (DumpRange){ 12, 13 };
        info.ranges[1] = (DumpRange){ UINT64_MAX, 14 };
        return info;
}

static void check_info(const DumpInfo *a, const DumpInfo *b) {
        ck_assert_uint_eq(a->crash_usec, b->crash_usec);
        ck_assert(streq_ptr(a->host, b->host));
        ck_assert(streq_ptr(a->kernel_release, b->kernel_release));
        ck_assert(streq_ptr(a->machine, b->machine));
        ck_assert(streq_ptr(a->panic_message, b->panic_message));
        ck_assert(streq_ptr(a->panic_where, b->panic_where));
        ck_assert_uint_eq(a->panic_uptime_usec, b->panic_uptime_usec);
        ck_assert_uint_eq(a->n_ranges, b->n_ranges);
        for (size_t i = 0; i < a->n_ranges; i++) {
                ck_assert_uint_eq(a->ranges[i].start, b->ranges[i].start);
                ck_assert_uint_eq(a->ranges[i].size, b->ranges[i].size);
        }
        ck_assert_uint_eq(a->memory_bytes, b->memory_bytes);
        ck_assert_uint_eq(a->n_cpus, b->n_cpus);
        ck_assert(streq_ptr(a->vmcore, b->vmcore));
        ck_assert_uint_eq(a->vmcore_bytes, b->vmcore_bytes);
        ck_assert_uint_eq(a->unreadable_bytes, b->unreadable_bytes);
        ck_assert(streq_ptr(a->log, b->log));
        ck_assert_uint_eq(a->log_bytes, b->log_bytes);
        ck_assert(streq_ptr(a->collector, b->collector));
        ck_assert(streq_ptr(a->collector_version, b->collector_version));
        ck_assert_int_eq(a->kernel_unknown, b->kernel_unknown);
        ck_assert_int_eq(a->collector_status, b->collector_status);
        ck_assert(streq_ptr(a->capture_release, b->capture_release));
        ck_assert(streq_ptr(a->target, b->target));
        ck_assert_int_eq(a->on_fallback, b->on_fallback);
        ck_assert_uint_eq(a->since_boot_usec, b->since_boot_usec);
        ck_assert_uint_eq(a->target_usec, b->target_usec);
        ck_assert_uint_eq(a->log_usec, b->log_usec);
        ck_assert_uint_eq(a->dump_usec, b->dump_usec);
        ck_assert_uint_eq(a->total_usec, b->total_usec);
        ck_assert_uint_eq(a->result, b->result);
        ck_assert(streq_ptr(a->message, b->message));
}

START_TEST(there_and_back) {
        DumpInfo info = sample(), back;
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(dump_info_to_json(&info, &text), 0);
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
        ck_assert_int_eq(dump_info_from_json(text, strlen(text), &back), 0);
        check_info(&info, &back);
        dump_info_done(&back);
        dump_info_done(&info);
}
END_TEST

START_TEST(directory_stays_behind) {
        DumpInfo info = { .directory = strdup("/var/crash/here") }, back;
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(dump_info_to_json(&info, &text), 0);
        ck_assert_ptr_null(strstr(text, "/var/crash"));
        ck_assert_int_eq(dump_info_from_json(text, strlen(text), &back), 0);
        ck_assert_ptr_null(back.directory);
        dump_info_done(&info);
}
END_TEST

START_TEST(nearly_empty) {
        static const char text[] = " {\"Later\": [1, {\"x\": null}], \"Result\": \"failed\"} \r\n";
        DumpInfo info;

        ck_assert_int_eq(dump_info_from_json("{}", 2, &info), 0);
        check_info(&info, &(DumpInfo){ 0 });
        ck_assert_int_eq(dump_info_from_json(text, strlen(text), &info), 0);
        check_info(&info, &(DumpInfo){ .result = DUMP_RESULT_FAILED });
}
END_TEST

/* Another kernel's memory may hold anything. */
START_TEST(mended_and_cut) {
        DumpInfo info = { .panic_message = malloc(CRASH_INFO_LONGEST_STRING + 9),
                          .host = strdup("a\xff\nb") },
                 back;
        _cleanup_free_ char *text = NULL;

        ck_assert_ptr_nonnull(info.panic_message);
        memset(info.panic_message, 'a', CRASH_INFO_LONGEST_STRING + 8);
        info.panic_message[CRASH_INFO_LONGEST_STRING + 8] = '\0';
        ck_assert_int_eq(dump_info_to_json(&info, &text), 0);
        ck_assert_int_eq(dump_info_from_json(text, strlen(text), &back), 0);
        ck_assert_str_eq(back.host, "a??b");
        ck_assert_uint_eq(strlen(back.panic_message), CRASH_INFO_LONGEST_STRING);
        dump_info_done(&back);
        dump_info_done(&info);
}
END_TEST

static void refuse(const char *text, size_t size) {
        DumpInfo info = { .n_cpus = 7 };

        ck_assert_msg(dump_info_from_json(text, size, &info) == -EBADMSG, "%.60s", text);
        ck_assert_uint_eq(info.n_cpus, 7);
}

START_TEST(hostile) {
        static const char *const bad[] = {
                "",
                " ",
                "x",
                "null",
                "1",
                "[]",
                "\"x\"",
                "{",
                "{}}",
                "{} {}",
                "{}x",
                "{\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
                "{\"Ranges\":1}",
                "{\"Ranges\":{}}",
                "{\"Ranges\":[1]}",
                "{\"Ranges\":[[1,2],[1]]}",
                "{\"Ranges\":[[1,2,3]]}",
                "{\"Ranges\":[[1,-2]]}",
                "{\"Ranges\":[[1,\"2\"]]}",
                "{\"Host\":\"good\",\"Ranges\":[[1,2],null]}",
                "{\"Result\":\"Complete\"}",
                "{\"Result\":0}",
                "{\"Host\":\"a\\u0000b\"}",
                "{\"Host\":1}",
                "{\"KernelRelease\":\"x\",\"Message\":null}",
                "{\"Cpus\":-1}",
                "{\"Cpus\":1.5}",
                "{\"Cpus\":\"1\"}",
                "{\"CollectorStatus\":\"1\"}",
                "{\"OnFallback\":1}",
        };
        _cleanup_free_ char *big = malloc(DUMP_JSON_LONGEST + 2);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                refuse(bad[i], strlen(bad[i]));
        refuse("{}\0", 3);
        ck_assert_ptr_nonnull(big);
        memset(big, ' ', DUMP_JSON_LONGEST + 2);
        memcpy(big, "{}", 2);
        refuse(big, DUMP_JSON_LONGEST + 1);
}
END_TEST

/* What the writer can write, the reader takes, and not one range more. */
START_TEST(many_ranges) {
        DumpInfo info = { .ranges = calloc(CRASH_RANGES_MOST + 1, sizeof(DumpRange)),
                          .n_ranges = CRASH_RANGES_MOST + 1 },
                 back;
        _cleanup_free_ char *text = NULL, *more = NULL;
        char *end;

        ck_assert_ptr_nonnull(info.ranges);
        for (size_t i = 0; i < info.n_ranges; i++)
                info.ranges[i] = (DumpRange){ UINT64_MAX - i, UINT64_MAX - i };
        ck_assert_int_eq(dump_info_to_json(&info, &text), 0);
        ck_assert_uint_lt(strlen(text), DUMP_JSON_LONGEST);
        ck_assert_int_eq(dump_info_from_json(text, strlen(text), &back), 0);
        ck_assert_uint_eq(back.n_ranges, CRASH_RANGES_MOST);
        ck_assert_uint_eq(back.ranges[CRASH_RANGES_MOST - 1].size,
                          UINT64_MAX - (CRASH_RANGES_MOST - 1));
        end = strstr(text, "]]}");
        ck_assert_ptr_nonnull(end);
        ck_assert_int_gt(asprintf(&more, "%.*s],[1,2]]}", (int)(end - text), text), 0);
        refuse(more, strlen(more));
        dump_info_done(&back);
        dump_info_done(&info);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, there_and_back);
        ADD_TEST(s, directory_stays_behind);
        ADD_TEST(s, nearly_empty);
        ADD_TEST(s, mended_and_cut);
        ADD_TEST(s, hostile);
        ADD_TEST(s, many_ranges);
}

TEST_MAIN("dump-json", add_cases)
