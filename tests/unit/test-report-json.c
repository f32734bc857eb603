/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/report-json: every member there and back, and what is refused. */
#include "test.h"

#include <stdio.h>

#include "base/string-util.h"
#include "sys/report-json.h"

static const char *const keys[] = {
        "Failure",
        "Message",
        "KernelFile",
        "KernelDevice",
        "KernelInode",
        "KernelMtimeNSec",
        "KernelBytes",
        "InitrdFile",
        "InitrdDevice",
        "InitrdInode",
        "InitrdMtimeNSec",
        "InitrdBytes",
        "KernelRelease",
        "CommandLine",
        "Loader",
        "LoaderReason",
        "Flags",
        "ReservationBytes",
        "ReservationCmaBytes",
        "NeededBytes",
        "CallStartUSec",
        "CallEndUSec",
        "PrepareUSec",
        "BusyTries",
        "HadImage",
        "FirstLoader",
        "FirstFlags",
        "LoaderIsAutomatic",
        "Word",
        "Meaning",
        "Reason",
        "CommandLineWords",
        "WasRestored",
};

/* A different value in each member, so that a mix-up shows. */
static LoadReport sample(void) {
        WordNote *words = calloc(2, sizeof(*words));

        ck_assert_ptr_nonnull(words);
        words[0] = (WordNote){ strdup("quiet"), strdup("harm"), strdup("x \"y\"") };
        words[1] = (WordNote){ strdup("a=\"b\""), strdup("unknown"), strdup("") };
        return (LoadReport){
                .words = words,
                .n_words = 2,
                .failure = FAILURE_TOO_SMALL,
                .message = strdup("\"quoted\" \\ \t and \xc3\xa9"),
                .kernel = { strdup("/boot/vmlinuz"), 1, 2, 3, 4 },
                .initrd = { strdup("/boot/initrd"), 5, 6, UINT64_MAX, 8 },
                .kernel_release = strdup("6.1.0"),
                .command_line = strdup("a=\"b c\" d/e"),
                .loader = strdup("kexec_file_load"),
                .loader_reason = strdup("because"),
                .flags = 9,
                .first_loader = strdup("kexec_load"),
                .first_flags = 16,
                .is_automatic = true,
                .reservation_bytes = 10,
                .reservation_cma_bytes = 20,
                .needed_bytes = 11,
                .wanted_bytes = 21,
                .advice = strdup("192M"),
                .call_start_usec = 12,
                .call_end_usec = 13,
                .prepare_usec = 14,
                .busy_tries = 15,
                .had_image = true,
                .was_restored = true,
        };
}

static void check_file(const FileIdentity *a, const FileIdentity *b) {
        ck_assert(streq_ptr(a->path, b->path));
        ck_assert_uint_eq(a->device, b->device);
        ck_assert_uint_eq(a->inode, b->inode);
        ck_assert_uint_eq(a->mtime_nsec, b->mtime_nsec);
        ck_assert_uint_eq(a->size, b->size);
}

static void check_report(const LoadReport *a, const LoadReport *b) {
        ck_assert_uint_eq(a->failure, b->failure);
        ck_assert(streq_ptr(a->message, b->message));
        check_file(&a->kernel, &b->kernel);
        check_file(&a->initrd, &b->initrd);
        ck_assert(streq_ptr(a->kernel_release, b->kernel_release));
        ck_assert(streq_ptr(a->command_line, b->command_line));
        ck_assert_uint_eq(a->n_words, b->n_words);
        for (size_t i = 0; i < a->n_words; i++) {
                ck_assert_str_eq(a->words[i].word, b->words[i].word);
                ck_assert_str_eq(a->words[i].meaning, b->words[i].meaning);
                ck_assert_str_eq(a->words[i].reason, b->words[i].reason);
        }
        ck_assert(streq_ptr(a->loader, b->loader));
        ck_assert(streq_ptr(a->loader_reason, b->loader_reason));
        ck_assert_uint_eq(a->flags, b->flags);
        ck_assert(streq_ptr(a->first_loader, b->first_loader));
        ck_assert_uint_eq(a->first_flags, b->first_flags);
        ck_assert_int_eq(a->is_automatic, b->is_automatic);
        ck_assert_uint_eq(a->reservation_bytes, b->reservation_bytes);
        ck_assert_uint_eq(a->reservation_cma_bytes, b->reservation_cma_bytes);
        ck_assert_uint_eq(a->needed_bytes, b->needed_bytes);
        ck_assert_uint_eq(a->wanted_bytes, b->wanted_bytes);
        ck_assert(streq_ptr(a->advice, b->advice));
        ck_assert_uint_eq(a->call_start_usec, b->call_start_usec);
        ck_assert_uint_eq(a->call_end_usec, b->call_end_usec);
        ck_assert_uint_eq(a->prepare_usec, b->prepare_usec);
        ck_assert_uint_eq(a->busy_tries, b->busy_tries);
        ck_assert_int_eq(a->had_image, b->had_image);
        ck_assert_int_eq(a->was_restored, b->was_restored);
}

