/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl finds and prints of dumps. */
#include "ctl/dumps.h"

#include <stdlib.h>
#include <time.h>

#include "ctl/json.h"
#include "ctl/output-dumps.h"
#include "ctl/print.h"
#include "test.h"
#include "tree.h"

static Tree tree;
static Settings settings;
static Dumps dumps;

#define SECOND UINT64_C(1000000)
#define WHEN   (UINT64_C(1700000000) * SECOND) /* Tue 2023-11-14 22:13:20 UTC */

#define SUMMARY                                                                        \
        "{\"Result\":\"complete\",\"CrashUSec\":1700000000000000,\"Host\":\"vm\","     \
        "\"KernelRelease\":\"6.12.57\",\"Machine\":\"x86_64\","                        \
        "\"PanicMessage\":\"Kernel panic - not syncing: sysrq\\u001b[2J\","            \
        "\"PanicWhere\":\"RIP: 0010:sysrq_handle_crash+0x16/0x20\","                   \
        "\"PanicUptimeUSec\":185000000,\"MemoryBytes\":2147483648,\"Cpus\":2,"         \
        "\"Collector\":\"makedumpfile -l -d 23\",\"CollectorVersion\":\"1.7.2\","      \
        "\"CollectorStatus\":0,\"KernelUnknown\":true,\"CaptureRelease\":\"6.12.57\"," \
        "\"UnreadableBytes\":8192,"                                                    \
        "\"Target\":\"/var/crash on /dev/vda1\",\"OnFallback\":false,"                 \
        "\"SinceBootUSec\":1900000,\"TargetUSec\":120000,\"LogUSec\":30000,"           \
        "\"DumpUSec\":4100000,\"TotalUSec\":4600000,\"Ranges\":[[0,1],[4096,8192]]}"

static void setup(void) {
        ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
        tzset();
        tree_init(&tree);
        ck_assert_int_eq(settings_init(&settings), 0);
}

static void teardown(void) {
        dumps_done(&dumps);
        settings_done(&settings);
        tree_done(&tree);
}

