/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/record: what a restarted daemon finds of the image that is loaded. */
#include "test.h"

#include "daemon/record.h"
#include "tree.h"

#define BOOT_ID     "01234567-89ab-cdef-0123-456789abcdef"
#define OTHER_BOOT  "11234567-89ab-cdef-0123-456789abcdef"
#define BOOT_ID_AT  "/proc/sys/kernel/random/boot_id"
#define RECORD_FILE "/run/kdumpd-daemon/image.json"

static void init(Tree *t) {
        tree_init(t);
        tree_text(t, BOOT_ID_AT, BOOT_ID "\n");
        tree_dir(t, "/run/kdumpd-daemon");
}

static ImageRecord make_record(void) {
        ImageRecord record = {
                .loaded_realtime_usec = UINT64_C(1700000000000000),
                .must_reload = true,
                .answers = { HOTPLUG_KERNEL_UPDATES, HOTPLUG_ABSENT },
                .fingerprint = { .blocks = { .count = UINT64_MAX,
                                             .sum = UINT64_MAX - 1,
                                             .xored = 3 },
                                 .cpus = { .count = 4, .sum = 5, .xored = INT64_MAX } },
        };

        record.report.kernel = (FileIdentity){ strdup("/boot/vmlinuz"), 1, UINT64_MAX, 3, 4 };
        record.report.command_line = strdup("root=\"/dev/v da\" gr\u00fcn=\\");
        record.report.loader = strdup("kexec_file_load");
        record.report.flags = 2;
        return record;
}

START_TEST(round_trip) {
        ImageRecord record = make_record(), back = { 0 };
        const char *what;
        struct stat st;
        Tree t;

        init(&t);
        ck_assert_int_eq(record_read(t.fd, &back), 0);
        ck_assert_int_eq(record_write(t.fd, &record), 0);
        ck_assert_int_eq(record_read(t.fd, &back), 1);
        ck_assert_str_eq(back.boot_id, BOOT_ID);
        ck_assert(back.must_reload);
        ck_assert_int_eq(back.answers[SUBSYSTEM_CPU], HOTPLUG_KERNEL_UPDATES);
        ck_assert_int_eq(back.answers[SUBSYSTEM_MEMORY], HOTPLUG_ABSENT);
        ck_assert_uint_eq(back.loaded_realtime_usec, record.loaded_realtime_usec);
        ck_assert_uint_eq(fingerprint_difference(&back.fingerprint, &record.fingerprint), 0);
        ck_assert_msg(load_report_same_image(&back.report, &record.report, &what), "%s", what);
        ck_assert_ptr_null(back.report.initrd.path);
        /* What is given is not changed, and what is there is replaced. */
        ck_assert_str_eq(record.boot_id, "");
        image_record_done(&back);
        record.must_reload = false;
        ck_assert_int_eq(record_write(t.fd, &record), 0);
        ck_assert_int_eq(record_read(t.fd, &back), 1);
        ck_assert(!back.must_reload);
        ck_assert_int_eq(fstatat(t.fd, "run/kdumpd-daemon/image.json", &st, 0), 0);
        ck_assert_int_eq(st.st_mode & 0022, 0);
        ck_assert_int_eq(record_remove(t.fd), 0);
        ck_assert_int_eq(record_remove(t.fd), 0);
        image_record_done(&back);
        ck_assert_int_eq(record_read(t.fd, &back), 0);
        image_record_done(&record);
        tree_done(&t);
}
END_TEST

