/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the dumps of a target lie, on fake machines. */
#include "sys/dump-target.h"

#include "test.h"
#include "tree.h"

static Tree tree;
static Settings settings;

#define MOUNTS                                                                             \
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"                          \
        "25 22 0:60 / /home/u/a rw - fuse /dev/sdb1 rw,user_id=1000\n"                     \
        "26 22 0:61 / /home/u/b rw - fuse.btrfs /dev/mapper/vg-data rw,user_id=1000\n"     \
        "27 22 0:62 /@dumps /home/u/c rw - fuse.ext4 /dev/mapper/vg-data rw\n"             \
        "28 22 0:63 / /home/u/d rw - fuse /dev/sdd1 rw,user_id=1000\n"                     \
        "29 22 8:65 / /ntfs rw - fuseblk /dev/sde1 rw,user_id=0\n"                         \
        "23 22 0:21 / /proc rw - proc proc rw\n"                                           \
        "too short\n"                                                                      \
        "30 22 8:17 /sub /elsewhere rw - ext4 /dev/sdb1 rw\n"                              \
        "31 22 8:17 / /mnt/my\\040disk rw shared:9 master:1 - ext4 /dev/sdb1 rw\n"         \
        "32 22 0:44 /@dumps /srv/dumps rw - btrfs /dev/mapper/vg-data rw,subvol=/@dumps\n" \
        "33 22 8:33 / / rw - xfs /dev/sdc1 rw\n"

static void setup(void) {
        tree_init(&tree);
        ck_assert_int_eq(settings_init(&settings), 0);
        tree_text(&tree, "/proc/self/mountinfo", MOUNTS);
        tree_text(&tree, "/sys/class/block/sda1/dev", "8:1\n");
        tree_text(&tree, "/sys/class/block/sdb1/dev", "8:17\n");
        tree_text(&tree, "/sys/class/block/sdc1/dev", "8:33\n");
        tree_text(&tree, "/sys/class/block/sdd1/dev", "8:49\n");
        tree_text(&tree, "/sys/class/block/dm-3/dev", "253:3\n");
        tree_text(&tree, "/sys/class/block/sde1/dev", "8:65\n");
        tree_text(&tree, "/dev/sde1", "");
        tree_text(&tree, "/dev/sdb1", "");
        tree_text(&tree, "/dev/sdc1", "");
        tree_text(&tree, "/dev/sdd1", "");
        tree_text(&tree, "/dev/dm-3", "");
        tree_link(&tree, "/dev/disk/by-uuid/0011-AABB", "../../sdb1");
        tree_link(&tree, "/dev/disk/by-label/my\\x2fdisk", "../../sdb1");
        tree_link(&tree, "/dev/disk/by-partuuid/p1", "../../sdc1");
        tree_link(&tree, "/dev/disk/by-partlabel/loop", "loop");
        tree_link(&tree, "/dev/mapper/vg-data", "../dm-3");
        tree_link(&tree, "/dev/vg/data", "/dev/mapper/vg-data");
}

static void teardown(void) {
        settings_done(&settings);
        tree_done(&tree);
}

static void set(const char *key, const char *value) {
        Error error;

        ck_assert_int_eq(settings_set(&settings, "Capture", key, value, &error), 0);
}

static void check_path(const char *target, const char *below, const char *wanted) {
        _cleanup_free_ char *path = NULL;
        Error error = { 0 };

        set("Target", target);
        set("Path", below);
        ck_assert_int_eq(dump_target_path(tree.fd, &settings, DUMP_TARGET_MAIN, &path, &error), 0);
        ck_assert_str_eq(path, wanted);
        ck_assert_str_eq(error.text, "");
}

static void check_none(const char *target, int wanted, const char *text) {
        _cleanup_free_ char *path = NULL;
        Error error = { 0 };

        set("Target", target);
        ck_assert_int_eq(dump_target_path(tree.fd, &settings, DUMP_TARGET_MAIN, &path, &error),
                         wanted);
        ck_assert_ptr_null(path);
        ck_assert_str_eq(error.text, text);
}

START_TEST(test_paths) {
        check_path("auto", "/var/crash", "/var/crash");
        check_path("raw:/dev/sdd1", "/var/crash", "/var/crash");
        check_path("/dev/sdb1", "/dumps", "/mnt/my disk/dumps");
        check_path("UUID=0011-AABB", "/dumps", "/mnt/my disk/dumps");
        check_path("LABEL=my/disk", "/dumps", "/mnt/my disk/dumps");
        check_path("PARTUUID=p1", "/dumps", "/dumps");
        /* A part of the file system will do, if it is the one with the dumps in it. */
        check_path("/dev/sdb1", "/sub/x", "/elsewhere/x");
        check_path("/dev/sdb1", "/subway", "/mnt/my disk/subway");
        /* btrfs: the number says nothing, the name does. */
        check_path("/dev/vg/data", "/@dumps", "/srv/dumps");
        check_path("/dev/mapper/vg-data", "/@dumps/a", "/srv/dumps/a");
        check_path("/dev/sde1", "/dumps", "/ntfs/dumps");
        /* A part of it is the root, and the dumps are right there. */
        tree_text(&tree, "/proc/self/mountinfo", "22 1 8:17 /dumps / rw - ext4 /dev/sdb1 rw\n");
        check_path("/dev/sdb1", "/dumps/a", "/a");
        check_path("/dev/sdb1", "/dumps", "/");
}
END_TEST

