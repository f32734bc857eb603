/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which old dumps go, and which are none. */
#include "sys/dump-retain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/rotation.h"
#include "sys/dump-store.h"
#include "test.h"
#include "tree.h"

#define STORE "/var/crash"
#define OLD   "vm-2021-01-01-00:00:00"
#define NEW   "vm-2022-01-01-00:00:00"

/* Whoever is not root. */
#define STRANGER 65534u

static Tree tree;
static int store = -EBADF;
static uint64_t free_space;
static char said[512];

static void open_store(void) {
        closep(&store);
        tree_dir(&tree, STORE);
        store = open_below(tree.fd, STORE, O_RDONLY | O_DIRECTORY);
        ck_assert_int_ge(store, 0);
}

static void setup(void) {
        tree_init(&tree);
        open_store();
        free_space = 0;
        said[0] = '\0';
}

static void teardown(void) {
        closep(&store);
        tree_done(&tree);
}

static int fake_free(void *userdata, int fd, uint64_t *ret) {
        *ret = free_space;
        return 0;
}

static int fake_sync(void *userdata, int fd, const char *name) {
        return 0;
}

static void on_said(void *userdata, const char *text) {
        strscpyf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static Retention retention(uint64_t keep, uint64_t min_free) {
        return (Retention){
                .base_fd = store,
                .name = "vm-2023-01-01-00:00:00",
                .keep = keep,
                .min_free_bytes = min_free,
                .free_bytes = fake_free,
                .sync = fake_sync,
                .say = on_said,
        };
}

static void keep(uint64_t n) {
        const Retention r = retention(n, 0);

        retain_newest(&r);
}

static void make_room(uint64_t min_free) {
        const Retention r = retention(0, min_free);

        said[0] = '\0';
        retain_make_room(&r);
}

static const char *path_of(const char *name, const char *file) {
        static char path[256];

        strscpyf(path, sizeof(path), STORE "/%s/%s", name, file);
        return path;
}

static void put_vmcore(const char *name, const char *vmcore) {
        tree_text(&tree, path_of(name, "vmcore"), vmcore);
}

static void put(const char *name, const char *vmcore) {
        tree_text(&tree, path_of(name, "kdump.json"), "{\"Result\":\"complete\"}");
        put_vmcore(name, vmcore);
}

static bool is_there(const char *name) {
        return exists_below(tree.fd, path_of(name, "kdump.json"));
}

static void give_away(const char *name) {
        ck_assert_int_eq(fchownat(store, name, STRANGER, STRANGER, AT_SYMLINK_NOFOLLOW), 0);
}

/* A dump of a MiB, and what belongs to it. */
static void put_large(const char *name) {
        char *memory = malloc(1 << 20);

        memset(memory, 'x', 1 << 20);
        put(name, "");
        tree_bytes(&tree, path_of(name, "vmcore"), memory, 1 << 20);
        free(memory);
}

START_TEST(test_keep) {
        put(OLD, "x");
        put(NEW, "x");
        tree_text(&tree, path_of(OLD, "vmcore-dmesg.txt"), "log");
        keep(2);
        ck_assert(is_there(OLD) && is_there(NEW));
        keep(1);
        ck_assert(!is_there(OLD) && is_there(NEW));
        ck_assert(!exists_below(tree.fd, STORE "/" OLD));
        ck_assert_str_eq(said, "removed the old dump " OLD ", as Keep= says\n");
}
END_TEST

/* A clock that was set back makes the dump that was just written the oldest one: it stays. */
START_TEST(test_just_written) {
        Retention r = retention(1, 1);

        put_large(OLD);
        put_large(NEW);
        r.name = OLD;
        retain_newest(&r);
        ck_assert_str_eq(said, "");
        ck_assert(is_there(OLD) && is_there(NEW));
        retain_make_room(&r);
        ck_assert_str_eq(said, "");
        ck_assert(is_there(OLD) && is_there(NEW));
        r.name = NEW;
        retain_newest(&r);
        ck_assert(!is_there(OLD) && is_there(NEW));
}
END_TEST

/* Where everyone may write, what others put there neither counts nor goes. */
START_TEST(test_strangers) {
        put(OLD, "x");
        put("vm-2020-01-01-00:00:00", "x");
        give_away("vm-2020-01-01-00:00:00");
        put("vm-2098-01-01-00:00:00", "x");
        give_away("vm-2098-01-01-00:00:00");
        put("vm-2099-01-01-00:00:00", "x");
        give_away("vm-2099-01-01-00:00:00");
        keep(1);
        ck_assert_str_eq(said, "");
        ck_assert(is_there(OLD));
        put(NEW, "x");
        keep(1);
        ck_assert_str_eq(said, "removed the old dump " OLD ", as Keep= says\n");
        ck_assert(is_there("vm-2020-01-01-00:00:00") && is_there("vm-2099-01-01-00:00:00"));
}
END_TEST

/* However many these are; on a file system in memory, where they take no time. */
START_TEST(test_crowd) {
        char path[] = "/dev/shm/kdumpd-test-XXXXXX", name[64];

        ck_assert_ptr_nonnull(mkdtemp(path));
        tree_done(&tree);
        strscpy(tree.path, sizeof(tree.path), path);
        tree.fd = open_root(path);
        open_store();
        put(OLD, "x");
        put(NEW, "x");
        for (unsigned i = 0; i <= OLD_DUMPS_MOST; i++) {
                strscpyf(name, sizeof(name), "vm-%u-01-%02u-%02u:%02u:00", 2040 + i / 40320,
                         1 + i % 28, i / 28 % 24, i / 672 % 60);
                ck_assert_int_eq(mkdirat(store, name, 0755), 0);
                give_away(name);
        }
        keep(1);
        ck_assert(!is_there(OLD) && is_there(NEW));
}
END_TEST

/* Ours, but no dumps that another could go for. */
START_TEST(test_no_dumps) {
        put(OLD, "x");
        put("vm-2022-01-01-00:00:01", "");
        tree_text(&tree, STORE "/vm-2022-01-01-00:00:02/kdump.json", "{\"Result\":\"complete\"}");
        tree_dir(&tree, STORE "/vm-2022-01-01-00:00:03/vmcore");
        tree_text(&tree, STORE "/vm-2022-01-01-00:00:03/kdump.json", "{\"Result\":\"complete\"}");
        put_vmcore("vm-2022-01-01-00:00:04", "x");
        tree_link(&tree, STORE "/vm-2022-01-01-00:00:04/kdump.json", "../" OLD "/kdump.json");
        tree_link(&tree, STORE "/vm-2022-01-01-00:00:05/vmcore", "../" OLD "/vmcore");
        tree_text(&tree, STORE "/vm-2022-01-01-00:00:05/kdump.json", "{\"Result\":\"complete\"}");
        keep(1);
        ck_assert_str_eq(said, "");
        ck_assert(is_there(OLD));
}
END_TEST

/* Nobody writes to it: whoever opened it to read would wait for ever. */
START_TEST(test_fifo) {
        put(OLD, "x");
        put_vmcore(NEW, "x");
        ck_assert_int_eq(mkfifoat(store, NEW "/kdump.json", 0644), 0);
        keep(1);
        ck_assert(is_there(OLD));
}
END_TEST

static void put_three(void) {
        put_large(OLD);
        put_large(NEW);
        put_large("vm-2022-01-01-00:00:01");
}

/* What was removed counts as free, though the file system does not say so yet. */
START_TEST(test_lag) {
        put_three();
        free_space = 5000;
        make_room(5000);
        ck_assert_str_eq(said, "");
        make_room(5001);
        ck_assert_str_eq(said, "removed the old dump " OLD ", as MinFree= says\n");
        ck_assert(!is_there(OLD) && is_there(NEW));
}
END_TEST

static int free_at_last(void *userdata, int fd, uint64_t *ret) {
        *ret = is_there(OLD) ? 0 : 1 << 30;
        return 0;
}

/* A file takes more than its own blocks: then the file system's word counts. */
START_TEST(test_more_than_thought) {
        Retention r = retention(0, 3 << 19);

        put_three();
        r.free_bytes = free_at_last;
        retain_make_room(&r);
        ck_assert(!is_there(OLD) && is_there(NEW));
}
END_TEST

/* Nothing is sacrificed for what cannot be. */
START_TEST(test_never_enough) {
        put_three();
        free_space = 10 << 20;
        make_room(UINT64_C(100) << 20);
        ck_assert(is_there(OLD) && is_there(NEW));
        ck_assert_str_eq(said,
                         "10 MiB are free, less than MinFree=, and without all old dumps that "
                         "may go it would be 12 MiB, so that complete ones stay\n");
        /* What the newest takes does not count. */
        make_room((UINT64_C(10) << 20) + (5 << 19));
        ck_assert(is_there(OLD) && is_there(NEW));
        make_room((UINT64_C(10) << 20) + (3 << 19));
        ck_assert(!is_there(OLD) && !is_there(NEW));
        ck_assert(is_there("vm-2022-01-01-00:00:01"));
}
END_TEST

/* A dump of two MiB that was cut off. */
static void put_incomplete(const char *name) {
        char *memory = malloc(2 << 20);

        memset(memory, 'x', 2 << 20);
        tree_text(&tree, path_of(name, "kdump.json"), "{\"Result\":\"incomplete\"}");
        tree_text(&tree, path_of(name, "vmcore-dmesg.txt"), "Kernel panic");
        tree_bytes(&tree, path_of(name, "vmcore.incomplete"), memory, 2 << 20);
        free(memory);
}

#define CUT_OFF "vm-2022-06-01-00:00:00"

/* They go first, and leave their log and what describes them; not those of other hosts. */
START_TEST(test_incomplete_first) {
        put_three();
        put_incomplete(CUT_OFF);
        put_incomplete("other-2020-01-01-00:00:00");
        make_room(2 << 20);
        ck_assert_str_eq(said, "removed the incomplete dump in " CUT_OFF ", as MinFree= says\n");
        ck_assert(is_there(CUT_OFF) && exists_below(tree.fd, path_of(CUT_OFF, "vmcore-dmesg.txt")));
        ck_assert(!exists_below(tree.fd, path_of(CUT_OFF, "vmcore.incomplete")));
        ck_assert(exists_below(tree.fd, path_of("other-2020-01-01-00:00:00", "vmcore.incomplete")));
        ck_assert(is_there(OLD) && is_there(NEW));
        make_room(1 << 20);
        ck_assert_str_eq(said, "removed the old dump " OLD ", as MinFree= says\n");
}
END_TEST

/* The power failed before they were described. */
START_TEST(test_incomplete_undescribed) {
        put_three();
        put_incomplete(CUT_OFF);
        tree_text(&tree, path_of(CUT_OFF, "kdump.json"), "");
        make_room(2 << 20);
        ck_assert(!exists_below(tree.fd, path_of(CUT_OFF, "vmcore.incomplete")));
        ck_assert(exists_below(tree.fd, path_of(CUT_OFF, "vmcore-dmesg.txt")));
        ck_assert(is_there(OLD));
        /* With a dump beside it, somebody else knows better. */
        put_incomplete(CUT_OFF);
        tree_text(&tree, path_of(CUT_OFF, "kdump.json"), "");
        put_vmcore(CUT_OFF, "x");
        make_room(UINT64_C(100) << 20);
        ck_assert(exists_below(tree.fd, path_of(CUT_OFF, "vmcore.incomplete")));
}
END_TEST

/* Even where complete ones stay, as all of them would not do. */
START_TEST(test_incomplete_alone) {
        put_three();
        put_incomplete(CUT_OFF);
        make_room(UINT64_C(100) << 20);
        ck_assert(!exists_below(tree.fd, path_of(CUT_OFF, "vmcore.incomplete")));
        ck_assert(is_there(OLD) && is_there(NEW));
}
END_TEST

/* What is being written is no old one. */
START_TEST(test_own_incomplete) {
        put_three();
        put_incomplete("vm-2023-01-01-00:00:00");
        make_room(1 << 20);
        ck_assert(exists_below(tree.fd, path_of("vm-2023-01-01-00:00:00", "vmcore.incomplete")));
        ck_assert(!is_there(OLD));
}
END_TEST

/* A dump that did not fit: as much as that takes, but never the newest. */
START_TEST(test_more_room) {
        Retention r = retention(0, MIN_FREE_AUTO);

        put_three();
        ck_assert(retain_make_more_room(&r, 1 << 20));
        ck_assert(!is_there(OLD) && is_there(NEW));
        ck_assert(retain_make_more_room(&r, UINT64_C(100) << 20));
        ck_assert(!is_there(NEW) && is_there("vm-2022-01-01-00:00:01"));
        ck_assert(!retain_make_more_room(&r, UINT64_C(100) << 20));
        put_large(OLD);
        r.min_free_bytes = 0;
        ck_assert(!retain_make_more_room(&r, UINT64_C(100) << 20));
        ck_assert(is_there(OLD));
}
END_TEST

#define NEWEST "vm-2022-01-01-00:00:01"

/* What a file of that size needs on the real disk. */
static uint64_t needed(uint64_t bytes) {
        struct statvfs st;

        ck_assert_int_eq(fstatvfs(store, &st), 0);
        return rotation_needed((uint64_t)st.f_blocks * st.f_frsize, bytes);
}

static void check_summary(const char *name, DumpResult result, const char *message) {
        _cleanup_close_ int fd = dump_store_open_dump(store, name);
        struct stat st;
        DumpInfo info;

        ck_assert_int_eq(dump_store_read_summary(fd, &info), 0);
        ck_assert_uint_eq(info.result, result);
        ck_assert_str_eq(strempty(info.message), message);
        dump_info_done(&info);
        ck_assert_int_eq(fstatat(fd, "kdump.json", &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert_uint_eq(st.st_mode & 077, 0);
        ck_assert(!exists_below(fd, "kdump.json.new"));
}

/* One of a known size: the newest goes, too, as the last, and leaves its log; or nothing does. */
START_TEST(test_sure_room) {
        Retention r = retention(0, MIN_FREE_AUTO);
        char newest[CRASH_NAME_MAX] = "";

        put_three();
        tree_text(&tree, path_of(NEWEST, "vmcore-dmesg.txt"), "Kernel panic");
        tree_text(&tree, path_of(NEWEST, "kdump.json"),
                  "{\"Result\":\"copied\",\"Log\":\"vmcore-dmesg.txt\",\"Message\":\"x\"}");
        put_incomplete(CUT_OFF);
        free_space = needed(9 << 20);
        /* It should fit as it is; what is free is not as much as it seems. */
        ck_assert(!retain_make_sure_room(&r, 9 << 20, newest));
        ck_assert(!retain_make_sure_room(&r, 15 << 20, newest));
        ck_assert_str_eq(said, "");
        r.min_free_bytes = 0;
        ck_assert(!retain_make_sure_room(&r, 10 << 20, newest));
        r.min_free_bytes = 1;
        ck_assert(retain_make_sure_room(&r, 12 << 20, newest));
        ck_assert_str_eq(newest, "");
        ck_assert(!exists_below(tree.fd, path_of(CUT_OFF, "vmcore.incomplete")));
        ck_assert(!is_there(OLD) && !is_there(NEW) && is_there(NEWEST));

        said[0] = '\0';
        free_space = needed(9 << 20) - (1 << 20); /* the rest is its */
        ck_assert(!retain_make_sure_room(&r, (9 << 20) + 1, newest));
        ck_assert(retain_make_sure_room(&r, 9 << 20, newest));
        ck_assert_str_eq(newest, NEWEST);
        ck_assert_str_eq(said, "removed the dump in " NEWEST ": there is no room for the new one "
                               "beside it\n");
        ck_assert(!exists_below(tree.fd, path_of(NEWEST, "vmcore")));
        ck_assert(exists_below(tree.fd, path_of(NEWEST, "vmcore-dmesg.txt")));
        check_summary(NEWEST, DUMP_RESULT_LOG_ONLY,
                      "x; its dump went for that in vm-2023-01-01-00:00:00, as there was no room "
                      "for both");
        ck_assert(!retain_make_sure_room(&r, 9 << 20, newest));
        ck_assert_uint_eq(retain_most_room(&r), 0);
}
END_TEST

/* Asked a second time when all are listed. */
static int free_while_old_goes(void *userdata, int fd, uint64_t *ret) {
        static unsigned asked;

        if (asked++ > 0)
                (void)renameat(store, OLD, store, "elsewhere");
        return fake_free(userdata, fd, ret);
}

/* Nor does the newest where one of the others is no longer there to go. */
START_TEST(test_sure_room_after_all) {
        Retention r = retention(0, 1);
        char newest[CRASH_NAME_MAX] = "";

        put_large(OLD);
        put_large(NEW);
        free_space = needed(0);
        r.free_bytes = free_while_old_goes;
        ck_assert(!retain_make_sure_room(&r, 1500000, newest));
        ck_assert(!is_there(OLD) && is_there(NEW));
        ck_assert(exists_below(tree.fd, path_of(NEW, "vmcore")));
}
END_TEST

/* What it leaves is bounded as what other crashes leave. */
START_TEST(test_sure_room_traces) {
        const Retention r = retention(0, 1);
        char name[64], newest[CRASH_NAME_MAX] = "";

        put_large(OLD);
        free_space = needed(0);
        ck_assert(retain_make_sure_room(&r, 1 << 19, newest));
        check_summary(OLD, DUMP_RESULT_FAILED,
                      "its dump went for that in vm-2023-01-01-00:00:00, as there was no room for "
                      "both");
        for (unsigned i = 0; i < TRACES_MOST; i++) {
                strscpyf(name, sizeof(name), "vm-2022-01-01-00:00:%02u", i);
                tree_text(&tree, path_of(name, "vmcore-dmesg.txt"), "Kernel panic");
        }
        retain_traces(&r);
        ck_assert(!exists_below(tree.fd, STORE "/" OLD));
        ck_assert(exists_below(tree.fd, STORE "/vm-2022-01-01-00:00:00"));
}
END_TEST

/* What counts is the file of the dump alone: not one that has another link, or that lies beside it;
 * and never one elsewhere. */
START_TEST(test_sure_room_of_dump) {
        const Retention r = retention(0, 1);
        const uint64_t bytes = 1000000;
        char newest[CRASH_NAME_MAX] = "";

        put_large(NEW);
        free_space = needed(0);
        ck_assert_int_eq(linkat(store, NEW "/vmcore", store, "saved", 0), 0);
        ck_assert(!retain_make_sure_room(&r, bytes, newest));
        ck_assert_int_eq(renameat(store, "saved", store, NEW "/vmcore"), 0);
        ck_assert_int_eq(unlinkat(store, "saved", 0), 0);
        put_large(OLD);
        ck_assert_int_eq(renameat(store, OLD "/vmcore", store, NEW "/vmcore-dmesg.txt"), 0);
        ck_assert(!retain_make_sure_room(&r, 2 * bytes, newest));
        ck_assert_str_eq(said, "");
        tree_text(&tree, path_of(NEW, "kdump.json"),
                  "{\"Result\":\"complete\",\"Vmcore\":\"../" OLD "/kdump.json\"}");
        ck_assert(retain_make_sure_room(&r, bytes, newest));
        ck_assert_str_eq(newest, NEW);
        ck_assert(is_there(OLD) && !exists_below(tree.fd, path_of(NEW, "vmcore")));
}
END_TEST

/* A tenth of the file system is never free by this. */
START_TEST(test_auto) {
        Retention r = retention(0, MIN_FREE_AUTO);

        put_three();
        free_space = 1;
        r.free_bytes = free_at_last;
        retain_make_room(&r);
        /* Complete ones stay, as they would not suffice; what suffices is not touched. */
        ck_assert(is_there(OLD) && is_there(NEW));
        ck_assert_ptr_nonnull(strstr(said, "less than MinFree="));
        put_incomplete(CUT_OFF);
        free_space = UINT64_C(1) << 40;
        r.free_bytes = fake_free;
        retain_make_room(&r);
        ck_assert(exists_below(tree.fd, path_of(CUT_OFF, "vmcore.incomplete")));
}
END_TEST

/* A crash loop leaves no more than so many logs. */
START_TEST(test_traces) {
        const Retention r = retention(0, 0);
        char name[64];

        put(OLD, "x");
        for (unsigned i = 0; i < TRACES_MOST + 3; i++) {
                strscpyf(name, sizeof(name), "vm-2022-01-01-00:00:%02u", i);
                /* The log is there first. */
                if (i % 4 != 1)
                        tree_text(&tree, path_of(name, "kdump.json"), "{\"Result\":\"log-only\"}");
                tree_text(&tree, path_of(name, "vmcore-dmesg.txt"), "Kernel panic");
        }
        /* What another program left beside a log is not ours. */
        tree_text(&tree, path_of("vm-2021-01-01-00:00:00", "vmcore-dmesg.txt"), "panic");
        tree_text(&tree, path_of("vm-2021-01-01-00:00:00", "vmcore-incomplete"), "x");
        retain_traces(&r);
        ck_assert(exists_below(tree.fd, path_of("vm-2021-01-01-00:00:00", "vmcore-dmesg.txt")));
        ck_assert(is_there(OLD));
        ck_assert(!exists_below(tree.fd, STORE "/vm-2022-01-01-00:00:00"));
        ck_assert(!exists_below(tree.fd, STORE "/vm-2022-01-01-00:00:02"));
        ck_assert(is_there("vm-2022-01-01-00:00:03") && is_there("vm-2022-01-01-00:00:22"));
        ck_assert_ptr_nonnull(strstr(said, "of the crash vm-2022-01-01-00:00:00: there are many"));
}
END_TEST

/* Removing one of two links frees nothing. */
START_TEST(test_links) {
        put_three();
        ck_assert_int_eq(linkat(store, OLD "/vmcore", store, "saved", 0), 0);
        ck_assert_int_eq(linkat(store, NEW "/vmcore", store, "saved-too", 0), 0);
        make_room(1 << 20);
        ck_assert(is_there(OLD) && is_there(NEW));
}
END_TEST

static void add_cases(Suite *suite) {
        /* Only root can give files to others; what does not run is not counted. */
        if (geteuid() == 0) {
                TCase *crowd = tcase_create("crowd");

                tcase_add_checked_fixture(crowd, setup, teardown);
                tcase_set_timeout(crowd, 60);
                tcase_add_test(crowd, test_crowd);
                suite_add_tcase(suite, crowd);
                ADD_FIXTURE_TEST(suite, test_strangers);
        }
        ADD_FIXTURE_TEST(suite, test_keep);
        ADD_FIXTURE_TEST(suite, test_just_written);
        ADD_FIXTURE_TEST(suite, test_no_dumps);
        ADD_FIXTURE_TEST(suite, test_fifo);
        ADD_FIXTURE_TEST(suite, test_lag);
        ADD_FIXTURE_TEST(suite, test_more_than_thought);
        ADD_FIXTURE_TEST(suite, test_never_enough);
        ADD_FIXTURE_TEST(suite, test_links);
        ADD_FIXTURE_TEST(suite, test_incomplete_first);
        ADD_FIXTURE_TEST(suite, test_incomplete_undescribed);
        ADD_FIXTURE_TEST(suite, test_incomplete_alone);
        ADD_FIXTURE_TEST(suite, test_own_incomplete);
        ADD_FIXTURE_TEST(suite, test_more_room);
        ADD_FIXTURE_TEST(suite, test_sure_room);
        ADD_FIXTURE_TEST(suite, test_sure_room_after_all);
        ADD_FIXTURE_TEST(suite, test_sure_room_traces);
        ADD_FIXTURE_TEST(suite, test_sure_room_of_dump);
        ADD_FIXTURE_TEST(suite, test_auto);
        ADD_FIXTURE_TEST(suite, test_traces);
}

TEST_MAIN("dump-retain", add_cases)
