/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture needs of the system: device-mapper parameters, what a block device holds. */
#include "test.h"

#include <sys/sysmacros.h>

#include "sys/block-probe.h"
#include "sys/dm-create.h"
#include "sys/module-load.h"
#include "sys/watchdog.h"
#include "tree.h"

static void check_parameters(const char *parameters, size_t n, const char *expected) {
        const dev_t devices[] = { makedev(8, 1), makedev(253, 300), makedev(259, 2) };
        _cleanup_free_ char *text = NULL;

        ck_assert_int_eq(dm_parameters(parameters, devices, n, &text), expected ? 0 : -EBADMSG);
        if (expected)
                ck_assert_str_eq(text, expected);
}

START_TEST(mapper_parameters) {
        check_parameters("", 0, "");
        check_parameters("%0 2048", 1, "8:1 2048");
        check_parameters("2 64 %0 0 %1 128", 2, "2 64 8:1 0 253:300 128");
        check_parameters("100%% %2", 3, "100% 259:2");
        check_parameters("%1 0", 1, NULL);
        check_parameters("%", 3, NULL);
        check_parameters("%x", 3, NULL);
        check_parameters("%99999999999999999999999", 3, NULL);
        check_parameters("%0", 0, NULL);
}
END_TEST

static BlockIdentity identity(const char *type, const char *uuid) {
        BlockIdentity id = { .n_contents = 1 };

        strscpy(id.contents[0].type, sizeof(id.contents[0].type), type);
        strscpy(id.contents[0].uuid, sizeof(id.contents[0].uuid), uuid);
        return id;
}

START_TEST(identities) {
        DeviceId uuid = { DEVICE_BY_UUID, (char *)"0B9C1B6E-9a3d-4a0e-9c5b-2f3c1d0e4a5f" };
        DeviceId md = { DEVICE_BY_UUID, (char *)"0b9c1b6e:9a3d4a0e:9c5b2f3c:1d0e4a5f" };
        DeviceId part = { DEVICE_BY_PARTUUID, (char *)"12345678-01" };
        DeviceId none = { DEVICE_BY_UUID, NULL }, empty = { DEVICE_BY_PARTUUID, (char *)"" };
        BlockIdentity ext4 = identity("ext4", "0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5f");
        BlockIdentity raid = identity("linux_raid_member", "0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5f");
        BlockIdentity nothing = { 0 };

        ck_assert(block_identity_matches(&ext4, &uuid, NULL));
        ck_assert(block_identity_matches(&ext4, &uuid, "ext4"));
        ck_assert(!block_identity_matches(&ext4, &uuid, "btrfs"));
        ck_assert(block_identity_matches(&raid, &md, "linux_raid_member"));
        ck_assert(!block_identity_matches(&nothing, &uuid, NULL));
        ck_assert(!block_identity_matches(&ext4, &none, NULL));
        ck_assert(!block_identity_matches(&nothing, &empty, NULL));
        ck_assert(!block_identity_matches(&ext4, &part, NULL));
        strscpy(nothing.partuuid, sizeof(nothing.partuuid), "12345678-01");
        ck_assert(block_identity_matches(&nothing, &part, NULL));
        ck_assert(!block_identity_matches(&nothing, &(DeviceId){ DEVICE_BY_PARTUUID, (char *)"1" },
                                          NULL));
}
END_TEST

/* An array whose superblock is at the end looks like the file system on it. */
START_TEST(members_are_no_file_systems) {
        DeviceId uuid = { DEVICE_BY_UUID, (char *)"aaaa" };
        BlockIdentity id = identity("ext4", "aaaa");

        id.contents[1] = identity("linux_raid_member", "bbbb").contents[0];
        id.n_contents = 2;
        ck_assert(!block_identity_matches(&id, &uuid, NULL));
        uuid.value = (char *)"bbbb";
        ck_assert(block_identity_matches(&id, &uuid, "linux_raid_member"));
}
END_TEST

/* A swap area, as it is simple to write: the magic at the end of its first page, the UUID at
 * 1036. */
