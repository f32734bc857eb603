/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of dumps: what kdump-capture leaves there, what others do, and what is none. */
#include "sys/dump-store.h"

#include <sys/types.h>
#include <time.h>

#include "base/time-util.h"
#include "test.h"
#include "tree.h"

#define NAME "vm-2023-11-14-22:13:20"
#define WHEN UINT64_C(1700000000000000)

static Tree tree;
static DumpList list;
static int store = -EBADF;

static void setup(void) {
        tree_init(&tree);
        tree_dir(&tree, "/var/crash/");
}

static void teardown(void) {
        dump_list_done(&list);
        closep(&store);
        tree_done(&tree);
}

static void read_store(size_t n) {
        dump_list_done(&list);
        closep(&store);
        store = dump_store_open(tree.fd, "/var/crash");
        ck_assert_int_ge(store, 0);
        ck_assert_int_eq(dump_store_list(store, tree.fd, &list), 0);
        ck_assert_uint_eq(list.n, n);
        for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(dump_store_describe(store, "/var/crash", &list.items[i]), 0);
}

static void put(const char *path, const char *text) {
        char whole[256];

        strscpyf(whole, sizeof(whole), "/var/crash/%s", path);
        tree_text(&tree, whole, text);
}

static void check_log(const Dump *dump, const char *wanted) {
        _cleanup_close_ int fd = dump_store_open_log(store, dump);
        _cleanup_free_ char *text = NULL;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(read_fd(fd, 4096, &text, NULL), 0);
        ck_assert_str_eq(text, wanted);
}

static const struct {
        const char *result;
        bool has_vmcore, has_incomplete;
        DumpState state;
} states[] = {
        { "complete", true, false, DUMP_COMPLETE },
        { "complete", false, false, DUMP_MISSING },
        { "complete", false, true, DUMP_MISSING },
        { "copied", true, false, DUMP_COPIED },
        { "copied", false, false, DUMP_MISSING },
        { "incomplete", false, true, DUMP_INCOMPLETE },
        { "incomplete", false, false, DUMP_INCOMPLETE },
        { "incomplete", true, false, DUMP_COMPLETE },
        { "log-only", false, false, DUMP_LOG_ONLY },
        { "failed", false, false, DUMP_FAILED },
};

START_TEST(test_ours) {
        const Dump *d;
        char json[512];

        strscpyf(json, sizeof(json),
                 "{\"Result\":\"%s\",\"CrashUSec\":1700000000123456,\"KernelRelease\":\"6.12\","
                 "\"PanicMessage\":\"BUG: x\",\"Vmcore\":\"../../../etc/passwd\"}",
                 states[_i].result);
        put(NAME "/kdump.json", json);
        put(NAME "/vmcore-dmesg.txt", "the log\n");
        if (states[_i].has_vmcore)
                put(NAME "/vmcore", "12345");
        if (states[_i].has_incomplete)
                put(NAME "/vmcore.incomplete", "123");
        read_store(1);
        d = &list.items[0];
        ck_assert_str_eq(dump_state_to_string(d->state), dump_state_to_string(states[_i].state));
        ck_assert(d->has_summary);
        ck_assert_str_eq(d->name, NAME);
        ck_assert_str_eq(d->info.directory, "/var/crash/" NAME);
        ck_assert_uint_eq(d->when_usec, WHEN + 123456);
        ck_assert_str_eq(d->info.kernel_release, "6.12");
        ck_assert_str_eq(d->info.panic_message, "BUG: x");
        ck_assert_str_eq(d->info.log, "vmcore-dmesg.txt");
        ck_assert_uint_eq(d->info.log_bytes, 8);
        /* What is there counts, not what the summary said. */
        if (states[_i].has_vmcore) {
                ck_assert_str_eq(d->info.vmcore, "vmcore");
                ck_assert_uint_eq(d->info.vmcore_bytes, 5);
        } else if (states[_i].has_incomplete)
                ck_assert_str_eq(d->info.vmcore, "vmcore.incomplete");
        else
                ck_assert_ptr_null(d->info.vmcore);
        check_log(d, "the log\n");
}
END_TEST