START_TEST(there_and_back) {
        LoadReport report = sample(), back;
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(report_to_json(&report, &text), 0);
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                char key[64];

                strscpyf(key, sizeof(key), "\"%s\":", keys[i]);
                ck_assert_ptr_nonnull(strstr(text, key));
        }
        ck_assert_int_eq(report_from_json(text, strlen(text), &back), 0);
        check_report(&report, &back);
        load_report_done(&back);
        load_report_done(&report);
}
END_TEST

START_TEST(empty) {
        LoadReport report = { 0 }, back = sample(), old = back;
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(report_to_json(&report, &text), 0);
        ck_assert_ptr_null(strstr(text, "Message"));
        ck_assert_int_eq(report_from_json(text, strlen(text), &back), 0);
        check_report(&report, &back);
        ck_assert_int_eq(report_from_json("{}", 2, &back), 0);
        check_report(&report, &back);
        load_report_done(&old);
}
END_TEST

START_TEST(tolerated) {
        static const char text[] = " {\"Later\": [1, {\"x\": null}], \"Failure\": \"Busy\"} \r\n";
        LoadReport report;

        ck_assert_int_eq(report_from_json(text, strlen(text), &report), 0);
        ck_assert_uint_eq(report.failure, FAILURE_BUSY);
        load_report_done(&report);
}
END_TEST

START_TEST(every_failure) {
        for (unsigned f = 0; f < _FAILURE_MAX; f++) {
                LoadReport report = { .failure = f }, back;
                _cleanup_free_ char *text = NULL;

                ck_assert_int_eq(report_to_json(&report, &text), 0);
                ck_assert_int_eq(report_from_json(text, strlen(text), &back), 0);
                ck_assert_uint_eq(back.failure, f);
        }
}
END_TEST

static void refuse(const char *text, size_t size) {
        LoadReport report = { .flags = 7 };
        ImageRecord record = { .loaded_realtime_usec = 7 };

        ck_assert_int_eq(report_from_json(text, size, &report), -EBADMSG);
        ck_assert_uint_eq(report.flags, 7);
        ck_assert_int_eq(image_record_from_json(text, size, &record), -EBADMSG);
        ck_assert_uint_eq(record.loaded_realtime_usec, 7);
}

START_TEST(hostile) {
        static const char *const bad[] = {
                "",    " ",     "x",     "null",
                "1",   "[]",    "\"x\"", "{",
                "{}}", "{} {}", "{}x",   "{\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
        };
        _cleanup_free_ char *big = malloc(REPORT_JSON_LONGEST + 3);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                refuse(bad[i], strlen(bad[i]));
        refuse("{}\0", 3);
        ck_assert_ptr_nonnull(big);
        memset(big, ' ', REPORT_JSON_LONGEST + 3);
        memcpy(big, "{}", 2);
        refuse(big, REPORT_JSON_LONGEST + 1);
}
END_TEST

