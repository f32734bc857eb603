/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture/devices: which of the devices that have appeared is the one that is meant. */
#include "test.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/string-util.h"
#include "capture/capture.h"
#include "capture/devices.h"
#include "tree.h"

#define UUID "11111111-2222-3333-4444-555555555555"

static SeenDevice seen(const char *name, unsigned minor, const char *type) {
        SeenDevice device = { .number = makedev(253, minor), .identity.n_contents = 1 };

        strscpy(device.name, sizeof(device.name), name);
        strscpy(device.identity.contents[0].type, sizeof(device.identity.contents[0].type), type);
        strscpy(device.identity.contents[0].uuid, sizeof(device.identity.contents[0].uuid), UUID);
        return device;
}

/* A RAID 1 of two legs: all three have the same file system on them. */
START_TEST(parts_are_no_places) {
        DeviceId legs[] = { { DEVICE_BY_MAPPER, (char *)"vg-leg0" },
                            { DEVICE_BY_MAPPER, (char *)"vg-leg1" } };
        PlanDmLine lines[] = { { 0, 8, (char *)"raid", (char *)"", legs, 2 } };
        PlanDevice planned[] = {
                { .type = PLAN_DEVICE_MAPPER, .name = (char *)"vg-leg0", .uuid = (char *)"a" },
                { .type = PLAN_DEVICE_MAPPER, .name = (char *)"vg-leg1", .uuid = (char *)"b" },
                { .type = PLAN_DEVICE_MAPPER,
                  .name = (char *)"vg-both",
                  .uuid = (char *)"c",
                  .lines = lines,
                  .n_lines = 1 },
        };
        Capture c = { .plan = { .devices = planned, .n_devices = ELEMENTSOF(planned) } };
        SeenDevice all[] = { seen("dm-0", 0, "btrfs"), seen("dm-1", 1, "btrfs"),
                             seen("dm-2", 2, "btrfs") };
        Devices d = { .capture = &c, .seen = all, .n_seen = 2 };
        DeviceId id = { DEVICE_BY_UUID, (char *)UUID },
                 mapper = { DEVICE_BY_MAPPER, (char *)"vg-leg1" };
        char path[64];
        dev_t number;

        for (unsigned i = 0; i < 2; i++)
                d.made[i] = makedev(253, i);
        ck_assert_int_eq(devices_find(&d, &id, path, &number), -ENODEV);
        ck_assert(!devices_seen_is(&d, &all[0], &id, "btrfs"));
        d.made[2] = makedev(253, 2);
        d.n_seen = 3;
        ck_assert_int_eq(devices_find(&d, &id, path, &number), 0);
        ck_assert_uint_eq(minor(number), 2);
        ck_assert_str_eq(path, "/dev/dm-2");
        ck_assert(devices_seen_is(&d, &all[2], &id, "btrfs"));
        ck_assert(!devices_seen_is(&d, &all[2], &id, "linux_raid_member"));
        /* By the name that the plan gave it, a part is found. */
        ck_assert_int_eq(devices_find(&d, &mapper, NULL, &number), 0);
        ck_assert_uint_eq(minor(number), 1);
}
END_TEST

static struct {
        char device[64], type[16], options[64];
        unsigned long flags;
        int error;
} mounted;

static int fake_mount(const char *device, const char *type, unsigned long flags,
                      const char *options) {
        strscpy(mounted.device, sizeof(mounted.device), device);
        strscpy(mounted.type, sizeof(mounted.type), type);
        strscpy(mounted.options, sizeof(mounted.options), options);
        mounted.flags = flags;
        return mounted.error;
}

/* What is on a target was checked by nobody: no program on it gets rights by its owner, and no node
 * on it is a device. */
static void check_mount(const char *type, const char *options, int error, const char *wanted) {
        const PlanTarget target = { PLAN_TARGET_FILE_SYSTEM,
                                    { DEVICE_BY_UUID, (char *)UUID },
                                    (char *)type,
                                    (char *)options,
                                    (char *)"/",
                                    (char *)"the target",
                                    NULL,
                                    0 };
        SeenDevice disk = seen("vda1", 1, type);
        char device[64];
        Error reason = { 0 };
        CaptureShared shared = { 0 };
        CaptureOps ops = capture_ops;
        Devices d = { .seen = &disk, .n_seen = 1 };
        Capture c = { .ops = &ops, .userdata = &d, .shared = &shared };
        Tree tree;

        tree_init(&tree);
        c.root_fd = tree.fd;
        ops.mount = fake_mount;
        mounted.error = error;
        ck_assert_int_eq(ops.attach(&c, &target, 0, device, &reason), error);
        ck_assert_str_eq(mounted.device, "/dev/vda1");
        ck_assert_str_eq(mounted.type, type);
        ck_assert_uint_eq(mounted.flags, MS_NOSUID | MS_NODEV);
        ck_assert_str_eq(mounted.options, wanted);
        ck_assert_int_eq(reason.text[0] != '\0', error < 0);
        tree_done(&tree);
}

START_TEST(mounts) {
        check_mount("ext4", "", 0, "");
        check_mount("xfs", "norecovery", 0, "norecovery");
        check_mount("xfs", "", -ENODEV, "");
        check_mount("ext4", "", -EIO, "");
        /* Not all of its devices are there. */
        check_mount("btrfs", "subvolid=5,skip_balance", 0, "subvolid=5,skip_balance,degraded");
        check_mount("btrfs", "", 0, "degraded");
}
END_TEST

/* A journal and a log on devices of their own: without one of them nothing is mounted. */
START_TEST(parts) {
        DeviceId on = { DEVICE_BY_UUID, (char *)UUID };
        PlanPart wanted[] = { { { DEVICE_BY_PARTUUID, (char *)"aa-02" }, (char *)"logdev" },
                              { { DEVICE_BY_PARTUUID, (char *)"aa-03" }, (char *)"rtdev" } };
        const PlanTarget target = { .type = PLAN_TARGET_FILE_SYSTEM,
                                    .device = on,
                                    .file_system = (char *)"xfs",
                                    .options = (char *)"",
                                    .parts = wanted,
                                    .n_parts = 2 };
        SeenDevice all[] = { seen("vda1", 1, "xfs"),
                             { "vdb2", makedev(253, 2), { .partuuid = "AA-02" } },
                             { "vdc3", makedev(253, 3), { .partuuid = "aa-03" } } };
        Error reason = { 0 };
        char device[64];
        CaptureShared shared = { 0 };
        CaptureOps ops = capture_ops;
        Devices d = { .seen = all, .n_seen = 3 };
        Capture c = { .ops = &ops, .userdata = &d, .shared = &shared };
        Tree tree;

        tree_init(&tree);
        c.root_fd = tree.fd;
        ops.mount = fake_mount;
        mounted.error = 0;
        ck_assert_int_eq(ops.attach(&c, &target, 0, device, &reason), 0);
        ck_assert_str_eq(mounted.options, "logdev=/dev/vdb2,rtdev=/dev/vdc3");
        mounted.device[0] = '\0';
        d.n_seen = 2;
        ck_assert_int_eq(ops.attach(&c, &target, 0, device, &reason), -ENODEV);
        ck_assert_str_eq(mounted.device, "");
        ck_assert(reason.text[0] != '\0');
        tree_done(&tree);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, mounts);
        ADD_TEST(s, parts);
        ADD_TEST(s, parts_are_no_places);
}

TEST_MAIN("capture-devices", add_cases)
