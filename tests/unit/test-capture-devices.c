/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture/devices: which of the devices that have appeared is the one that is meant. */
#include "test.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/string-util.h"
#include "base/time-util.h"
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

/* --- devices that come one by one ------------------------------------------------------------ */

/* What the fake probe finds on a node, and how often it looked. */
static struct Node {
        const char *path;
        unsigned minor;
        const char *type, *uuid, *partuuid;
        unsigned n_looks;
} nodes[8];
static size_t n_nodes;

static char made[1024]; /* what the kernel was asked to make and to remove */
static int make_error, remove_error;
static unsigned n_btrfs; /* devices that the kernel was told of; it has all when there are two */
static bool was_unmounted;

static Tree tree;
static CaptureShared shared;
static CaptureOps ops;
static Devices devices;
static Capture capture;

static int fake_probe(Capture *c, const char *path, dev_t *ret_number, BlockIdentity *ret) {
        for (size_t i = 0; i < n_nodes; i++) {
                struct Node *node = &nodes[i];

                if (!streq(node->path, path))
                        continue;
                node->n_looks++;
                *ret = (BlockIdentity){ .n_contents = 1 };
                strscpy(ret->contents[0].type, sizeof(ret->contents[0].type), node->type);
                strscpy(ret->contents[0].uuid, sizeof(ret->contents[0].uuid), node->uuid);
                strscpy(ret->partuuid, sizeof(ret->partuuid), strempty(node->partuuid));
                *ret_number = makedev(8, node->minor);
                return 0;
        }
        return -ENOENT;
}

_printf_(1, 2) static void note(const char *format, ...) {
        size_t n = strlen(made);
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(made + n, sizeof(made) - n, format, ap);
        va_end(ap);
}

/* Its number is that of its place in the plan. */
static dev_t number_of(const PlanDevice *device) {
        return makedev(253, (unsigned)(device - capture.plan.devices));
}

static void appears(const PlanDevice *device, const char *as) {
        char link[64], target[64];

        strscpyf(link, sizeof(link), "/sys/dev/block/253:%u", minor(number_of(device)));
        strscpyf(target, sizeof(target), "../../devices/virtual/block/%s", as);
        tree_link(&tree, link, target);
}

static int fake_make_mapper(Capture *c, const PlanDevice *device, char *const *parameters,
                            dev_t *ret) {
        note("%s(", device->name);
        for (size_t i = 0; i < device->n_lines; i++)
                note("%s%s", i > 0 ? "," : "", parameters[i]);
        note(")%s ", make_error < 0 ? "!" : "");
        if (make_error == 0)
                *ret = number_of(device);
        return make_error;
}

static int fake_remove_mapper(Capture *c, const char *name) {
        note("-%s ", name);
        return remove_error;
}

static int fake_make_array(Capture *c, const PlanDevice *device, const dev_t *members, size_t n,
                           dev_t *ret) {
        note("%s(", device->name);
        for (size_t i = 0; i < n; i++)
                note("%s%u:%u", i > 0 ? " " : "", major(members[i]), minor(members[i]));
        note(")%s ", make_error < 0 ? "!" : "");
        if (make_error == 0)
                *ret = number_of(device);
        return make_error;
}

static int fake_scan_btrfs(Capture *c, const char *path) {
        return ++n_btrfs >= 2;
}

static int fake_unmount(void) {
        was_unmounted = true;
        return -EBUSY;
}

static void setup(void) {
        tree_init(&tree);
        n_nodes = 0;
        made[0] = '\0';
        make_error = remove_error = 0;
        n_btrfs = 0;
        was_unmounted = false;
        shared = (CaptureShared){ 0 };
        ops = capture_ops;
        ops.mount = fake_mount;
        ops.unmount = fake_unmount;
        ops.probe = fake_probe;
        ops.scan_btrfs = fake_scan_btrfs;
        ops.make_mapper = fake_make_mapper;
        ops.remove_mapper = fake_remove_mapper;
        ops.make_array = fake_make_array;
        mounted.error = 0;
        mounted.device[0] = '\0';
        capture = (Capture){ .root_fd = tree.fd, .ops = &ops, .shared = &shared };
        capture.userdata = &devices;
        devices = (Devices){ .capture = &capture };
}

static void teardown(void) {
        devices_done(&devices);
        tree_done(&tree);
}