START_TEST(wrong_types) {
        static const char *const values[] = { "[]", "{}",   "null",  "1.5",          "-1",
                                              "1",  "true", "\"x\"", "\"a\\u0000b\"" };
        static const char *const numbers[] = { "KernelBytes", "Flags", "CallStartUSec" };
        static const char *const strings[] = { "Message", "KernelFile", "CommandLine" };
        LoadReport report;
        char text[128];

        for (size_t v = 0; v < ELEMENTSOF(values); v++) {
                for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                        strscpyf(text, sizeof(text), "{\"%s\":%s}", numbers[i], values[v]);
                        ck_assert_int_eq(report_from_json(text, strlen(text), &report),
                                         streq(values[v], "1") ? 0 : -EBADMSG);
                }
                for (size_t i = 0; i < ELEMENTSOF(strings); i++) {
                        /* One good string before it: it must not leak. */
                        strscpyf(text, sizeof(text), "{\"Loader\":\"l\",\"%s\":%s}", strings[i],
                                 values[v]);
                        if (!streq(values[v], "\"x\"")) {
                                ck_assert_int_eq(report_from_json(text, strlen(text), &report),
                                                 -EBADMSG);
                                continue;
                        }
                        ck_assert_int_eq(report_from_json(text, strlen(text), &report), 0);
                        load_report_done(&report);
                }
                strscpyf(text, sizeof(text), "{\"HadImage\":%s}", values[v]);
                ck_assert_int_eq(report_from_json(text, strlen(text), &report),
                                 streq(values[v], "true") ? 0 : -EBADMSG);
                strscpyf(text, sizeof(text), "{\"Failure\":%s}", values[v]);
                ck_assert_int_eq(report_from_json(text, strlen(text), &report), -EBADMSG);
        }
}
END_TEST

START_TEST(long_strings) {
        LoadReport report = { 0 }, back;
        _cleanup_free_ char *text = NULL, *longer = NULL;

        report.message = malloc(LOAD_REPORT_LONGEST_STRING + 2);
        ck_assert_ptr_nonnull(report.message);
        memset(report.message, 'a', LOAD_REPORT_LONGEST_STRING + 1);
        report.message[LOAD_REPORT_LONGEST_STRING + 1] = '\0';
        ck_assert_int_gt(asprintf(&longer, "{\"Message\":\"%s\"}", report.message), 0);
        ck_assert_int_eq(report_from_json(longer, strlen(longer), &back), -EBADMSG);
        free(TAKE_PTR(longer));
        /* What is written can be read. */
        ck_assert_int_eq(report_to_json(&report, &longer), 0);
        ck_assert_int_eq(report_from_json(longer, strlen(longer), &back), 0);
        ck_assert_uint_eq(strlen(back.message), LOAD_REPORT_LONGEST_STRING);
        load_report_done(&back);
        report.message[LOAD_REPORT_LONGEST_STRING] = '\0';
        ck_assert_int_eq(report_to_json(&report, &text), 0);
        ck_assert_int_eq(report_from_json(text, strlen(text), &back), 0);
        check_report(&report, &back);
        load_report_done(&back);
        load_report_done(&report);
}
END_TEST

START_TEST(record) {
        ImageRecord r = {
                .boot_id = "0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5f",
                .report = sample(),
                .fingerprint = { .blocks = { .count = 1, .sum = UINT64_MAX, .xored = 3 },
                                 .cpus = { .count = 4, .sum = 5, .xored = UINT64_MAX - 1 } },
                .must_reload = true,
                .loaded_realtime_usec = 16,
        }, back;
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(image_record_to_json(&r, &text), 0);
        ck_assert_int_eq(image_record_from_json(text, strlen(text), &back), 0);
        ck_assert_str_eq(back.boot_id, r.boot_id);
        check_report(&back.report, &r.report);
        ck_assert_mem_eq(&back.fingerprint, &r.fingerprint, sizeof(Fingerprint));
        ck_assert(back.must_reload);
        ck_assert_uint_eq(back.loaded_realtime_usec, 16);
        image_record_done(&back);
        image_record_done(&r);

        static const char *const bad[] = {
                "{\"BootId\":\"0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5f0\"}",
                "{\"Report\":1}",
                "{\"Report\":{\"Flags\":\"x\"}}",
                "{\"Report\":{\"Message\":\"x\",\"Loader\":1}}",
                "{\"CpusSum\":-1}",
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(image_record_from_json(bad[i], strlen(bad[i]), &back), -EBADMSG);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, there_and_back);
        ADD_TEST(s, empty);
        ADD_TEST(s, tolerated);
        ADD_TEST(s, every_failure);
        ADD_TEST(s, hostile);
        ADD_TEST(s, wrong_types);
        ADD_TEST(s, long_strings);
        ADD_TEST(s, record);
}

TEST_MAIN("report-json", add_cases)
