/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpd makes of the dumps that it finds. */
#include "daemon/new-dumps.h"

#include <sys/stat.h>

#include "base/time-util.h"
#include "sys/crash-test-json.h"
#include "sys/kernel-state.h"
#include "sys/log.h"
#include "test.h"
#include "tree.h"

#define ID "0123456789abcdef0123456789abcdef"

static Tree tree;
static Settings settings;
static Aftermath aftermath;
static bool all_read;
static char told[8192];
static size_t n_more;
static unsigned n_judged, n_tested;
static CrashTestResult result; /* as it was told last */
static uint64_t now_usec;

static void on_found(void *userdata, const Dump *dump) {
        strscpyf(told + strlen(told), sizeof(told) - strlen(told), "%s:%s ", dump->name,
                 dump_state_to_string(dump->state));
}

static void on_more(void *userdata, size_t n) {
        n_more = n;
}

static void on_judged(void *userdata, const CrashTest *test) {
        n_judged++;
}

static void on_newest(void *userdata, const LastCrash *newest) {
        aftermath.crash = *newest;
}

static void on_unclean(void *userdata, const LastBoot *boot, bool in_all, const char *pstore) {
        strscpyf(told + strlen(told), sizeof(told) - strlen(told), "unclean:%.8s:%s%s ",
                 boot->boot_id, strempty(pstore), in_all ? "" : "?");
}

static void on_tested(void *userdata, const CrashTest *test) {
        n_tested++;
        result = test->result;
}

static const NewDumpsOps ops = {
        .tested = on_tested,
        .found = on_found,
        .more = on_more,
        .judged = on_judged,
        .unclean = on_unclean,
        .newest = on_newest,
};

static void boot(const char *id) {
        char text[64];

        strscpyf(text, sizeof(text), "%s-2222-3333-4444-555555555555\n", id);
        tree_text(&tree, "/proc/sys/kernel/random/boot_id", text);
}

static void setup(void) {
        log_set_level(LOG_ERR);
        tree_init(&tree);
        tree_dir(&tree, "/var/lib/kdumpd/");
        ck_assert_int_eq(settings_init(&settings), 0);
        boot("11111111");
        told[0] = '\0';
        n_more = 0;
        n_judged = 0;
        now_usec = 1800000000000000;
}

static void teardown(void) {
        crash_test_done(&aftermath.test);
        settings_done(&settings);
        tree_done(&tree);
}

static void look(const char *wanted) {
        told[0] = '\0';
        n_tested = 0;
        all_read = new_dumps_look(tree.fd, &settings, now_usec, &ops, NULL);
        crash_test_done(&aftermath.test);
        aftermath.test = (CrashTest){ 0 };
        if (crash_test_read(tree.fd, &aftermath.test) < 0)
                ck_assert_uint_eq(n_tested, 0);
        else if (!kernel_is_capture(tree.fd))
                ck_assert(n_tested > 0 && result == aftermath.test.result);
        ck_assert_str_eq(told, wanted);
}

static void put_in(const char *store, const char *name, const char *vmcore, const char *log) {
        char path[256];

        strscpyf(path, sizeof(path), "%s/%s/vmcore-dmesg.txt", store, name);
        tree_text(&tree, path, log);
        if (!vmcore)
                return;
        strscpyf(path, sizeof(path), "%s/%s/%s", store, name, vmcore);
        tree_text(&tree, path, "x");
}

static void put(const char *name, const char *vmcore) {
        put_in("/var/crash", name, vmcore, "[ 1.0] Kernel panic - not syncing: x\n");
}

/* The place for dumps is made by the first capture: that dump is news, once. */
START_TEST(test_first) {
        look("");
        put("vm-2023-11-14-22:13:20", "vmcore");
        look("vm-2023-11-14-22:13:20:complete ");
        ck_assert_uint_eq(aftermath.crash.usec, 1700000000000000);
        ck_assert_str_eq(aftermath.crash.directory, "/var/crash/vm-2023-11-14-22:13:20");
        ck_assert_str_eq(aftermath.crash.message, "Kernel panic - not syncing: x");
        ck_assert_str_eq(aftermath.crash.state, "complete");
        ck_assert(aftermath.crash.complete);
        look("");
        look("");
        ck_assert(aftermath.crash.complete);
        put("vm-2023-11-14-22:13:21", "vmcore.incomplete");
        look("vm-2023-11-14-22:13:21:incomplete ");
        ck_assert_str_eq(aftermath.crash.state, "incomplete");
        ck_assert(!aftermath.crash.complete);
}
END_TEST