#define LOG                                        \
        "[    0.000000] Linux version 6.1.0 (b)\n" \
        "[    9.000000] Kernel panic - not syncing: sysrq\n"

/* The time that names tell, in UTC: kdump-capture's clock. All others are two hours ahead here. */
#define UTC    WHEN
#define LOCAL  (WHEN - 2 * USEC_PER_HOUR)
#define MINUTE (WHEN / USEC_PER_MINUTE * USEC_PER_MINUTE - 2 * USEC_PER_HOUR)

static const struct {
        const char *directory, *vmcore, *log;
        DumpState state;
        uint64_t when;
} others[] = {
        /* kdump-capture, before it could write a summary */
        { "vm-2023-11-14-22:13:20", "vmcore.incomplete", "vmcore-dmesg.txt", DUMP_INCOMPLETE, UTC },
        /* Fedora */
        { "127.0.0.1-2023-11-14-22:13:20", "vmcore", "vmcore-dmesg.txt", DUMP_COMPLETE, LOCAL },
        { "127.0.0.1-2023-11-14-22:13:20", "vmcore-incomplete", "vmcore-dmesg.txt", DUMP_INCOMPLETE,
          LOCAL },
        { "10.0.0.1-2023-11-14-22:13:20", "vmcore.flat", "vmcore-dmesg-incomplete.txt",
          DUMP_COMPLETE, LOCAL },
        { "2001:db8::1-2023-11-14-22:13:20", "vmcore", "vmcore-dmesg.txt", DUMP_COMPLETE, LOCAL },
        { "2023-11-14-22:13", "vmcore", "vmcore-dmesg.txt", DUMP_COMPLETE, MINUTE },
        /* Debian and Ubuntu */
        { "202311142213", "dump.202311142213", "dmesg.202311142213", DUMP_COMPLETE, MINUTE },
        { "202311142213", "vmcore.202311142213", "dmesg.202311142213", DUMP_COMPLETE, MINUTE },
        { "202311142213", "dump.202311142213.gz", "dmesg.202311142213", DUMP_COMPLETE, MINUTE },
        { "202311142213", "dump.202311142213.bz2", "dmesg.202311142213", DUMP_COMPLETE, MINUTE },
        { "202311142213", "dump.202311142213.lz4", "dmesg.202311142213", DUMP_COMPLETE, MINUTE },
        { "vm-202311142213", "dump.202311142213.xz", "dmesg.202311142213", DUMP_COMPLETE, MINUTE },
        { "202311142213", "dump-incomplete", "dmesg.202311142213", DUMP_INCOMPLETE, MINUTE },
        { "202311142213", "dump-incomplete.xz", "dmesg.202311142213", DUMP_INCOMPLETE, MINUTE },
        { "202311142213", "vmcore-incomplete", "dmesg.202311142213", DUMP_INCOMPLETE, MINUTE },
        { "202311142213", NULL, "dmesg.202311142213", DUMP_LOG_ONLY, MINUTE },
        /* SUSE */
        { "2023-11-14-22:13", "vmcore", "dmesg.txt", DUMP_COMPLETE, MINUTE },
        { "2023-11-14-22-13", "vmcore", "dmesg", DUMP_COMPLETE, MINUTE },
        { "vm-2023-11-14-22-13", "vmcore", "dmesg", DUMP_COMPLETE, MINUTE },
        /* compressed by hand */
        { "vm-2023-11-14-22:13:20", "vmcore.zst", "vmcore-dmesg.txt", DUMP_COMPLETE, UTC },
};