START_TEST(other_boot) {
        ImageRecord record = make_record(), back = { 0 };
        Tree t;

        init(&t);
        ck_assert_int_eq(record_write(t.fd, &record), 0);
        tree_text(&t, BOOT_ID_AT, OTHER_BOOT "\n");
        ck_assert_int_eq(record_read(t.fd, &back), 0);
        ck_assert_ptr_null(back.report.loader);
        /* Who does not know which boot this is trusts nothing, and writes nothing. */
        tree_unlink(&t, BOOT_ID_AT);
        ck_assert_int_eq(record_read(t.fd, &back), -ENOENT);
        ck_assert_int_eq(record_write(t.fd, &record), -ENOENT);
        ck_assert(!exists_below(t.fd, RECORD_FILE));
        tree_text(&t, BOOT_ID_AT, "no boot id\n");
        ck_assert_int_eq(record_write(t.fd, &record), -EINVAL);
        image_record_done(&record);
        tree_done(&t);
}
END_TEST

START_TEST(garbage) {
        static const char *const texts[] = {
                "",
                "\n",
                "{",
                "null",
                "[]",
                "\"" BOOT_ID "\"",
                "{\"BootId\":\"" BOOT_ID "\"",
                "{\"BootId\":\"" BOOT_ID "\"} {}",
                "{\"BootId\":1}",
                "{\"BootId\":\"" BOOT_ID "x\"}",
                "{\"BootId\":\"" BOOT_ID "\",\"MustReload\":1}",
                "{\"BootId\":\"" BOOT_ID "\",\"Report\":{\"Flags\":-1}}",
                "{\"BootId\":\"" BOOT_ID "\",\"Report\":[]}",
                "{\"BootId\":\"" BOOT_ID "\",\"CpuAnswer\":1}",
                "{\"BootId\":\"" BOOT_ID "\",\"CpuAnswer\":\"2\"}",
        };
        ImageRecord back = { 0 };
        Tree t;

        init(&t);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                tree_text(&t, RECORD_FILE, texts[i]);
                ck_assert_msg(record_read(t.fd, &back) == -EBADMSG, "%s", texts[i]);
        }
        /* As an older version wrote it. */
        tree_text(&t, RECORD_FILE, "{\"BootId\":\"" BOOT_ID "\"}");
        ck_assert_int_eq(record_read(t.fd, &back), 1);
        ck_assert_int_eq(back.answers[SUBSYSTEM_CPU], HOTPLUG_NOT_ASKED);
        image_record_done(&back);
        /* None of any boot. */
        tree_text(&t, RECORD_FILE, "{}");
        ck_assert_int_eq(record_read(t.fd, &back), 0);

        _cleanup_free_ char *much = malloc(1 << 20);

        ck_assert_ptr_nonnull(much);
        memset(much, ' ', 1 << 20);
        tree_bytes(&t, RECORD_FILE, much, 1 << 20);
        ck_assert_int_eq(record_read(t.fd, &back), -EFBIG);
        tree_unlink(&t, RECORD_FILE);
        tree_dir(&t, RECORD_FILE);
        ck_assert_int_eq(record_read(t.fd, &back), -EISDIR);
        ck_assert_ptr_null(back.report.loader);
        tree_done(&t);
}
END_TEST

/* If the new one cannot be written, the old one must not stay: it says what is no longer loaded. */
START_TEST(unwritable) {
        ImageRecord record = make_record();
        Tree t;

        init(&t);
        ck_assert_int_eq(record_write(t.fd, &record), 0);
        /* A directory in place of the temporary file fails for root as well. */
        tree_dir(&t, RECORD_FILE ".new");
        ck_assert_int_lt(record_write(t.fd, &record), 0);
        ck_assert(!exists_below(t.fd, RECORD_FILE));
        ck_assert_int_eq(unlinkat(t.fd, "run/kdumpd-daemon/image.json.new", AT_REMOVEDIR), 0);

        /* Nor is a link followed that somebody put there. */
        tree_text(&t, "/victim", "precious");
        tree_link(&t, RECORD_FILE ".new", "/victim");
        ck_assert_int_eq(record_write(t.fd, &record), -ELOOP);
        tree_unlink(&t, RECORD_FILE ".new");

        ck_assert_int_eq(unlinkat(t.fd, "run/kdumpd-daemon", AT_REMOVEDIR), 0);
        ck_assert_int_eq(record_write(t.fd, &record), -ENOENT);

        tree_dir(&t, "/run/kdumpd-daemon");
        ck_assert_int_eq(record_write(t.fd, &record), 0);
        tree_close(&t, "/run/kdumpd-daemon");
        ck_assert_int_eq(record_write(t.fd, &record), -EACCES);
        ck_assert_int_eq(record_remove(t.fd), -EACCES);
        tree_reopen(&t, "/run/kdumpd-daemon");
        image_record_done(&record);
        tree_done(&t);
}
END_TEST