static void put_three(void) {
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20/kdump.json", SUMMARY);
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20/vmcore", "12345");
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20/vmcore-dmesg.txt", "a\nb\x1b[1m\n");
        tree_text(&tree, "/var/crash/vm-2023-11-13-00:00:00/vmcore.incomplete", "1");
        tree_text(&tree, "/var/crash/other-2022-01-01-00:00:00/vmcore-dmesg.txt", "x\n");
}

static void read_dumps(size_t n) {
        dumps_done(&dumps);
        ck_assert_int_eq(dumps_read(tree.path, &settings, &dumps), 0);
        ck_assert_uint_eq(dumps.n, n);
}

typedef struct Output {
        FILE *f;
        char *text;
        size_t size;
} Output;

static void check_output(Output *o, const char *wanted) {
        ck_assert_int_eq(fclose(o->f), 0);
        ck_assert_str_eq(o->text, wanted);
        free(o->text);
}

static void check_holds(Output *o, const char *const *wanted) {
        ck_assert_int_eq(fclose(o->f), 0);
        for (size_t i = 0; wanted[i]; i++)
                ck_assert_msg(strstr(o->text, wanted[i]), "'%s' is not in:\n%s", wanted[i],
                              o->text);
        free(o->text);
}

START_TEST(test_table) {
        Output o = { 0 };

        put_three();
        read_dumps(3);
        o.f = open_memstream(&o.text, &o.size);
        print_dumps(o.f, &dumps, false);
        check_output(
                &o,
                "NR  WHEN                         KERNEL   STATE       SIZE  PANIC\n"
                "3   Sat 2022-01-01 00:00:00 UTC  -        log-only    -     -\n"
                "2   Mon 2023-11-13 00:00:00 UTC  -        incomplete  1 B   -\n"
                "1   Tue 2023-11-14 22:13:20 UTC  6.12.57  complete    5 B   Kernel panic - not "
                "syncing: sysrq?[2J\n");
}
END_TEST

/* Other dumps lie behind the same path outside of the root. */
START_TEST(test_link) {
        char outside[] = "/tmp/kdumpd-test-XXXXXX", path[128];

        ck_assert_ptr_nonnull(mkdtemp(outside));
        tree_link(&tree, "/var/crash", outside);
        read_dumps(0);
        strscpyf(path, sizeof(path), "%s/vm-2023-11-14-22:13:20/vmcore", outside);
        tree_text(&tree, path, "1");
        read_dumps(1);
        ck_assert_str_eq(dumps.items[0].dump.info.directory, "/var/crash/vm-2023-11-14-22:13:20");
        ck_assert_int_eq(rmdir(outside), 0);
}
END_TEST

START_TEST(test_info) {
        static const char *const wanted[] = {
                "        When: Tue 2023-11-14 22:13:20 UTC (2 min 0 s ago)\n"
                "        Host: vm\n"
                "      Kernel: 6.12.57 (x86_64)\n"
                "       Panic: Kernel panic - not syncing: sysrq?[2J\n"
                "       Where: RIP: 0010:sysrq_handle_crash+0x16/0x20\n"
                "      Uptime: 3 min 5 s\n"
                "      Memory: 2048 MiB in 2 ranges, registers of 2 CPUs\n"
                "       State: complete\n"
                "        Note: makedumpfile did not know this kernel: pages",
                "        Note: 8.0 KiB of the memory could not be read, and are zeros in the dump\n"
                "   Directory: /var/crash/vm-2023-11-14-22:13:20\n"
                "        Dump: /var/crash/vm-2023-11-14-22:13:20/vmcore (5 B)\n"
                "         Log: /var/crash/vm-2023-11-14-22:13:20/vmcore-dmesg.txt (8 B)\n"
                "   Collector: makedumpfile -l -d 23 (1.7.2), exit status 0\n"
                "  Written to: /var/crash on /dev/vda1\n"
                "     Capture: 6.12.57: 1.90 s to boot, 120 ms for the target, 30.0 ms for the "
                "log, 4.10 s for the dump, 4.60 s in all\n"
                "\n"
                "BUG?[1m\n"
                "end\n",
                NULL,
        };
        Output o = { 0 };

        put_three();
        read_dumps(3);
        o.f = open_memstream(&o.text, &o.size);
        print_dump(o.f, &dumps.items[2], "BUG\x1b[1m\nend", 11, WHEN + 120 * SECOND, false);
        check_holds(&o, wanted);
}
END_TEST

/* Only what is known is said. */
START_TEST(test_info_of_others) {
        static const char *const wanted[] = { "State: incomplete\n", "left no summary",
                                              "/vmcore.incomplete (1 B)\n", NULL };
        Output o = { 0 };

        put_three();
        read_dumps(3);
        o.f = open_memstream(&o.text, &o.size);
        print_dump(o.f, &dumps.items[1], NULL, 0, WHEN, false);
        (void)fflush(o.f);
        ck_assert_ptr_null(strstr(o.text, "Collector"));
        ck_assert_ptr_null(strstr(o.text, "Memory"));
        check_holds(&o, wanted);
}
END_TEST

/* What debuggers may not read as it is, and what SUSE's README.txt says. */
START_TEST(test_flattened) {
        static const char head[32] = "makedumpfile";
        static const char *const wanted[] = {
                "complete, flattened",
                "missing",
                "it is in makedumpfile's flattened format: \"makedumpfile -R FILE "
                "</var/crash/127.0.0.1-2023-11-14-22:13:20/vmcore.flat\" makes",
                "       State: missing: README.txt says of the dump: deleted (1 < 2)\n",
                "\"State\": \"complete\"",
                "\"Format\": \"flattened\"",
                "\"Message\": \"README.txt says of the dump: deleted (1 < 2)\"",
                NULL,
        };
        Output o = { 0 };

        tree_bytes(&tree, "/var/crash/127.0.0.1-2023-11-14-22:13:20/vmcore.flat", head,
                   sizeof(head));
        tree_text(&tree, "/var/crash/2023-11-14-23-00/README.txt",
                  "dmesg status: saved successfully\nvmcore status: deleted (1 < 2)\n");
        tree_text(&tree, "/var/crash/2023-11-14-23-00/dmesg", "x\n");
        read_dumps(2);
        o.f = open_memstream(&o.text, &o.size);
        print_dumps(o.f, &dumps, false);
        for (size_t i = 0; i < 2; i++)
                print_dump(o.f, &dumps.items[i], NULL, 0, WHEN, false);
        ck_assert_int_eq(json_print_dumps(o.f, &dumps), 0);
        check_holds(&o, wanted);
}
END_TEST

static const struct {
        const char *name;
        int index;
} names[] = {
        { NULL, 2 },
        { "1", 2 },
        { "3", 0 },
        { "4", -ENOENT },
        { "0", -ENOENT },
        { "vm-2023-11-14-22:13:20", 2 },
        { "vm-2023-11-14", 2 },
        { "vm-2023-11-1", -ENOTUNIQ },
        { "o", 0 },
        { "", -ENOENT },
        { "x", -ENOENT },
};

START_TEST(test_find) {
        put_three();
        read_dumps(3);
        ck_assert_int_eq(dumps_find(&dumps, names[_i].name), names[_i].index);
}
END_TEST

/* A name that is the beginning of another one is itself; Debian's names are numbers. */
START_TEST(test_find_exact) {
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20/vmcore", "");
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20-1/vmcore", "");
        tree_text(&tree, "/var/crash/202311142214/dump.202311142214", "");
        read_dumps(3);
        ck_assert_int_eq(dumps_find(&dumps, "vm-2023-11-14-22:13:20"), 0);
        ck_assert_int_eq(dumps_find(&dumps, "20231"), 2);
        ck_assert_int_eq(dumps_find(&dumps, "2023"), -ENOENT);
}
END_TEST

START_TEST(test_nothing) {
        read_dumps(0);
        ck_assert_uint_eq(dumps.n_targets, 1);
        ck_assert_int_eq(dumps.targets[0].error, -ENOENT);
        ck_assert_int_eq(dumps_find(&dumps, NULL), -ENOENT);
}
END_TEST

/* Two places: one whose device is not there, one that is the same again. */
/* Two places: one whose device is not there, and another one; or the same one twice. */
START_TEST(test_places) {
        Error error;

        put_three();
        tree_text(&tree, "/dev/sda1", "");
        tree_text(&tree, "/sys/class/block/sda1/dev", "8:1\n");
        tree_text(&tree, "/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "/dev/sdq", &error), 0);
        ck_assert_int_eq(settings_set(&settings, "Capture", "FallbackTarget", "/dev/sda1", &error),
                         0);
        read_dumps(3);
        ck_assert_uint_eq(dumps.n_targets, 2);
        ck_assert_int_eq(dumps.targets[0].error, -ENODEV);
        ck_assert_str_eq(dumps.targets[0].clause, "there is no device /dev/sdq");
        ck_assert_int_eq(dumps.targets[1].error, 0);
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "auto", &error), 0);
        read_dumps(3);
        ck_assert_uint_eq(dumps.n_targets, 1);
}
END_TEST