START_TEST(probe) {
        static const unsigned char uuid[] = { 0x0b, 0x9c, 0x1b, 0x6e, 0x9a, 0x3d, 0x4a, 0x0e,
                                              0x9c, 0x5b, 0x2f, 0x3c, 0x1d, 0x0e, 0x4a, 0x5f };
        _cleanup_free_ char *area = calloc(1, 1 << 20);
        DeviceId id = { DEVICE_BY_UUID, (char *)"0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5f" };
        _cleanup_close_ int fd = -EBADF, empty_fd = -EBADF, bad_fd = -EBADF;
        BlockIdentity found;
        Tree tree;

        ck_assert_ptr_nonnull(area);
        tree_init(&tree);
        tree_bytes(&tree, "/zeros", area, 1 << 20);
        memcpy(area + 4096 - 10, "SWAPSPACE2", 10);
        area[1024] = 1;    /* version */
        area[1029] = 0x01; /* last page: 256 */
        memcpy(area + 1036, uuid, sizeof(uuid));
        tree_bytes(&tree, "/swap", area, 1 << 20);
        fd = open_below(tree.fd, "/swap", O_RDONLY);
        ck_assert_int_eq(block_probe(fd, &found), 0);
        ck_assert_uint_eq(found.n_contents, 1);
        ck_assert_str_eq(found.contents[0].type, "swap");
        ck_assert(block_identity_matches(&found, &id, "swap"));
        ck_assert_str_eq(found.partuuid, "");
        empty_fd = open_below(tree.fd, "/zeros", O_RDONLY);
        ck_assert_int_eq(block_probe(empty_fd, &found), 0);
        ck_assert_uint_eq(found.n_contents, 0);
        ck_assert_int_lt(block_probe(bad_fd, &found), 0);
        tree_done(&tree);
}
END_TEST

/* No privileges and no kernel: only what comes before the calls. */
START_TEST(absent) {
        PlanDevice device = { .name = (char *)"x" };
        dev_t number;
        Tree tree;

        tree_init(&tree);
        ck_assert_int_eq(dm_create(tree.fd, &device, NULL, &number), -ENOENT);
        ck_assert_int_eq(module_load(tree.fd, "/lib/modules/x.ko", ""), -ENOENT);
        tree_done(&tree);
}
END_TEST

static void check_fed(const Tree *tree, const char *path, const char *expected, size_t size) {
        _cleanup_free_ char *text = NULL;
        size_t found;

        ck_assert_int_eq(read_file_below(tree->fd, path, 64, &text, &found), 0);
        ck_assert_uint_eq(found, size);
        ck_assert_mem_eq(text, expected, size);
}

START_TEST(watchdogs) {
        Watchdogs dogs = { 0 };
        Tree tree;

        tree_init(&tree);
        watchdogs_feed(&dogs, tree.fd);
        ck_assert_uint_eq(dogs.n, 0);
        tree_text(&tree, "/dev/watchdog", "");
        tree_text(&tree, "/dev/watchdog0", "");
        tree_text(&tree, "/dev/watchdogs", "");
        watchdogs_feed(&dogs, tree.fd);
        ck_assert_uint_eq(dogs.n, 1);
        /* One whose driver was loaded meanwhile. */
        tree_text(&tree, "/dev/watchdog1", "");
        watchdogs_feed(&dogs, tree.fd);
        watchdogs_disarm(&dogs);
        check_fed(&tree, "/dev/watchdog0", "\0\0V", 3);
        check_fed(&tree, "/dev/watchdog1", "\0V", 2);
        check_fed(&tree, "/dev/watchdog", "", 0);
        check_fed(&tree, "/dev/watchdogs", "", 0);
        tree_done(&tree);
}
END_TEST

START_TEST(watchdog_of_an_old_driver) {
        Watchdogs dogs = { 0 };
        Tree tree;

        tree_init(&tree);
        tree_text(&tree, "/dev/watchdog", "");
        watchdogs_feed(&dogs, tree.fd);
        watchdogs_feed(&dogs, tree.fd);
        watchdogs_disarm(&dogs);
        check_fed(&tree, "/dev/watchdog", "\0\0V", 3);
        tree_done(&tree);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, mapper_parameters);
        ADD_TEST(s, identities);
        ADD_TEST(s, members_are_no_file_systems);
        ADD_TEST(s, probe);
        ADD_TEST(s, absent);
        ADD_TEST(s, watchdogs);
        ADD_TEST(s, watchdog_of_an_old_driver);
}

TEST_MAIN("capture-sys", add_cases)