/* A zone of its own in the tree: always two hours ahead of UTC (tzfile(5)). */
static void put_zone(void) {
        static const char zone[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                   "\0\0\x1c\x20\0\0FAR";

        tree_bytes(&tree, "/usr/share/zoneinfo/Far", zone, sizeof(zone));
        tree_link(&tree, "/etc/localtime", "/usr/share/zoneinfo/Far");
}

START_TEST(test_others) {
        char path[256];
        const Dump *d;

        put_zone();
        strscpyf(path, sizeof(path), "%s/%s", others[_i].directory, others[_i].log);
        put(path, LOG);
        if (others[_i].vmcore) {
                strscpyf(path, sizeof(path), "%s/%s", others[_i].directory, others[_i].vmcore);
                put(path, "123");
        }
        read_store(1);
        d = &list.items[0];
        ck_assert_str_eq(dump_state_to_string(d->state), dump_state_to_string(others[_i].state));
        ck_assert(!d->has_summary && !d->is_flattened);
        ck_assert_str_eq(d->info.kernel_release, "6.1.0");
        ck_assert_str_eq(d->info.panic_message, "Kernel panic - not syncing: sysrq");
        ck_assert_uint_eq(d->when_usec, others[_i].when);
        ck_assert_uint_eq(d->info.vmcore_bytes, others[_i].vmcore ? 3 : 0);
        check_log(d, LOG);
        /* An empty file is no dump, whatever its name promises. */
        if (!others[_i].vmcore)
                return;
        put(path, "");
        read_store(1);
        ck_assert_int_eq(list.items[0].state, DUMP_INCOMPLETE);
}
END_TEST

/* The zone is the one below the root, or where there is none, the one of whoever looks. */
START_TEST(test_clock) {
        static const char name[] = "202311142213";

        ck_assert_int_eq(setenv("TZ", "NEAR-1", 1), 0);
        tzset();
        put("202311142213/dump.202311142213", "1");
        read_store(1);
        ck_assert_uint_eq(list.items[0].when_usec, MINUTE + USEC_PER_HOUR);
        put_zone();
        read_store(1);
        ck_assert_uint_eq(list.items[0].when_usec, MINUTE);
        ck_assert_str_eq(list.items[0].name, name);
        ck_assert_str_eq(getenv("TZ"), "NEAR-1");
        ck_assert_int_eq(timezone, -3600);
        /* One that cannot be one. */
        tree_unlink(&tree, "/etc/localtime");
        tree_text(&tree, "/etc/localtime/file", "");
        read_store(1);
        ck_assert_uint_eq(list.items[0].when_usec, MINUTE + USEC_PER_HOUR);
        ck_assert_int_eq(unsetenv("TZ"), 0);
        tzset();
}
END_TEST

/* makedumpfile failed in Debian's pipe: the plain copy is the dump. */
START_TEST(test_larger) {
        put("202311142213/dump.202311142213", "");
        put("202311142213/vmcore.202311142213", "12");
        put("202311142213/dump-incomplete.gz", "1234");
        put("202311142214/vmcore.202311142214", "");
        put("202311142214/dump.202311142214.gz", "123");
        read_store(2);
        for (size_t i = 0; i < 2; i++)
                ck_assert_int_eq(list.items[i].state, DUMP_COMPLETE);
        ck_assert_str_eq(list.items[0].info.vmcore, "vmcore.202311142213");
        ck_assert_str_eq(list.items[1].info.vmcore, "dump.202311142214.gz");
}
END_TEST

#define UNFINISHED "If you see this text the crash dump is likely incomplete.\n\nHost: vm\n"
#define STATUS \
        "Kernel crashdump\n----------------\ndmesg status: saved successfully\nvmcore status: "

static const struct {
        const char *readme, *log, *vmcore;
        DumpState state;
        const char *message; /* what is in it */
} witnesses[] = {
        { STATUS "saved successfully\nHost: vm\n", "dmesg", "123", DUMP_COMPLETE, NULL },
        { STATUS "saved successfully\n", "dmesg", "", DUMP_INCOMPLETE, NULL },
        { STATUS "saved successfully\n", "dmesg", NULL, DUMP_MISSING, NULL },
        { STATUS "deleted (12 < KDUMP_FREE_DISK_SIZE 64)\n", "dmesg", NULL, DUMP_MISSING,
          "deleted (12 < KDUMP" },
        { STATUS "skipped\n", "dmesg", NULL, DUMP_LOG_ONLY, "skipped" },
        { STATUS "error while saving, return code: 1\n", "dmesg", "123", DUMP_INCOMPLETE,
          "error while saving" },
        { STATUS "error while saving, return code: 1\n", "dmesg", NULL, DUMP_LOG_ONLY, "error" },
        { STATUS "error while saving, return code: 1\n", NULL, NULL, DUMP_FAILED, "error" },
        { STATUS "\n", "dmesg", "123", DUMP_INCOMPLETE, "nothing" },
        { "\t vmcore status:\tsaved\n", "dmesg", "123", DUMP_COMPLETE, NULL },
        { "x vmcore status: saved\n", "dmesg", "123", DUMP_INCOMPLETE, "nothing" },
        { UNFINISHED, "dmesg", "123", DUMP_INCOMPLETE, "nothing" },
        { UNFINISHED, "dmesg", NULL, DUMP_LOG_ONLY, "nothing" },
        { UNFINISHED, NULL, NULL, DUMP_INCOMPLETE, "nothing" },
        /* It was cut off while the final one was being written. */
        { "", "dmesg", "123", DUMP_INCOMPLETE, "nothing" },
        { "Kernel crashdump\n", "dmesg", "123", DUMP_INCOMPLETE, "nothing" },
        /* That of kdump 1, and somebody's. */
        { "Kernel crashdump\nHost: vm\n", "dmesg.txt", "123", DUMP_COMPLETE, NULL },
        { "Kept for the vendor.\n", "vmcore-dmesg.txt", "123", DUMP_COMPLETE, NULL },
};

/* SUSE writes vmcore in place, and README.txt tells what became of it. */
START_TEST(test_witnesses) {
        char path[256];
        const Dump *d;

        put("2023-11-14-22-13/README.txt", witnesses[_i].readme);
        strscpyf(path, sizeof(path), "2023-11-14-22-13/%s", strempty(witnesses[_i].log));
        if (witnesses[_i].log)
                put(path, LOG);
        if (witnesses[_i].vmcore)
                put("2023-11-14-22-13/vmcore", witnesses[_i].vmcore);
        read_store(1);
        d = &list.items[0];
        ck_assert_str_eq(dump_state_to_string(d->state), dump_state_to_string(witnesses[_i].state));
        if (witnesses[_i].message)
                ck_assert_msg(strstr(strempty(d->info.message), witnesses[_i].message), "%s",
                              d->info.message);
        else
                ck_assert_ptr_null(d->info.message);
        if (witnesses[_i].log)
                ck_assert_str_eq(d->info.panic_message, "Kernel panic - not syncing: sysrq");
}
END_TEST

/* Without a log, README.txt knows at least which kernel it was. */
START_TEST(test_release_of_readme) {
        put("2023-11-14-22-13/README.txt",
            STATUS "saved successfully\nKernel version: 6.4.0-suse\n");
        put("2023-11-14-22-13/vmcore", "1");
        read_store(1);
        ck_assert_str_eq(list.items[0].info.kernel_release, "6.4.0-suse");
        put("2023-11-14-22-13/README.txt", "Kernel crashdump\nKernel version : 5.3\n");
        read_store(1);
        ck_assert_str_eq(list.items[0].info.kernel_release, "5.3");
        ck_assert_int_eq(list.items[0].state, DUMP_COMPLETE);
        put("2023-11-14-22-13/dmesg.txt", LOG);
        read_store(1);
        ck_assert_str_eq(list.items[0].info.kernel_release, "6.1.0");
}
END_TEST

/* And beside a summary it tells nothing. */
START_TEST(test_readme_of_others) {
        put("notes/README.txt", UNFINISHED);
        read_store(0);
        put(NAME "/README.txt", UNFINISHED);
        put(NAME "/kdump.json", "{\"Result\":\"complete\"}");
        put(NAME "/vmcore", "1");
        read_store(1);
        ck_assert_int_eq(list.items[0].state, DUMP_COMPLETE);
        ck_assert_ptr_null(list.items[0].info.message);
}
END_TEST

START_TEST(test_flattened) {
        static const char head[32] = "makedumpfile\0\0\0\0\0\0\0\0\0\0\0\1";
        static const char *const names[] = { "vmcore", "vmcore.flat", "vmcore-incomplete",
                                             "dump.202311142213", "dump-incomplete" };
        char path[256];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                strscpyf(path, sizeof(path), "/var/crash/" NAME "/%s", names[i]);
                tree_bytes(&tree, path, head, sizeof(head));
                read_store(1);
                ck_assert(list.items[0].is_flattened);
                tree_bytes(&tree, path, head, 15);
                read_store(1);
                ck_assert(!list.items[0].is_flattened);
                tree_text(&tree, path, "makedumpfile was here, and wrote this");
                read_store(1);
                ck_assert(!list.items[0].is_flattened);
                tree_unlink(&tree, path);
        }
}
END_TEST