/* Path= is a link, and so is where it is noted what was told: both stay below the root. */
START_TEST(test_links) {
        char outside[] = "/tmp/kdumpd-test-XXXXXX", path[128];

        ck_assert_ptr_nonnull(mkdtemp(outside));
        tree_link(&tree, "/var/crash", outside);
        ck_assert_int_eq(unlinkat(tree.fd, "var/lib/kdumpd", AT_REMOVEDIR), 0);
        tree_link(&tree, "/var/lib/kdumpd", "/data/state");
        tree_dir(&tree, "/data/state/");
        strscpyf(path, sizeof(path), "%s/vm-2023-11-14-22:13:20", outside);
        ck_assert_int_eq(mkdir(path, 0755), 0);
        look("");
        ck_assert(exists_below(tree.fd, "/data/state/dumps.target"));
        put_in(outside, "vm-2023-11-14-22:13:21", "vmcore", "");
        look("vm-2023-11-14-22:13:21:complete ");
        ck_assert_str_eq(aftermath.crash.directory, "/var/crash/vm-2023-11-14-22:13:21");
        ck_assert_int_eq(rmdir(path), 0);
        ck_assert_int_eq(rmdir(outside), 0);
}
END_TEST

/* A dump in a directory that both targets lead to, by two names, is told of once. */
START_TEST(test_double) {
        Error error;

        tree_text(&tree, "/dev/sda1", "");
        tree_text(&tree, "/sys/class/block/sda1/dev", "8:1\n");
        tree_text(&tree, "/proc/self/mountinfo", "22 1 8:1 / /mnt rw - ext4 /dev/sda1 rw\n");
        tree_dir(&tree, "/var/crash/");
        tree_link(&tree, "/mnt/var", "../var");
        ck_assert_int_eq(settings_set(&settings, "Capture", "FallbackTarget", "/dev/sda1", &error),
                         0);
        look("");
        put("vm-2023-11-14-22:13:20", "vmcore");
        look("vm-2023-11-14-22:13:20:complete ");
}
END_TEST

/* What was there before kdumpd was is no news, but it is the last crash. */
START_TEST(test_installed) {
        put("vm-2023-11-14-22:13:20", "vmcore");
        look("");
        ck_assert(aftermath.crash.complete);
        put("vm-2022-11-14-22:13:20", NULL);
        look("vm-2022-11-14-22:13:20:log-only ");
        ck_assert_str_eq(aftermath.crash.directory, "/var/crash/vm-2023-11-14-22:13:20");
}
END_TEST

START_TEST(test_moved) {
        Error error;

        put("vm-2023-11-14-22:13:20", "vmcore");
        look("");
        put_in("/srv/dumps", "vm-2023-11-14-22:13:19", "vmcore", "");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Path", "/srv/dumps", &error), 0);
        look("");
        ck_assert_str_eq(aftermath.crash.directory, "/srv/dumps/vm-2023-11-14-22:13:19");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Path", "/srv/nothing", &error), 0);
        look("");
        ck_assert_uint_eq(aftermath.crash.usec, 0);
        ck_assert_str_eq(strempty(aftermath.crash.state), "");
        look("");
}
END_TEST

START_TEST(test_many) {
        char name[64];

        tree_dir(&tree, "/var/crash/");
        look("");
        for (unsigned i = 0; i < NEW_DUMPS_MOST + 3; i++) {
                strscpyf(name, sizeof(name), "vm-2023-11-14-22:13:%02u", i);
                put(name, "vmcore");
        }
        (void)new_dumps_look(tree.fd, &settings, 0, &ops, NULL);
        ck_assert_uint_eq(n_more, 3);
        ck_assert_ptr_nonnull(startswith(told, "vm-2023-11-14-22:13:03:complete "));
        ck_assert_ptr_nonnull(strstr(told, "22:13:18:complete "));
        look("");
}
END_TEST

