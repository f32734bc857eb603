/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a block device is made of, down to the hardware. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "mkinitramfs/builder.h"
#include "sys/path.h"

#define NESTING_DEEPEST       32u
#define UUID_MAX              160u
#define NVME_CONTROLLERS_MOST 1024u

/* What a user whose target is none for us can do. */
#define ELSEWHERE                                                                            \
        "choose another place by Target=, or let an initrd of the distribution capture, by " \
        "Initrd="

static int add_device(Builder *b, const BlockName *name, unsigned depth);

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

static PlanDevice *find_planned(Builder *b, PlanDeviceType type, const char *uuid) {
        for (size_t i = 0; i < b->plan.n_devices; i++)
                if (b->plan.devices[i].type == type && streq(b->plan.devices[i].uuid, uuid))
                        return &b->plan.devices[i];
        return NULL;
}

static PlanDevice *new_planned(Builder *b, PlanDeviceType type, const char *name,
                               const char *uuid) {
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

/* --- device mapper */

/* The device of a word like "254:1", if it is one that the table's device is made of. */
static bool names_slave(Builder *b, const char *word, size_t length, const BlockName *slaves,
                        size_t n, const BlockName **ret) {
        for (size_t i = 0; i < n; i++) {
                uint64_t major, minor;
                char text[64];

                if (block_number(b->root_fd, &slaves[i], &major, &minor) < 0)
                        continue;
                strscpyf(text, sizeof(text), "%" PRIu64 ":%" PRIu64, major, minor);
                if (strlen(text) == length && memcmp(text, word, length) == 0) {
                        *ret = &slaves[i];
                        return true;
                }
        }
        return false;
}

/* A table that is not the kernel's any more would have the dump written into what is now somebody
 * else's. */
static int table_has_changed(Builder *b) {
        return fail(b, -ESTALE,
                    "the tables of device-mapper devices have changed since they were noted: run "
                    "\"kdump-mkinitramfs --note-tables\" as root");
}

/* "MAJOR:MINOR", which is how the kernel writes devices into tables. */
static bool is_device_number(const char *word, size_t length) {
        size_t major = strspn(word, "0123456789"), minor;

        if (major == 0 || major >= length || word[major] != ':')
                return false;
        minor = strspn(word + major + 1, "0123456789");
        return minor > 0 && major + 1 + minor == length;
}

static int write_word(Builder *b, FILE *f, const char *word, size_t length, const BlockName *slaves,
                      size_t n, PlanTarget *target) {
        const BlockName *slave;
        DeviceId *id;

        if (!names_slave(b, word, length, slaves, n, &slave)) {
                if (is_device_number(word, length))
                        return table_has_changed(b);
                for (size_t i = 0; i < length; i++) {
                        (void)fputc(word[i], f);
                        if (word[i] == '%')
                                (void)fputc('%', f);
                }
                return 0;
        }
        if (target->n_devices >= PLAN_MEMBERS_MOST)
                return fail(b, -E2BIG, "a device-mapper table names more than %u devices",
                            PLAN_MEMBERS_MOST);
        (void)fprintf(f, "%%%zu", target->n_devices);
        id = ARRAY_ADD(target->devices, target->n_devices);
        if (!id)
                return fail_memory(b);
        return device_identify(b, slave, DEVICE_USE_MEMBER, id);
}

static int add_parameters(Builder *b, const char *parameters, const BlockName *slaves, size_t n,
                          PlanTarget *target) {
        FILE *f;
        size_t size;
        int r = 0;

        f = open_memstream(&target->parameters, &size);
        if (!f)
                return fail_memory(b);
        for (const char *p = parameters; *p && r >= 0;) {
                size_t length = strcspn(p, " ");

                r = write_word(b, f, p, length, slaves, n, target);
                p += length;
                if (*p)
                        (void)fputc(*p++, f);
        }
        if (fclose(f) != 0 && r >= 0)
                r = fail_memory(b);
        return r;
}

static int add_targets(Builder *b, const BlockName *name, const DmTable *table,
                       PlanDevice *device) {
        _cleanup_free_ BlockName *slaves = NULL;
        size_t n;
        int r;

        r = block_slaves(b->root_fd, name, &slaves, &n);
        if (r < 0)
                return fail_memory(b);
        for (size_t i = 0; i < table->n_targets; i++) {
                const DmTarget *from = &table->targets[i];
                PlanTarget *target = ARRAY_ADD(device->targets, device->n_targets);

                if (!target || !(target->type = strdup(from->type)))
                        return fail_memory(b);
                target->start_sectors = from->start_sectors;
                target->length_sectors = from->length_sectors;
                r = add_parameters(b, from->parameters, slaves, n, target);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What can be seen of a change without asking the kernel for the table: another size, and that LVM
 * has noted a change of its own. */
static int check_age(Builder *b, const BlockName *name, const DmTable *table) {
        uint64_t end = 0, size;
        char text[32];

        for (size_t i = 0; i < table->n_targets; i++)
                end = MAX(end, add_saturated(table->targets[i].start_sectors,
                                             table->targets[i].length_sectors));
        if (block_attribute(b->root_fd, name, "size", text, sizeof(text)) >= 0 &&
            parse_u64(text, 10, &size) >= 0 && size != end)
                return table_has_changed(b);
        return b->tables_are_old ? table_has_changed(b) : 0;
}

static int find_table(Builder *b, const BlockName *name, const DmTable **ret) {
        uint64_t major, minor;
        int r;

        if (b->tables_error < 0)
                return fail(b, b->tables_error,
                            "%s is a device-mapper device, and the tables of those cannot be had "
                            "(%s): run \"kdump-mkinitramfs --note-tables\" as root",
                            name->text, strerror(-b->tables_error));
        r = block_number(b->root_fd, name, &major, &minor);
        *ret = r < 0 ? NULL : dm_tables_find(&b->tables, major, minor);
        if (!*ret || (*ret)->n_targets == 0)
                return fail(b, -ENODEV,
                            "the table of the device-mapper device %s is not known: run "
                            "\"kdump-mkinitramfs --note-tables\" as root",
                            name->text);
        return check_age(b, name, *ret);
}

static int refuse_encrypted(Builder *b, const BlockName *name) {
        char text[256];

        if (block_attribute(b->root_fd, name, "dm/name", text, sizeof(text)) < 0)
                strscpy(text, sizeof(text), name->text);
        return fail(b, -EOPNOTSUPP,
                    "/dev/mapper/%s is encrypted, and there is nobody to give the key after a "
                    "panic: " ELSEWHERE,
                    text);
}

static int check_table(Builder *b, const DmTable *table) {
        for (size_t i = 0; i < table->n_targets; i++) {
                const char *type = table->targets[i].type;

                if (!streq(type, "linear") && !streq(type, "striped"))
                        return fail(b, -EOPNOTSUPP,
                                    "/dev/mapper/%s is a device-mapper device of the type "
                                    "\"%s\", which is not carried into the initramfs: " ELSEWHERE,
                                    table->name, type);
        }
        return 0;
}

static int add_mapper(Builder *b, const BlockName *name, unsigned depth) {
        const DmTable *table = NULL;
        PlanDevice *device;
        char uuid[UUID_MAX];
        int r;

        /* Said first, as it needs no table. */
        if (block_attribute(b->root_fd, name, "dm/uuid", uuid, sizeof(uuid)) >= 0 &&
            startswith(uuid, "CRYPT-"))
                return refuse_encrypted(b, name);
        r = find_table(b, name, &table);
        if (r >= 0)
                r = check_table(b, table);
        if (r < 0)
                return r;
        if (find_planned(b, PLAN_DEVICE_MAPPER, table->uuid))
                return 0;
        r = add_slaves(b, name, depth);
        if (r >= 0)
                r = driver_add(b, "dm-mod", "for device-mapper devices");
        if (r < 0)
                return r;
        device = new_planned(b, PLAN_DEVICE_MAPPER, table->name, table->uuid);
        return device ? add_targets(b, name, table, device) : -EIO;
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
        char version[32], disks[32], *dot;

        if (block_attribute(b->root_fd, name, "md/metadata_version", version, sizeof(version)) <
                    0 ||
            block_attribute(b->root_fd, name, "md/raid_disks", disks, sizeof(disks)) < 0)
                return fail(b, -ENODEV, "/sys does not tell what the array %s is", name->text);
        /* In the middle of a reshape: "4 (3)". */
        disks[strcspn(disks, " ")] = '\0';
        dot = strchr(version, '.');
        if (dot)
                *dot = '\0';
        if (!dot || parse_u64(version, 10, &device->md_major) < 0 ||
            parse_u64(dot + 1, 10, &device->md_minor) < 0)
                return fail(b, -EOPNOTSUPP,
                            "the array %s is not described on its disks in Linux's own way (its "
                            "metadata is \"%s\"): " ELSEWHERE,
                            name->text, version);
        if (parse_u64(disks, 10, &device->n_members) < 0)
                return fail(b, -ENODEV, "/sys does not tell how many disks the array %s has",
                            name->text);
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
        if (r < 0 || find_planned(b, PLAN_DEVICE_MD, uuid))
                return r;
        r = add_slaves(b, name, depth);
        if (r >= 0)
                r = add_level(b, name);
        if (r < 0)
                return r;
        device = new_planned(b, PLAN_DEVICE_MD, name->text, uuid);
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
        return add_device(b, &disk, depth + 1);
}

static int add_device(Builder *b, const BlockName *name, unsigned depth) {
        if (depth > NESTING_DEEPEST)
                return fail(b, -ELOOP, "the devices that the target is made of are nested deeply");
        if (is_partition(b, name))
                return add_partition(b, name, depth);
        if (is_transparent(b, name))
                return add_slaves(b, name, depth);
        if (is_mapper(b, name))
                return add_mapper(b, name, depth);
        if (is_array(b, name))
                return add_array(b, name, depth);
        return add_disk(b, name);
}

int stack_add(Builder *b, const BlockName *name) {
        return add_device(b, name, 0);
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