/* What a summary calls complete, and what the disk has lost since. */
START_TEST(test_empty) {
        put(NAME "/kdump.json", "{\"Result\":\"complete\"}");
        put(NAME "/vmcore", "");
        read_store(1);
        ck_assert_int_eq(list.items[0].state, DUMP_INCOMPLETE);
        put(NAME "/kdump.json", "{\"Result\":\"copied\"}");
        read_store(1);
        ck_assert_int_eq(list.items[0].state, DUMP_INCOMPLETE);
}
END_TEST

/* A summary that makes no sense does not hide the dump. */
START_TEST(test_bad_summary) {
        put(NAME "/kdump.json", "{\"Result\":");
        put(NAME "/vmcore", "1");
        put(NAME "/vmcore-dmesg.txt", LOG);
        read_store(1);
        ck_assert(!list.items[0].has_summary);
        ck_assert_int_eq(list.items[0].state, DUMP_COMPLETE);
        ck_assert_str_eq(list.items[0].info.kernel_release, "6.1.0");
}
END_TEST

/* What is said only at the end of a long log is found. */
START_TEST(test_long_log) {
        size_t n = 2u * DUMP_LOG_PIECE;
        char *log = malloc(n + 64);

        memset(log, '.', n);
        memcpy(log, "Linux version 6.9 \n", 19);
        strscpy(log + n, 64, "\n[ 1.0] Kernel panic - not syncing: late\n");
        put(NAME "/vmcore-dmesg.txt", log);
        free(log);
        read_store(1);
        ck_assert_str_eq(list.items[0].info.kernel_release, "6.9");
        ck_assert_str_eq(list.items[0].info.panic_message, "Kernel panic - not syncing: late");
        ck_assert_int_eq(list.items[0].state, DUMP_LOG_ONLY);
}
END_TEST