/* The target gets mounted when kdumpd runs already; the fallback is looked at as well. */
START_TEST(test_late_mount) {
        Error error;

        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "/dev/sda1", &error), 0);
        ck_assert_int_eq(settings_set(&settings, "Capture", "FallbackTarget", "/dev/sdb1", &error),
                         0);
        tree_text(&tree, "/dev/sda1", "");
        tree_text(&tree, "/sys/class/block/sda1/dev", "8:1\n");
        tree_text(&tree, "/dev/sdb1", "");
        tree_text(&tree, "/sys/class/block/sdb1/dev", "8:17\n");
        tree_text(&tree, "/proc/self/mountinfo", "1 1 8:17 / /fall rw - ext4 /dev/sdb1 rw\n");
        tree_dir(&tree, "/fall/var/crash/");
        tree_dir(&tree, "/data/var/crash/");
        look("");
        ck_assert(!all_read);
        put_in("/fall/var/crash", "vm-2023-11-14-22:13:20", "vmcore", "");
        look("vm-2023-11-14-22:13:20:complete ");
        tree_text(&tree, "/proc/self/mountinfo",
                  "1 1 8:17 / /fall rw - ext4 /dev/sdb1 rw\n"
                  "2 1 8:1 / /data rw - ext4 /dev/sda1 rw\n");
        look("");
        put_in("/data/var/crash", "vm-2023-11-14-22:13:19", "vmcore", "");
        look("vm-2023-11-14-22:13:19:complete ");
        ck_assert(all_read);
        ck_assert_str_eq(aftermath.crash.directory, "/fall/var/crash/vm-2023-11-14-22:13:20");
}
END_TEST

#define TOLD "/var/lib/kdumpd/dumps.target"

static ino_t inode_of_told(void) {
        struct stat st;

        ck_assert_int_eq(fstatat(tree.fd, &(TOLD)[1], &st, 0), 0);
        return st.st_ino;
}

/* A look at what has not changed writes nothing. */
START_TEST(test_unchanged) {
        ino_t inode;

        look("");
        put("vm-2023-11-14-22:13:20", "vmcore");
        look("vm-2023-11-14-22:13:20:complete ");
        inode = inode_of_told();
        /* Keeps the number from being given out again. */
        ck_assert_int_eq(linkat(tree.fd, &(TOLD)[1], tree.fd, "kept", 0), 0);
        look("");
        look("");
        ck_assert_uint_eq(inode_of_told(), inode);
        put("vm-2023-11-14-22:13:21", "vmcore");
        look("vm-2023-11-14-22:13:21:complete ");
        ck_assert_uint_ne(inode_of_told(), inode);
}
END_TEST

/* What is left of it after a power failure: names that are lost are told of again. */
static const char *const damages[] = { "", "/var/cr", "nonsense\n",
                                       "/var/crash\nvm-2023-11-14-22:13:2" };

START_TEST(test_damaged) {
        look("");
        put("vm-2023-11-14-22:13:20", "vmcore");
        tree_text(&tree, TOLD, damages[_i]);
        look("vm-2023-11-14-22:13:20:complete ");
        look("");
}
END_TEST

static void begin_test_in(const char *boot_id) {
        CrashTest test = { .id = ID, .started_usec = 1700000000000000 };

        strscpyf(test.boot_id, sizeof(test.boot_id), "%s-2222-3333-4444-555555555555", boot_id);
        ck_assert_int_eq(crash_test_write(tree.fd, &test), 0);
}

static void begin_test(void) {
        begin_test_in("11111111");
}

#define MARK "[ 9.0] kdumpd: crash test " ID "\n"

static const struct {
        const char *vmcore, *log;
        CrashTestResult result;
} tests[] = {
        { "vmcore", MARK, CRASH_TEST_COMPLETE },
        { "vmcore.incomplete", MARK, CRASH_TEST_INCOMPLETE },
        { NULL, MARK, CRASH_TEST_INCOMPLETE },
        { "vmcore", "[ 9.0] kdumpd: crash test 0\n", CRASH_TEST_NOTHING },
};

