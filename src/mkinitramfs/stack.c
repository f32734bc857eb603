/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a block device is made of, down to the hardware. */
#include "mkinitramfs/stack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "mkinitramfs/drivers.h"
#include "mkinitramfs/hardware.h"
#include "mkinitramfs/identify.h"
#include "mkinitramfs/mapper.h"

#define NESTING_DEEPEST 32u

static int add_device(Builder *b, const BlockName *name, unsigned depth);

static int add_slaves(Builder *b, const BlockName *name, unsigned depth) {
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
                r = add_device(b, &slaves[i], depth + 1);
        return r;
}

static bool is_planned(const Builder *b, const PlanDevice *made) {
        for (size_t i = 0; i < b->plan.n_devices; i++) {
                const PlanDevice *device = &b->plan.devices[i];

                if (device->type == made->type && streq(device->name, made->name) &&
                    streq(device->uuid, made->uuid))
                        return true;
        }
        return false;
}

/* Moves it to the end of the plan, behind what it is made of. */
static int append(Builder *b, PlanDevice *made) {
        PlanDevice *device;

        if (b->plan.n_devices >= PLAN_DEVICES_MOST)
                return fail(b, -E2BIG, "the target is made of more than %u devices",
                            PLAN_DEVICES_MOST);
        device = ARRAY_ADD(b->plan.devices, b->plan.n_devices);
        if (!device)
                return fail_memory(b);
        *device = *made;
        *made = (PlanDevice){ 0 };
        return 0;
}

static void plan_device_donep(PlanDevice *device) {
        plan_device_done(device);
}

static int add_mapper(Builder *b, const BlockName *name, unsigned depth) {
        _cleanup_(plan_device_donep) PlanDevice made = { 0 };
        _cleanup_free_ BlockName *snapshots = NULL;
        size_t n_snapshots = 0;
        bool has_slaves;
        int r;

        r = mapper_read(b, name, &made, &has_slaves, &snapshots, &n_snapshots);
        if (r < 0 || is_planned(b, &made))
                return r;
        if (has_slaves)
                r = add_slaves(b, name, depth);
        for (size_t i = 0; i < n_snapshots && r >= 0; i++)
                r = add_device(b, &snapshots[i], depth + 1);
        return r < 0 ? r : append(b, &made);
}

/* --- MD */

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
        device->type = PLAN_DEVICE_MD;
        device->name = strdup(name->text);
        return device->name ? 0 : fail_memory(b);
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
        _cleanup_(plan_device_donep) PlanDevice made = { 0 };
        DeviceId id = { 0 };
        int r;

        r = read_array(b, name, &made);
        if (r >= 0)
                r = device_identify(b, name, DEVICE_USE_MEMBER, &id);
        if (r < 0)
                return r;
        made.uuid = id.value;
        if (is_planned(b, &made))
                return 0;
        r = add_slaves(b, name, depth);
        if (r >= 0)
                r = add_level(b, name);
        return r < 0 ? r : append(b, &made);
}

/* --- partitions */

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
        return add_device(b, &disk, depth + 1);
}

static int add_device(Builder *b, const BlockName *name, unsigned depth) {
        if (depth > NESTING_DEEPEST)
                return fail(b, -ELOOP, "the devices that the target is made of are nested deeply");
        switch (device_kind(b, name)) {
        case DEVICE_PARTITION:
                return add_partition(b, name, depth);
        case DEVICE_TRANSPARENT:
                return add_slaves(b, name, depth);
        case DEVICE_MAPPER:
                return add_mapper(b, name, depth);
        case DEVICE_ARRAY:
                return add_array(b, name, depth);
        default:
                return hardware_add(b, name);
        }
}

int stack_add(Builder *b, const BlockName *name) {
        return add_device(b, name, 0);
}