static void set_size(const char *sys_name, const char *sectors) {
        char path[96];

        strscpyf(path, sizeof(path), "/sys/class/block/%s/size", sys_name);
        tree_text(&tree, path, sectors);
}

static struct Node *add_node(const char *sys_name, const char *path, const char *type,
                             const char *uuid) {
        nodes[n_nodes] = (struct Node){
                .path = path, .minor = (unsigned)n_nodes + 1, .type = type, .uuid = uuid
        };
        set_size(sys_name, "2048\n");
        return &nodes[n_nodes++];
}

static void looks(bool may_degrade, const char *wanted) {
        made[0] = '\0';
        devices_look(&devices, may_degrade);
        ck_assert_str_eq(made, wanted);
}

#define DISK_A "aaaaaaaa-0000-0000-0000-000000000000"
#define DISK_B "bbbbbbbb-0000-0000-0000-000000000000"
#define DISK_C "cccccccc-0000-0000-0000-000000000000"

/* Memory and drives that may be empty are left alone; what has no size yet is looked at later; and
 * each is looked at once. */
START_TEST(which_are_looked_at) {
        struct Node *disk = add_node("sda", "/dev/sda", "ext4", UUID);
        struct Node *controller = add_node("cciss!c0d0", "/dev/cciss/c0d0", "ext4", DISK_B);
        struct Node *none[] = { add_node("ram0", "/dev/ram0", "", ""),
                                add_node("loop3", "/dev/loop3", "", ""),
                                add_node("zram1", "/dev/zram1", "", ""),
                                add_node("sr0", "/dev/sr0", "", "") };
        DeviceId id = { DEVICE_BY_UUID, (char *)DISK_B }, nothing = { DEVICE_BY_UUID, NULL };
        dev_t number;
        char path[64];

        set_size("sda", "0\n");
        set_size("a-name-that-is-longer-than-any-device-has-that-a-kernel-of-today-knows", "1\n");
        looks(false, "");
        ck_assert_uint_eq(disk->n_looks, 0);
        set_size("sda", "1\n");
        looks(false, "");
        looks(false, "");
        ck_assert_uint_eq(disk->n_looks, 1);
        ck_assert_uint_eq(controller->n_looks, 1);
        for (size_t i = 0; i < ELEMENTSOF(none); i++)
                ck_assert_uint_eq(none[i]->n_looks, 0);
        ck_assert_uint_eq(devices.n_seen, 2);
        ck_assert_int_eq(devices_find(&devices, &id, path, &number), 0);
        ck_assert_str_eq(path, "/dev/cciss/c0d0");
        ck_assert_uint_eq(minor(number), controller->minor);
        ck_assert_int_eq(devices_find(&devices, &nothing, path, NULL), -ENODEV);
}
END_TEST

/* More than there is room for at first. */
START_TEST(many) {
        struct Node node = { .path = "/dev/x", .type = "ext4", .uuid = UUID };

        for (unsigned i = 0; i < 100; i++) {
                char name[16];

                strscpyf(name, sizeof(name), "vd%u", i);
                set_size(name, "1\n");
        }
        nodes[0] = node;
        looks(false, "");
        ck_assert_uint_eq(devices.n_seen, 0); /* their nodes are not there yet */
        ops.probe = capture_ops.probe;
        tree_text(&tree, "/dev/vd7", "no device");
        looks(false, "");
        ck_assert_uint_eq(devices.n_seen, 0);
}
END_TEST