/* The same directory by two paths, and the same device by two names. */
START_TEST(test_doubles) {
        Error error;

        put_three();
        tree_text(&tree, "/dev/sda1", "");
        tree_text(&tree, "/sys/class/block/sda1/dev", "8:1\n");
        tree_text(&tree, "/proc/self/mountinfo", "22 1 8:1 / /mnt rw - ext4 /dev/sda1 rw\n");
        tree_link(&tree, "/mnt/var", "../var");
        ck_assert_int_eq(settings_set(&settings, "Capture", "FallbackTarget", "/dev/sda1", &error),
                         0);
        read_dumps(3);
        ck_assert_uint_eq(dumps.n_targets, 1);
        tree_text(&tree, "/dev/sdd1", "no dump");
        tree_link(&tree, "/dev/disk/by-id/x", "../../sdd1");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "raw:/dev/sdd1", &error), 0);
        ck_assert_int_eq(settings_set(&settings, "Capture", "FallbackTarget",
                                      "raw:/dev/disk/by-id/x", &error),
                         0);
        read_dumps(3);
        ck_assert_uint_eq(dumps.n_targets, 2);
        ck_assert(!dumps.targets[0].is_raw && dumps.targets[1].is_raw);
        /* Of what is not there, only the names are known. */
        tree_unlink(&tree, "/dev/sdd1");
        read_dumps(3);
        ck_assert_uint_eq(dumps.n_targets, 3);
        ck_assert_int_eq(dumps.targets[2].error, -ENODEV);
}
END_TEST

