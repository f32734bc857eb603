/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a block device is made of, down to the hardware. */
#include "mkinitramfs/stack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "sys/path.h"

#define NESTING_DEEPEST       32u
#define NVME_CONTROLLERS_MOST 1024u

static bool is_mapper(Builder *b, const BlockName *name) {
        return block_has(b->root_fd, name, "dm");
}

static bool is_array(Builder *b, const BlockName *name) {
        return block_has(b->root_fd, name, "md");
}

static bool is_partition(Builder *b, const BlockName *name) {
        return block_has(b->root_fd, name, "partition");
}

/* Several ways to one disk, and the partitions on it: without them the disk shows up by itself,
 * once for each way, any of which will do. */
static bool is_multipath(const char *uuid) {
        return startswith(uuid, "mpath-") != NULL;
}

static bool is_mapped_partition(const char *uuid) {
        const char *rest = startswith(uuid, "part");

        if (!rest)
                return false;
        rest += strspn(rest, "0123456789");
        return rest[0] == '-' && is_multipath(rest + 1);
}

static bool is_transparent(Builder *b, const BlockName *name) {
        char uuid[UUID_MAX];

        return block_attribute(b->root_fd, name, "dm/uuid", uuid, sizeof(uuid)) >= 0 &&
               (is_multipath(uuid) || is_mapped_partition(uuid));
}

int stack_add_slaves(Builder *b, const BlockName *name, unsigned depth) {
        _cleanup_free_ BlockName *slaves = NULL;
        size_t n;
        int r;

        r = block_slaves(b->root_fd, name, &slaves, &n);
        if (r < 0)
                return fail(b, r, "what %s is made of cannot be read: %s", name->text,
                            strerror(-r));
        if (n == 0)
                return fail(b, -ENODEV, "/sys does not tell what %s is made of", name->text);
        for (size_t i = 0; i < n && r >= 0; i++)
                r = stack_add_device(b, &slaves[i], depth + 1);
        return r;
}

PlanDevice *stack_find(Builder *b, PlanDeviceType type, const char *name, const char *uuid) {
        for (size_t i = 0; i < b->plan.n_devices; i++) {
                PlanDevice *device = &b->plan.devices[i];

                if (device->type == type && streq(device->name, name) && streq(device->uuid, uuid))
                        return device;
        }
        return NULL;
}

PlanDevice *stack_new(Builder *b, PlanDeviceType type, const char *name, const char *uuid) {
        PlanDevice *device;

        if (b->plan.n_devices >= PLAN_DEVICES_MOST) {
                (void)fail(b, -E2BIG, "the target is made of more than %u devices",
                           PLAN_DEVICES_MOST);
                return NULL;
        }
        device = ARRAY_ADD(b->plan.devices, b->plan.n_devices);
        if (device) {
                device->type = type;
                device->name = strdup(name);
                device->uuid = strdup(uuid);
        }
        if (!device || !device->name || !device->uuid) {
                (void)fail_memory(b);
                return NULL;
        }
        return device;
}

/* --- MD */

/* As mdadm writes it: four times eight digits, with ":" between them. */
static int array_uuid(Builder *b, const BlockName *name, char **ret) {
        char text[64], digits[33];
        size_t n = 0;
        int r;

        r = block_link(b->root_fd, "/dev/disk/by-id", "md-uuid-", name, ret);
        if (r != -ENOENT)
                return r < 0 ? fail_memory(b) : 0;
        r = block_attribute(b->root_fd, name, "md/uuid", text, sizeof(text));
        for (const char *p = text; r >= 0 && *p && n < sizeof(digits) - 1; p++)
                if (*p != '-')
                        digits[n++] = *p;
        if (r < 0 || n != sizeof(digits) - 1)
                return fail(b, -ENODEV,
                            "the UUID of the array %s is not known: there is no link md-uuid-... "
                            "to it in /dev/disk/by-id",
                            name->text);
        if (asprintf(ret, "%.8s:%.8s:%.8s:%.8s", digits, digits + 8, digits + 16, digits + 24) < 0)
                return fail_memory(b);
        return 0;
}