START_TEST(test_judge) {
        CrashTest test = { 0 };

        begin_test();
        put_in("/var/crash", "vm-2023-11-14-22:13:20", tests[_i].vmcore, tests[_i].log);
        /* The machine did not panic yet. */
        look("");
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_PENDING);
        ck_assert_uint_eq(n_judged, 0);
        boot("22222222");
        look("");
        ck_assert_int_eq(aftermath.test.result, tests[_i].result);
        ck_assert_uint_eq(n_judged, 1);
        if (tests[_i].result == CRASH_TEST_NOTHING)
                ck_assert_ptr_null(aftermath.test.directory);
        else
                ck_assert_str_eq(aftermath.test.directory, "/var/crash/vm-2023-11-14-22:13:20");
        /* It is kept, and told once. */
        ck_assert_int_eq(crash_test_read(tree.fd, &test), 0);
        ck_assert_int_eq(test.result, tests[_i].result);
        ck_assert_uint_eq(test.judged_usec, 1800000000000000);
        crash_test_done(&test);
        last_boot_end(tree.fd);
        boot("33333333");
        look("");
        ck_assert_int_eq(aftermath.test.result, tests[_i].result);
        ck_assert_uint_eq(n_judged, 1);
}
END_TEST

/* As long as a place cannot be looked at, the dump may be there. */
START_TEST(test_judge_late) {
        Error error;

        begin_test();
        boot("22222222");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "/dev/sda1", &error), 0);
        tree_text(&tree, "/dev/sda1", "");
        tree_text(&tree, "/sys/class/block/sda1/dev", "8:1\n");
        tree_text(&tree, "/proc/self/mountinfo", "");
        look("");
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_PENDING);
        put_in("/data/var/crash", "vm-2023-11-14-22:13:20", "vmcore", MARK);
        tree_text(&tree, "/proc/self/mountinfo", "2 1 8:1 / /data rw - ext4 /dev/sda1 rw\n");
        look("");
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_COMPLETE);
}
END_TEST

/* The machine ends as it does, and boots again. */
static void end_and_boot(bool in_order, const char *id) {
        if (in_order)
                last_boot_end(tree.fd);
        boot(id);
}

/* The last boot is told of once, if kdumpd ran to its end and nothing was left. */
START_TEST(test_unclean) {
        look("");
        look("");
        end_and_boot(true, "22222222");
        look("");
        end_and_boot(false, "33333333");
        look("unclean:22222222: ");
        look("");
        /* kdumpd was started again, or killed and started again. */
        last_boot_end(tree.fd);
        look("");
        look("");
        end_and_boot(false, "44444444");
        look("unclean:33333333: ");
        /* Stopped by hand, and then nobody knows. */
        last_boot_end(tree.fd);
        last_boot_end(tree.fd);
        boot("55555555");
        look("");
        /* The end of a kdumpd that did not run in this boot is none of that other one's. */
        boot("66666666");
        last_boot_end(tree.fd);
        look("unclean:55555555: ");
        ck_assert(!exists_below(tree.fd, LAST_BOOT_UNCLEAN));
}
END_TEST

/* Whatever it left says more. */
START_TEST(test_unclean_with_dump) {
        look("");
        boot("22222222");
        put("vm-2027-01-15-08:00:00", "vmcore.incomplete");
        look("vm-2027-01-15-08:00:00:incomplete ");
        look("");
        /* A name that tells minutes, of one before kdumpd ran; and the place is looked into for the
         * first time. */
        boot("33333333");
        tree_unlink(&tree, "/var/lib/kdumpd/dumps.target");
        put("202701150759", "vmcore");
        look("");
        /* One that was there before is none of it. */
        boot("44444444");
        ck_assert_int_eq(renameat(tree.fd, "var/crash/202701150759", tree.fd, "var/crash/x"), 0);
        tree_remove(&tree, "/var/crash/x");
        tree_remove(&tree, "/var/crash/vm-2027-01-15-08:00:00");
        put("vm-2026-12-01-00:00:00", NULL);
        look("vm-2026-12-01-00:00:00:log-only ");
        boot("55555555");
        look("unclean:44444444: ");
}
END_TEST

static void put_pstore(const char *directory, const char *name, time_t changed) {
        const struct timespec times[] = { { .tv_sec = changed }, { .tv_sec = changed } };
        char path[128];

        strscpyf(path, sizeof(path), "%s/%s", directory, name);
        tree_text(&tree, path, "");
        ck_assert_int_eq(utimensat(tree.fd, path + 1, times, 0), 0);
}

/* As long as a place cannot be looked at, a dump may be there; and what became of a test is told
 * anyway. */