START_TEST(test_none) {
        check_none("/dev/sdd1", -ENODEV, "/dev/sdd1 is not mounted");
        check_none("/dev/sdz", -ENODEV, "there is no device /dev/sdz");
        check_none("LABEL=other", -ENODEV, "there is no device LABEL=other");
        check_none("PARTLABEL=loop", -ENODEV, "there is no device PARTLABEL=loop");
        /* Not the part of btrfs that is mounted. */
        check_none("/dev/vg/data", -ENODEV, "/dev/vg/data is not mounted");
}
END_TEST

START_TEST(test_fallback) {
        _cleanup_free_ char *path = NULL;
        Error error = { 0 };

        ck_assert_int_eq(dump_target_path(tree.fd, &settings, DUMP_TARGET_FALLBACK, &path, &error),
                         -ENXIO);
        ck_assert_str_eq(error.text, "there is no FallbackTarget=");
        set("FallbackTarget", "UUID=0011-AABB");
        ck_assert_int_eq(dump_target_path(tree.fd, &settings, DUMP_TARGET_FALLBACK, &path, &error),
                         0);
        ck_assert_str_eq(path, "/mnt/my disk/var/crash");
}
END_TEST

#define FSTAB                                         \
        "# a comment\n"                               \
        "/dev/sda1 / ext4 defaults 0 1\n"             \
        "UUID=a /srv/crash/ ext4 defaults 0 2\n"      \
        "UUID=b /srv/hand ext4 noauto 0 2\n"          \
        "UUID=c /mnt/disk ext4 nofail 0 2\n"          \
        "UUID=d /mnt/disk/deeper ext4 defaults 0 2\n" \
        "UUID=e none swap sw 0 0\n"

#define MOUNTED MOUNTS "34 22 8:81 / /mnt/disk rw - ext4 /dev/sdf1 rw\n"

static const struct {
        const char *path;
        const char *missing; /* NULL: nothing */
} mounted[] = {
        { "/var/crash", NULL },
        { "/srv/crash", "/srv/crash/" },
        { "/srv/crash/below", "/srv/crash/" },
        { "/srv/crashes", NULL },
        { "/srv", NULL },
        { "/srv/hand", NULL },
        { "/mnt/disk", NULL },
        { "/mnt/disk/dumps", NULL },
        { "/mnt/disk/deeper/dumps", "/mnt/disk/deeper" },
        { "/link/x", "/srv/crash/" },
};

START_TEST(test_mounted) {
        _cleanup_free_ char *path = NULL, *wanted = NULL;
        Error error = { 0 };

        tree_text(&tree, "/etc/fstab", FSTAB);
        tree_text(&tree, "/proc/self/mountinfo", MOUNTED);
        tree_link(&tree, "/link", "srv/crash");
        /* As on most systems, a mount point is there, mounted or not. */
        tree_dir(&tree, "/mnt/disk/dumps");
        if (_i % 2 == 0)
                tree_dir(&tree, "/srv/crash/below");
        for (size_t i = 0; i < ELEMENTSOF(mounted); i++) {
                int r;

                set("Path", mounted[i].path);
                r = dump_target_path(tree.fd, &settings, DUMP_TARGET_MAIN, &path, &error);
                ck_assert_int_eq(r, mounted[i].missing ? -EAGAIN : 0);
                ck_assert_str_eq(strempty(path), mounted[i].missing ? "" : mounted[i].path);
                if (mounted[i].missing)
                        ck_assert_int_ge(asprintf(&wanted,
                                                  "what /etc/fstab mounts at %s is not mounted",
                                                  mounted[i].missing),
                                         0);
                ck_assert_str_eq(error.text, strempty(wanted));
                free(TAKE_PTR(path));
                error = (Error){ 0 };
                free(TAKE_PTR(wanted));
        }
        tree_text(&tree, "/proc/self/mountinfo",
                  MOUNTED "40 22 8:65 / /srv/crash rw - ext4 /dev/sde1 rw\n");
        check_path("auto", "/srv/crash/below", "/srv/crash/below");
        /* With a device of its own, that is what has to be mounted. */
        check_path("/dev/sdb1", "/srv/crash", "/mnt/my disk/srv/crash");
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *loops = tcase_create("loops");

        tcase_add_checked_fixture(loops, setup, teardown);
        tcase_add_loop_test(loops, test_mounted, 0, 2);
        suite_add_tcase(suite, loops);
        ADD_FIXTURE_TEST(suite, test_paths);
        ADD_FIXTURE_TEST(suite, test_none);
        ADD_FIXTURE_TEST(suite, test_fallback);
}

TEST_MAIN("dump-target", add_cases)