START_TEST(test_json) {
        static const char *const one[] = { "\"KernelRelease\": \"6.12.57\"",
                                           "\"State\": \"complete\"",
                                           "\"Name\": \"vm-2023-11-14-22:13:20\"",
                                           "\"Directory\": \"/var/crash/vm-2023-11-14-22:13:20\"",
                                           "\"KernelUnknown\": true",
                                           "\"VmcoreBytes\": 5",
                                           NULL };
        static const char *const all[] = { "\"State\": \"log-only\"", "\"State\": \"incomplete\"",
                                           "\"State\": \"complete\"", NULL };
        static const char *const log[] = { "\"Lines\"", "\"a\"", "\"b?[1m\"", NULL };
        Output o = { 0 };

        put_three();
        read_dumps(3);
        o.f = open_memstream(&o.text, &o.size);
        ck_assert_int_eq(json_print_dump(o.f, &dumps.items[2]), 0);
        check_holds(&o, one);
        o.f = open_memstream(&o.text, &o.size);
        ck_assert_int_eq(json_print_dumps(o.f, &dumps), 0);
        check_holds(&o, all);
        o.f = open_memstream(&o.text, &o.size);
        ck_assert_int_eq(json_print_log(o.f, &dumps.items[2], "a\nb\x1b[1m\n", 8), 0);
        check_holds(&o, log);
        /* Without a summary, nothing is said of what nobody knows. */
        o.f = open_memstream(&o.text, &o.size);
        ck_assert_int_eq(json_print_dump(o.f, &dumps.items[1]), 0);
        ck_assert_int_eq(fclose(o.f), 0);
        ck_assert_ptr_null(strstr(o.text, "Result"));
        ck_assert_ptr_null(strstr(o.text, "Cpus"));
        free(o.text);
}
END_TEST

#define MARKED "a\u202e\u2066\u061c\xc2\x85\u200b"

/* Marks that turn the line around are in no output, whatever they come from. */
START_TEST(test_marks) {
        static const char *const marks[] = { "\u202e", "\u2066", "\u061c", "\xc2\x85", "\u200b" };
        Output o = { 0 };

        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:20/kdump.json",
                  "{\"Result\":\"log-only\",\"CrashUSec\":1700000000000000,\"Host\":\"" MARKED
                  "\",\"KernelRelease\":\"" MARKED "\",\"PanicMessage\":\"" MARKED
                  "\",\"Target\":\"" MARKED "\",\"Message\":\"" MARKED "\"}");
        tree_text(&tree, "/var/crash/vm-2023-11-14-22:13:21/vmcore-dmesg.txt",
                  "Linux version 6" MARKED "\nKernel panic - not syncing: " MARKED "\n");
        free(settings.capture_path);
        settings.capture_path = strdup("/var/" MARKED "/../crash");
        tree_dir(&tree, "/var/" MARKED "/");
        read_dumps(2);
        o.f = open_memstream(&o.text, &o.size);
        print_dumps(o.f, &dumps, false);
        for (size_t i = 0; i < 2; i++) {
                print_dump(o.f, &dumps.items[i], MARKED, strlen(MARKED), WHEN, false);
                ck_assert_int_eq(json_print_dump(o.f, &dumps.items[i]), 0);
                ck_assert_int_eq(
                        json_print_log(o.f, &dumps.items[i], MARKED "\n", strlen(MARKED) + 1), 0);
        }
        ck_assert_int_eq(json_print_dumps(o.f, &dumps), 0);
        put_text(o.f, MARKED);
        ck_assert_int_eq(fclose(o.f), 0);
        ck_assert_ptr_nonnull(strstr(o.text, "a???"));
        for (size_t i = 0; i < ELEMENTSOF(marks); i++)
                ck_assert_msg(!strstr(o.text, marks[i]), "%zu is in:\n%s", i, o.text);
        free(o.text);
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *of_names = tcase_create("names");

        tcase_add_checked_fixture(of_names, setup, teardown);
        tcase_add_loop_test(of_names, test_find, 0, (int)ELEMENTSOF(names));
        suite_add_tcase(suite, of_names);
        ADD_FIXTURE_TEST(suite, test_table);
        ADD_FIXTURE_TEST(suite, test_link);
        ADD_FIXTURE_TEST(suite, test_info);
        ADD_FIXTURE_TEST(suite, test_info_of_others);
        ADD_FIXTURE_TEST(suite, test_flattened);
        ADD_FIXTURE_TEST(suite, test_find_exact);
        ADD_FIXTURE_TEST(suite, test_nothing);
        ADD_FIXTURE_TEST(suite, test_places);
        ADD_FIXTURE_TEST(suite, test_doubles);
        ADD_FIXTURE_TEST(suite, test_json);
        ADD_FIXTURE_TEST(suite, test_marks);
}

TEST_MAIN("ctl-dumps", add_cases)
