/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of block device one is, and by what it is found again. */
#include "mkinitramfs/identify.h"

#include <errno.h>
#include <stdio.h>

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
        char uuid[DM_UUID_MAX];

        return block_attribute(b->root_fd, name, "dm/uuid", uuid, sizeof(uuid)) >= 0 &&
               (is_multipath(uuid) || is_mapped_partition(uuid));
}

DeviceKind device_kind(Builder *b, const BlockName *name) {
        if (block_has(b->root_fd, name, "partition"))
                return DEVICE_PARTITION;
        if (is_transparent(b, name))
                return DEVICE_TRANSPARENT;
        if (block_has(b->root_fd, name, "dm"))
                return DEVICE_MAPPER;
        return block_has(b->root_fd, name, "md") ? DEVICE_ARRAY : DEVICE_DISK;
}

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

static int mapper_name(Builder *b, const BlockName *name, char **ret) {
        char text[256];
        int r;

        r = block_attribute(b->root_fd, name, "dm/name", text, sizeof(text));
        if (r < 0)
                return fail(b, r, "/sys does not tell the name of %s", name->text);
        *ret = strdup(text);
        return *ret ? 0 : fail_memory(b);
}

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
        switch (device_kind(b, name)) {
        case DEVICE_MAPPER:
                ret->tag = DEVICE_BY_MAPPER;
                return mapper_name(b, name, &ret->value);
        case DEVICE_ARRAY:
                ret->tag = DEVICE_BY_MD;
                return array_uuid(b, name, &ret->value);
        default:
                return identify_by_link(b, name, use, ret);
        }
}