/* An array, a volume over it: each when what it is made of is there. */
START_TEST(array_and_volume) {
        DeviceId on_array[] = { { DEVICE_BY_MD, (char *)DISK_A } };
        PlanDmLine lines[] = { { 0, 8, (char *)"linear", (char *)"%0 384", on_array, 1 } };
        PlanDevice planned[] = {
                { .type = PLAN_DEVICE_MD,
                  .name = (char *)"md127",
                  .uuid = (char *)DISK_A,
                  .n_members = 2 },
                { .type = PLAN_DEVICE_MAPPER,
                  .name = (char *)"vg-lv",
                  .uuid = (char *)"LVM-x",
                  .lines = lines,
                  .n_lines = 1 },
        };
        DeviceId volume = { DEVICE_BY_MAPPER, (char *)"vg-lv" };
        char path[64];
        dev_t number;

        capture.plan = (CapturePlan){ .devices = planned, .n_devices = 2 };
        looks(false, "");
        add_node("sda", "/dev/sda", "linux_raid_member", DISK_A);
        looks(false, "");
        /* It has the UUID of the array on it, and is none. */
        add_node("sdc", "/dev/sdc", "ext4", DISK_A);
        looks(false, "");
        add_node("sdb", "/dev/sdb", "linux_raid_member", DISK_A);
        devices_look(&devices, false);
        /* In whatever order sysfs has them. */
        ck_assert_msg(streq(made, "md127(8:1 8:3) vg-lv(253:0 384) ") ||
                              streq(made, "md127(8:3 8:1) vg-lv(253:0 384) "),
                      "%s", made);
        looks(true, "");
        ck_assert_int_eq(devices_find(&devices, &volume, path, &number), -ENODEV);
        appears(&planned[1], "dm-0");
        ck_assert_int_eq(devices_find(&devices, &volume, path, &number), 0);
        ck_assert_str_eq(path, "/dev/dm-0");
        ck_assert_uint_eq(number, makedev(253, 1));
        /* In use: it stays. Arrays stop by themselves. */
        made[0] = '\0';
        remove_error = -EBUSY;
        devices_release(&devices);
        ck_assert_str_eq(made, "-vg-lv ");
        ck_assert_uint_ne(devices.made[1], 0);
        remove_error = 0;
        devices_release(&devices);
        ck_assert_uint_eq(devices.made[1], 0);
        ck_assert_uint_ne(devices.made[0], 0);
        ck_assert_uint_eq(devices.n_seen, 0);
        /* For another try. */
        looks(false, "vg-lv(253:0 384) ");
}
END_TEST

/* Of which a member is missing: when there is no more time to wait for it, and then once. */
START_TEST(degraded_array) {
        PlanDevice planned[] = { { .type = PLAN_DEVICE_MD,
                                   .name = (char *)"md0",
                                   .uuid = (char *)DISK_A,
                                   .n_members = 3 } };

        capture.plan = (CapturePlan){ .devices = planned, .n_devices = 1 };
        add_node("sda", "/dev/sda", "linux_raid_member", DISK_A);
        make_error = -EINVAL;
        looks(false, "");
        looks(true, "md0(8:1)! ");
        looks(true, "");
        add_node("sdb", "/dev/sdb", "linux_raid_member", DISK_A);
        make_error = 0;
        looks(false, "");
        devices_look(&devices, true);
        ck_assert_msg(strlen(made) == strlen("md0(8:1 8:2) "), "%s", made);
}
END_TEST

/* A mirror of volumes that lacks two of its three legs. */
START_TEST(degraded_volume) {
        DeviceId legs[] = {
                { DEVICE_BY_UUID, (char *)DISK_A }, { DEVICE_BY_UUID, (char *)DISK_A },
                { DEVICE_BY_UUID, (char *)DISK_B }, { DEVICE_BY_UUID, (char *)DISK_B },
                { DEVICE_BY_UUID, (char *)DISK_C }, { DEVICE_BY_UUID, (char *)DISK_C }
        };
        PlanDmLine lines[] = { { 0, 8, (char *)"raid",
                                 (char *)"raid1 3 0 region_size 4096 3 %0 %1 %2 %3 %4 %5", legs,
                                 6 } };
        PlanDevice planned[] = { { .type = PLAN_DEVICE_MAPPER,
                                   .name = (char *)"vg-m",
                                   .uuid = (char *)"LVM-m",
                                   .lines = lines,
                                   .n_lines = 1 } };

        capture.plan = (CapturePlan){ .devices = planned, .n_devices = 1 };
        looks(true, "");
        add_node("sdb", "/dev/sdb", "LVM2_member", DISK_B);
        looks(false, "");
        make_error = -EINVAL;
        looks(true, "vg-m(raid1 3 0 region_size 4096 3 - - 8:1 8:1 - -)! ");
        /* It would fail once more. */
        looks(true, "");
        add_node("sdc", "/dev/sdc", "LVM2_member", DISK_C);
        make_error = 0;
        looks(true, "vg-m(raid1 3 0 region_size 4096 3 - - 8:1 8:1 8:2 8:2) ");
        /* What is no RAID does not go without. */
        devices.made[0] = 0;
        lines[0].type = (char *)"striped";
        devices.tried[0] = 0;
        looks(true, "");
}
END_TEST