START_TEST(test_unclean_late) {
        Error error;

        look("");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "/dev/sda1", &error), 0);
        tree_text(&tree, "/dev/sda1", "");
        tree_text(&tree, "/sys/class/block/sda1/dev", "8:1\n");
        tree_text(&tree, "/proc/self/mountinfo", "");
        boot("22222222");
        look("");
        tree_dir(&tree, "/data/");
        tree_text(&tree, "/proc/self/mountinfo", "2 1 8:1 / /data rw - ext4 /dev/sda1 rw\n");
        put_pstore("/var/lib/systemd/pstore", "1799999999", 1799999999);
        put_pstore("/var/lib/systemd/pstore", "1800000000", 1800000000);
        look("unclean:11111111:/var/lib/systemd/pstore ");
        put_pstore("/sys/fs/pstore", "dmesg-efi-1", 1800000000);
        begin_test_in("22222222");
        boot("33333333");
        look("");
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_NOTHING);
        boot("44444444");
        look("unclean:33333333:/sys/fs/pstore ");
        put_pstore("/sys/fs/pstore", "dmesg-efi-1", 1799999999);
        put_pstore("/var/lib/systemd/pstore", "1800000000", 1799999999);
        boot("55555555");
        look("unclean:44444444: ");
}
END_TEST

/* The disk is gone, and that is why there is no dump. */
START_TEST(test_unclean_for_ever) {
        Error error;

        look("");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "/dev/sdq", &error), 0);
        boot("22222222");
        look("");
        now_usec += 15 * USEC_PER_MINUTE - 1;
        look("");
        now_usec++;
        look("unclean:11111111:? ");
        ck_assert(!all_read);
        look("");
}
END_TEST

/* A note that is damaged tells nothing, and is replaced. */
START_TEST(test_unclean_damaged) {
        tree_text(&tree, LAST_BOOT_PATH, "{\"BootId\":\"0\",\"Runn");
        tree_text(&tree, LAST_BOOT_UNCLEAN, "no");
        look("");
        boot("22222222");
        look("unclean:11111111: ");
}
END_TEST

#define FSTAB "/dev/sda1 / ext4 defaults 0 1\n/dev/sdb1 /var/crash ext4 nofail 0 2\n"
#define ROOT  "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"

/* A mount point with nothing mounted is no empty place: neither is a test without a dump there, nor
 * is what lies there news each time that it is mounted. */
START_TEST(test_not_mounted) {
        tree_text(&tree, "/etc/fstab", FSTAB);
        tree_text(&tree, "/proc/self/mountinfo", ROOT "2 1 8:17 / /var/crash rw - ext4 x rw\n");
        put("vm-2023-11-14-22:13:19", "vmcore");
        look("");
        ck_assert(all_read);

        begin_test();
        boot("22222222");
        tree_text(&tree, "/proc/self/mountinfo", ROOT);
        ck_assert_int_eq(renameat(tree.fd, "var/crash", tree.fd, "disk"), 0);
        tree_dir(&tree, "/var/crash");
        look("");
        ck_assert(!all_read);
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_PENDING);

        tree_text(&tree, "/proc/self/mountinfo", ROOT "2 1 8:17 / /var/crash rw - ext4 x rw\n");
        ck_assert_int_eq(unlinkat(tree.fd, "var/crash", AT_REMOVEDIR), 0);
        ck_assert_int_eq(renameat(tree.fd, "disk", tree.fd, "var/crash"), 0);
        put_in("/var/crash", "vm-2023-11-14-22:13:20", "vmcore", MARK);
        look("vm-2023-11-14-22:13:20:complete ");
        ck_assert(all_read);
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_COMPLETE);
}
END_TEST

/* What is on a device may still be recovered; then it is judged. */
START_TEST(test_judge_raw) {
        Error error;

        begin_test();
        boot("22222222");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "raw:/dev/sda1", &error), 0);
        ck_assert_int_eq(
                settings_set(&settings, "Capture", "FallbackTarget", "raw:/dev/sdb1", &error), 0);
        look("");
        ck_assert(!all_read);
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_PENDING);
        put_in("/var/crash", "vm-2023-11-14-22:13:20", "vmcore", MARK);
        look("vm-2023-11-14-22:13:20:complete ");
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_COMPLETE);
}
END_TEST