START_TEST(test_none) {
        tree_dir(&tree, "/var/crash/empty/");
        put("notes/readme.txt", "");
        put("vmcore", "a file at the top");
        put(".hidden/vmcore", "");
        put("bad\x1bname/vmcore", "");
        put("dump.x/dump.x1", "");
        tree_text(&tree, "/outside/vmcore", "");
        tree_link(&tree, "/var/crash/" NAME, "../../outside");
        read_store(0);
}
END_TEST

/* A link inside a dump's directory leads nowhere, and a pipe does not block. */
START_TEST(test_links) {
        char path[128];

        tree_text(&tree, "/outside", "secret");
        put(NAME "/vmcore", "1");
        tree_link(&tree, "/var/crash/" NAME "/vmcore-dmesg.txt", "../../../outside");
        tree_link(&tree, "/var/crash/" NAME "/kdump.json", "../../../outside");
        strscpyf(path, sizeof(path), "%s/var/crash/" NAME "/dmesg.txt", tree.path);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        read_store(1);
        ck_assert_ptr_null(list.items[0].info.log);
        ck_assert_int_eq(dump_store_open_log(store, &list.items[0]), -ENOENT);
        /* Put there between two looks. */
        list.items[0].info.log = strdup("vmcore-dmesg.txt");
        ck_assert_int_eq(dump_store_open_log(store, &list.items[0]), -ELOOP);
        list.items[0].info.log[0] = '\0';
        strscpy(list.items[0].info.log, 10, "dmesg.txt");
        ck_assert_int_eq(dump_store_open_log(store, &list.items[0]), -EBADMSG);
}
END_TEST