static int attach(const PlanTarget *target, uint64_t patience_usec, char ret_device[static 64]) {
        Error reason = { 0 };
        int r = ops.attach(&capture, target, monotonic_usec() + patience_usec, ret_device, &reason);

        ck_assert_int_eq(reason.text[0] != '\0', r < 0);
        return r;
}

/* There is an end to waiting. In its second half an array does without what is missing. */
START_TEST(waits) {
        DeviceId on = { DEVICE_BY_UUID, (char *)UUID };
        const PlanTarget target = { .type = PLAN_TARGET_RAW,
                                    .device = on,
                                    .label = (char *)"the target" };
        PlanDevice planned[] = { { .type = PLAN_DEVICE_MD,
                                   .name = (char *)"md0",
                                   .uuid = (char *)DISK_A,
                                   .n_members = 2 } };
        uint64_t start = monotonic_usec();
        char device[64];

        capture.plan = (CapturePlan){ .devices = planned, .n_devices = 1 };
        add_node("sda", "/dev/sda", "linux_raid_member", DISK_A);
        ck_assert_int_eq(attach(&target, 300 * USEC_PER_MSEC, device), -ENODEV);
        ck_assert_uint_ge(monotonic_usec() - start, 300 * USEC_PER_MSEC);
        ck_assert_str_eq(made, "md0(8:1) ");
        ck_assert_uint_ge(shared.progress_usec, start);
        add_node("sdb", "/dev/sdb", "swap", UUID);
        ck_assert_int_eq(attach(&target, 0, device), 0);
        ck_assert_str_eq(device, "/dev/sdb");
        ck_assert_str_eq(mounted.device, ""); /* it is written over as it is */
}
END_TEST

/* A btrfs of two devices is mounted when the kernel knows both of them, or degraded at the end. */
START_TEST(btrfs) {
        DeviceId on = { DEVICE_BY_UUID, (char *)UUID };
        const PlanTarget target = { .type = PLAN_TARGET_FILE_SYSTEM,
                                    .device = on,
                                    .file_system = (char *)"btrfs",
                                    .options = (char *)"",
                                    .label = (char *)"the target" };
        char device[64];

        add_node("sda", "/dev/sda", "btrfs", UUID);
        n_btrfs = -1U; /* and with this one none */
        ck_assert_int_eq(attach(&target, 0, device), 0);
        ck_assert_str_eq(mounted.options, "degraded");
        n_btrfs = 0;
        add_node("sdb", "/dev/sdb", "btrfs", UUID);
        ck_assert_int_eq(attach(&target, 0, device), 0);
        ck_assert_str_eq(mounted.options, "");
        ck_assert_uint_eq(n_btrfs, 2);
}
END_TEST

/* Taken apart, but for whoever gets a shell to look at it. */
START_TEST(detaches) {
        PlanDevice planned[] = {
                { .type = PLAN_DEVICE_MAPPER, .name = (char *)"vg-lv", .uuid = (char *)"x" }
        };
        const PlanTarget files = { .type = PLAN_TARGET_FILE_SYSTEM, .label = (char *)"x" },
                         raw = { .type = PLAN_TARGET_RAW, .label = (char *)"x" };

        capture.plan = (CapturePlan){ .devices = planned,
                                      .n_devices = 1,
                                      .final_action = FINAL_REBOOT,
                                      .failure_action = FINAL_SHELL };
        devices.made[0] = makedev(253, 0);
        ops.detach(&capture, &raw);
        ck_assert(!was_unmounted);
        ck_assert_str_eq(made, "");
        shared.is_complete = true;
        ops.detach(&capture, &files);
        ck_assert(was_unmounted);
        ck_assert_str_eq(made, "-vg-lv ");
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, mounts);
        ADD_TEST(s, parts);
        ADD_FIXTURE_TEST(s, which_are_looked_at);
        ADD_FIXTURE_TEST(s, many);
        ADD_FIXTURE_TEST(s, array_and_volume);
        ADD_FIXTURE_TEST(s, degraded_array);
        ADD_FIXTURE_TEST(s, degraded_volume);
        ADD_FIXTURE_TEST(s, waits);
        ADD_FIXTURE_TEST(s, btrfs);
        ADD_FIXTURE_TEST(s, detaches);
        ADD_TEST(s, parts_are_no_places);
}

TEST_MAIN("capture-devices", add_cases)