static int read_array(Builder *b, const BlockName *name, PlanDevice *device) {
        _cleanup_free_ BlockName *members = NULL;
        char version[32], *dot;
        size_t n = 0;

        if (block_attribute(b->root_fd, name, "md/metadata_version", version, sizeof(version)) < 0)
                return fail(b, -ENODEV, "/sys does not tell what the array %s is", name->text);
        dot = strchr(version, '.');
        if (dot)
                *dot = '\0';
        if (!dot || parse_u64(version, 10, &device->md_major) < 0 ||
            parse_u64(dot + 1, 10, &device->md_minor) < 0)
                return fail(b, -EOPNOTSUPP,
                            "the array %s is not described on its disks in Linux's own way (its "
                            "metadata is \"%s\"): " ELSEWHERE,
                            name->text, version);
        /* Spares are members, too: without them all there may be a disk in use that is not there
         * yet. */
        if (block_slaves(b->root_fd, name, &members, &n) < 0 || n == 0)
                return fail(b, -ENODEV, "/sys does not tell which disks the array %s has",
                            name->text);
        device->n_members = n;
        return 0;
}

static int add_level(Builder *b, const BlockName *name) {
        char level[32], alias[64];
        int r;

        r = block_attribute(b->root_fd, name, "md/level", level, sizeof(level));
        if (r < 0)
                return fail(b, r, "/sys does not tell the level of the array %s", name->text);
        strscpyf(alias, sizeof(alias), "md-%s", level);
        r = driver_add(b, "md-mod", "for MD arrays");
        return r < 0 ? r : driver_add(b, alias, "for MD arrays of this level");
}

static int add_array(Builder *b, const BlockName *name, unsigned depth) {
        _cleanup_free_ char *uuid = NULL;
        PlanDevice known = { 0 }, *device;
        int r;

        r = read_array(b, name, &known);
        if (r >= 0)
                r = array_uuid(b, name, &uuid);
        if (r < 0 || stack_find(b, PLAN_DEVICE_MD, name->text, uuid))
                return r;
        r = stack_add_slaves(b, name, depth);
        if (r >= 0)
                r = add_level(b, name);
        if (r < 0)
                return r;
        device = stack_new(b, PLAN_DEVICE_MD, name->text, uuid);
        if (!device)
                return -EIO;
        device->md_major = known.md_major;
        device->md_minor = known.md_minor;
        device->n_members = known.n_members;
        return 0;
}

/* --- disks and partitions */

/* With native multipathing an NVMe namespace hangs on no controller, but on a subsystem that leads
 * to all of them. */
static int add_controllers(Builder *b, const char *sysfs, const BlockName *name) {
        unsigned found = 0;
        int r = 0;

        for (unsigned i = 0; i < NVME_CONTROLLERS_MOST && r >= 0; i++) {
                _cleanup_free_ char *path = NULL, *controller = NULL;

                if (asprintf(&path, "%.*s/nvme%u", (int)(strrchr(sysfs, '/') - sysfs), sysfs, i) <
                    0) {
                        path = NULL;
                        return fail_memory(b);
                }
                if (path_resolve(b->root_fd, path, &controller) < 0)
                        continue;
                found++;
                r = drivers_of_device(b, controller, "for the target's disk");
        }
        if (r >= 0 && found == 0)
                return fail(b, -ENODEV, "/sys does not tell which controller %s is on", name->text);
        return r;
}

static int add_disk(Builder *b, const BlockName *name) {
        _cleanup_free_ char *sysfs = NULL;
        int r;

        r = block_sysfs(b->root_fd, name, &sysfs);
        if (r < 0)
                return fail(b, r, "/sys/class/block/%s cannot be read: %s", name->text,
                            strerror(-r));
        if (strstr(sysfs, "/session") || strstr(sysfs, "/nvme-fabrics/"))
                return fail(b, -EOPNOTSUPP, "%s is a disk on a network: " ELSEWHERE, name->text);
        if (startswith(sysfs, "/sys/devices/virtual/nvme-subsystem/"))
                return add_controllers(b, sysfs, name);
        if (startswith(sysfs, "/sys/devices/virtual/"))
                return fail(b, -EOPNOTSUPP, "%s is no disk that is there after a panic: " ELSEWHERE,
                            name->text);
        return drivers_of_device(b, sysfs, "for the target's disk");
}