/* What became of a load of which this process has not seen the end. */
START_TEST(settled) {
        enum { LOADED, NOTHING, OTHER_IMAGE, OTHER_BOOTS, NO_RECORD };
        ImageRecord record = make_record(), loaded = { 0 }, back;
        const Fingerprint *covers;
        Tree t;

        init(&t);
        tree_dir(&t, LOAD_DIRECTORY);
        record.report.call_start_usec = 500;
        record.begun_usec = 1000;
        record.begun = (Fingerprint){ .cpus = { .count = 8, .sum = 28 } };
        record.removed_blocks = 3;
        record.lost_events = true;
        ck_assert_int_eq(record_write(t.fd, &record), 0);
        strscpy(loaded.boot_id, sizeof(loaded.boot_id), _i == OTHER_BOOTS ? OTHER_BOOT : BOOT_ID);
        loaded.report.kernel.path = strdup("/boot/another");
        loaded.report.call_start_usec = _i == NOTHING ? 500 : _i == OTHER_IMAGE ? 700 : 1000;
        if (_i != NO_RECORD)
                ck_assert_int_eq(image_record_write(t.fd, IMAGE_RECORD_PATH, &loaded), 0);
        ck_assert_int_eq(record_read(t.fd, &back), 1);
        ck_assert_uint_eq(back.begun_usec, 0);
        ck_assert_int_eq(back.must_reload, _i != LOADED && _i != NOTHING);
        ck_assert_str_eq(back.report.kernel.path, _i == LOADED ? "/boot/another" : "/boot/vmlinuz");
        covers = _i == LOADED ? &record.begun : &record.fingerprint;
        ck_assert_uint_eq(fingerprint_difference(&back.fingerprint, covers), 0);
        ck_assert_uint_eq(back.removed_blocks, _i == LOADED ? 0 : 3);
        ck_assert_int_eq(back.lost_events, _i != LOADED);
        ck_assert_int_eq(back.answers[SUBSYSTEM_CPU],
                         _i == LOADED ? HOTPLUG_NOT_ASKED : HOTPLUG_KERNEL_UPDATES);
        image_record_done(&back);
        image_record_done(&loaded);
        image_record_done(&record);
        tree_done(&t);
}
END_TEST

/* One that was stale before a load that changed nothing still is; and where nothing was loaded
 * before, there is nothing to go back to. */
START_TEST(settled_as_before) {
        ImageRecord record = make_record(), loaded = { 0 };

        record.begun_usec = 1000;
        record.begun_was_stale = _i == 0;
        record.report.call_start_usec = loaded.report.call_start_usec = 500;
        loaded.report.kernel.path = strdup("/boot/vmlinuz");
        if (_i == 1) {
                free(record.report.kernel.path);
                record.report.kernel.path = NULL;
        }
        image_record_settle(&record, &loaded);
        ck_assert(record.must_reload);
        image_record_done(&loaded);
        image_record_done(&record);
}
END_TEST

static void add_cases(Suite *s) {
        TCase *settles = tcase_create("settles");

        ADD_TEST(s, round_trip);
        ADD_TEST(s, other_boot);
        ADD_TEST(s, garbage);
        ADD_TEST(s, unwritable);
        tcase_add_loop_test(settles, settled, 0, 5);
        tcase_add_loop_test(settles, settled_as_before, 0, 2);
        suite_add_tcase(s, settles);
}

TEST_MAIN("record", add_cases)