/* Nothing was left on the device, and nothing came from there. */
START_TEST(test_judge_raw_nothing) {
        Error error;

        begin_test();
        boot("22222222");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "raw:/dev/sda1", &error), 0);
        look("");
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_PENDING);
        tree_text(&tree, "/run/kdumpd/recovered", "");
        look("");
        ck_assert(all_read);
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_NOTHING);
}
END_TEST

/* A dump that somebody removes is no complete one any more. */
START_TEST(test_removed) {
        put("vm-2023-11-14-22:13:20", "vmcore");
        look("");
        ck_assert(aftermath.crash.complete);
        tree_unlink(&tree, "/var/crash/vm-2023-11-14-22:13:20/vmcore");
        look("");
        ck_assert(!aftermath.crash.complete);
        ck_assert_str_eq(aftermath.crash.state, "log-only");
}
END_TEST

/* The kernel that writes the dump finds none yet: it does not judge the test by that, and what is
 * half written is news for the boot after it. */
START_TEST(test_capture_kernel) {
        begin_test();
        look("");
        boot("22222222");
        tree_text(&tree, "/proc/vmcore", "");
        look("");
        ck_assert(!all_read);
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_PENDING);
        put_in("/var/crash", "vm-2023-11-14-22:13:20", "vmcore.incomplete", MARK);
        look("");
        ck_assert_uint_eq(n_judged, 0);
        tree_unlink(&tree, "/proc/vmcore");
        tree_unlink(&tree, "/var/crash/vm-2023-11-14-22:13:20/vmcore.incomplete");
        put_in("/var/crash", "vm-2023-11-14-22:13:20", "vmcore", MARK);
        boot("33333333");
        look("vm-2023-11-14-22:13:20:complete ");
        ck_assert_int_eq(aftermath.test.result, CRASH_TEST_COMPLETE);
}
END_TEST

/* What /var is mounted from need not have our directory. */
START_TEST(test_new_var) {
        ck_assert_int_eq(unlinkat(tree.fd, "var/lib/kdumpd", AT_REMOVEDIR), 0);
        look("");
        put("vm-2023-11-14-22:13:20", "vmcore");
        look("vm-2023-11-14-22:13:20:complete ");
        look("");
}
END_TEST

START_TEST(test_bad_note) {
        tree_text(&tree, CRASH_TEST_PATH, "{");
        look("");
        ck_assert_str_eq(aftermath.test.id, "");
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *loops = tcase_create("loops");

        tcase_add_checked_fixture(loops, setup, teardown);
        tcase_add_loop_test(loops, test_judge, 0, (int)ELEMENTSOF(tests));
        tcase_add_loop_test(loops, test_damaged, 0, (int)ELEMENTSOF(damages));
        suite_add_tcase(suite, loops);
        ADD_FIXTURE_TEST(suite, test_first);
        ADD_FIXTURE_TEST(suite, test_links);
        ADD_FIXTURE_TEST(suite, test_double);
        ADD_FIXTURE_TEST(suite, test_installed);
        ADD_FIXTURE_TEST(suite, test_moved);
        ADD_FIXTURE_TEST(suite, test_many);
        ADD_FIXTURE_TEST(suite, test_late_mount);
        ADD_FIXTURE_TEST(suite, test_unchanged);
        ADD_FIXTURE_TEST(suite, test_judge_late);
        ADD_FIXTURE_TEST(suite, test_unclean);
        ADD_FIXTURE_TEST(suite, test_unclean_with_dump);
        ADD_FIXTURE_TEST(suite, test_unclean_late);
        ADD_FIXTURE_TEST(suite, test_unclean_for_ever);
        ADD_FIXTURE_TEST(suite, test_unclean_damaged);
        ADD_FIXTURE_TEST(suite, test_not_mounted);
        ADD_FIXTURE_TEST(suite, test_judge_raw);
        ADD_FIXTURE_TEST(suite, test_judge_raw_nothing);
        ADD_FIXTURE_TEST(suite, test_removed);
        ADD_FIXTURE_TEST(suite, test_capture_kernel);
        ADD_FIXTURE_TEST(suite, test_new_var);
        ADD_FIXTURE_TEST(suite, test_bad_note);
}

TEST_MAIN("new-dumps", add_cases)