/* The disk of a partition is the directory above it. */
static int add_partition(Builder *b, const BlockName *name, unsigned depth) {
        _cleanup_free_ char *sysfs = NULL;
        BlockName disk;
        char *slash;
        int r;

        r = block_sysfs(b->root_fd, name, &sysfs);
        if (r < 0)
                return fail(b, r, "/sys/class/block/%s cannot be read: %s", name->text,
                            strerror(-r));
        slash = strrchr(sysfs, '/');
        *slash = '\0';
        strscpy(disk.text, sizeof(disk.text), strrchr(sysfs, '/') + 1);
        return stack_add_device(b, &disk, depth + 1);
}

int stack_add_device(Builder *b, const BlockName *name, unsigned depth) {
        if (depth > NESTING_DEEPEST)
                return fail(b, -ELOOP, "the devices that the target is made of are nested deeply");
        if (is_partition(b, name))
                return add_partition(b, name, depth);
        if (is_transparent(b, name))
                return stack_add_slaves(b, name, depth);
        if (is_mapper(b, name))
                return mapper_add(b, name, depth);
        if (is_array(b, name))
                return add_array(b, name, depth);
        return add_disk(b, name);
}

int stack_add(Builder *b, const BlockName *name) {
        return stack_add_device(b, name, 0);
}

/* --- finding it again */

/* Links that udev makes from what is on the device, and what of it serves for which use. */
static const struct {
        DeviceUse use;
        DeviceTag tag;
        const char *directory, *prefix;
} links[] = {
        { DEVICE_USE_FILE_SYSTEM, DEVICE_BY_UUID, "/dev/disk/by-uuid", "" },
        { DEVICE_USE_MEMBER, DEVICE_BY_UUID, "/dev/disk/by-id", "lvm-pv-uuid-" },
        { DEVICE_USE_MEMBER, DEVICE_BY_PARTUUID, "/dev/disk/by-partuuid", "" },
        { DEVICE_USE_RAW, DEVICE_BY_PARTUUID, "/dev/disk/by-partuuid", "" },
};

static int identify_by_link(Builder *b, const BlockName *name, DeviceUse use, DeviceId *ret) {
        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                int r;

                if (links[i].use != use)
                        continue;
                r = block_link(b->root_fd, links[i].directory, links[i].prefix, name, &ret->value);
                if (r == -ENOENT)
                        continue;
                ret->tag = links[i].tag;
                return r < 0 ? fail_memory(b) : 0;
        }
        if (use == DEVICE_USE_RAW)
                return fail(
                        b, -ENODEV,
                        "/dev/%s has nothing by which it is found again: what is written over must "
                        "be a partition with a UUID (/dev/disk/by-partuuid), a logical volume "
                        "or an MD array",
                        name->text);
        return fail(
                b, -ENODEV,
                "/dev/%s has nothing by which it is found again: /dev/disk has no link to it by "
                "UUID",
                name->text);
}

int device_identify(Builder *b, const BlockName *name, DeviceUse use, DeviceId *ret) {
        char text[256];
        int r;

        if (is_partition(b, name) || is_transparent(b, name))
                return identify_by_link(b, name, use, ret);
        if (is_mapper(b, name)) {
                r = block_attribute(b->root_fd, name, "dm/name", text, sizeof(text));
                if (r < 0)
                        return fail(b, r, "/sys does not tell the name of %s", name->text);
                ret->tag = DEVICE_BY_MAPPER;
                ret->value = strdup(text);
                return ret->value ? 0 : fail_memory(b);
        }
        if (is_array(b, name)) {
                ret->tag = DEVICE_BY_MD;
                return array_uuid(b, name, &ret->value);
        }
        return identify_by_link(b, name, use, ret);
}