START_TEST(test_order) {
        put("b-2023-11-14-22:13:21/vmcore", "");
        put("a-2023-11-14-22:13:22/vmcore", "");
        put("c-2023-11-14-22:13:20/kdump.json", "{\"CrashUSec\":1800000000000000}");
        put("c-2023-11-14-22:13:20-1/vmcore", "");
        read_store(4);
        ck_assert_str_eq(list.items[0].name, "c-2023-11-14-22:13:20");
        ck_assert_str_eq(list.items[1].name, "c-2023-11-14-22:13:20-1");
        ck_assert_str_eq(list.items[2].name, "b-2023-11-14-22:13:21");
        ck_assert_str_eq(list.items[3].name, "a-2023-11-14-22:13:22");
        ck_assert(!list.more);
        dump_list_sort(&list);
        ck_assert_str_eq(list.items[3].name, "c-2023-11-14-22:13:20");
}
END_TEST

START_TEST(test_next_number) {
        static const char name[] = "c-2023-11-14-22:13:20";
        char path[64];

        put("c-2023-11-14-22:13:21-7/vmcore", "");
        put("c-2023-11-14-22:13:20-x/vmcore", "");
        read_store(2);
        ck_assert_uint_eq(dump_store_next_number(store, name), 0);
        put("c-2023-11-14-22:13:20/vmcore", "");
        ck_assert_uint_eq(dump_store_next_number(store, name), 1);
        put("c-2023-11-14-22:13:20-12/vmcore", "");
        put("c-2023-11-14-22:13:20-9/vmcore", "");
        ck_assert_uint_eq(dump_store_next_number(store, name), 13);
        strscpyf(path, sizeof(path), "%s-%u/vmcore", name, CRASH_NUMBER_MOST);
        put(path, "");
        ck_assert_uint_eq(dump_store_next_number(store, name), 0);
}
END_TEST

START_TEST(test_gone) {
        put(NAME "/vmcore", "");
        read_store(1);
        tree_unlink(&tree, "/var/crash/" NAME "/vmcore");
        ck_assert_int_eq(dump_store_describe(store, "/var/crash", &list.items[0]), -ENOENT);
        /* It is as it was. */
        ck_assert_str_eq(list.items[0].info.vmcore, "vmcore");
}
END_TEST

START_TEST(test_no_store) {
        ck_assert_int_eq(dump_store_open(tree.fd, "/var/nothing"), -ENOENT);
        put("file", "");
        ck_assert_int_eq(dump_store_open(tree.fd, "/var/crash/file"), -ENOTDIR);
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *states_case = tcase_create("states");

        tcase_add_checked_fixture(states_case, setup, teardown);
        tcase_add_loop_test(states_case, test_ours, 0, (int)ELEMENTSOF(states));
        tcase_add_loop_test(states_case, test_others, 0, (int)ELEMENTSOF(others));
        tcase_add_loop_test(states_case, test_witnesses, 0, (int)ELEMENTSOF(witnesses));
        suite_add_tcase(suite, states_case);
        ADD_FIXTURE_TEST(suite, test_clock);
        ADD_FIXTURE_TEST(suite, test_larger);
        ADD_FIXTURE_TEST(suite, test_release_of_readme);
        ADD_FIXTURE_TEST(suite, test_readme_of_others);
        ADD_FIXTURE_TEST(suite, test_flattened);
        ADD_FIXTURE_TEST(suite, test_empty);
        ADD_FIXTURE_TEST(suite, test_bad_summary);
        ADD_FIXTURE_TEST(suite, test_long_log);
        ADD_FIXTURE_TEST(suite, test_none);
        ADD_FIXTURE_TEST(suite, test_links);
        ADD_FIXTURE_TEST(suite, test_order);
        ADD_FIXTURE_TEST(suite, test_next_number);
        ADD_FIXTURE_TEST(suite, test_gone);
        ADD_FIXTURE_TEST(suite, test_no_store);
}

TEST_MAIN("dump-store", add_cases)
