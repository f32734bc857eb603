/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device-mapper devices: from their tables to the plan. */
#include "mkinitramfs/mapper.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"
#include "core/dm-table.h"
#include "mkinitramfs/drivers.h"
#include "mkinitramfs/identify.h"

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
                    "\"systemctl reload kdumpd\", which notes them anew");
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
                      size_t n, PlanDmLine *line) {
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
        if (line->n_devices >= PLAN_MEMBERS_MOST)
                return fail(b, -E2BIG, "a device-mapper table names more than %u devices",
                            PLAN_MEMBERS_MOST);
        (void)fprintf(f, "%%%zu", line->n_devices);
        id = ARRAY_ADD(line->devices, line->n_devices);
        if (!id)
                return fail_memory(b);
        return device_identify(b, slave, DEVICE_USE_MEMBER, id);
}

static int add_parameters(Builder *b, const char *parameters, const BlockName *slaves, size_t n,
                          PlanDmLine *line) {
        FILE *f;
        size_t size;
        int r = 0;

        f = open_memstream(&line->parameters, &size);
        if (!f)
                return fail_memory(b);
        for (const char *p = parameters; *p && r >= 0;) {
                size_t length = strcspn(p, " ");

                r = write_word(b, f, p, length, slaves, n, line);
                p += length;
                if (*p)
                        (void)fputc(*p++, f);
        }
        if (fclose(f) != 0 && r >= 0)
                r = fail_memory(b);
        return r;
}

/* What can be seen of a change without asking the kernel for the table: another size, and that LVM
 * has noted a change of its own. */
static int check_age(Builder *b, const BlockName *name, const DmTable *table) {
        uint64_t end = 0, size;
        char text[32];

        for (size_t i = 0; i < table->n_lines; i++)
                end = MAX(end, add_saturated(table->lines[i].start_sectors,
                                             table->lines[i].length_sectors));
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
        if (!*ret || (*ret)->n_lines == 0)
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

/* LVM's name for where it moves data to. How far that has come is in the memory of the kernel, and
 * its table is another one with each step. */
static bool is_move(const char *name) {
        const char *rest = strrchr(name, '-');

        rest = rest ? startswith(rest, "-pvmove") : NULL;
        return rest && rest[0] != '\0' && rest[strspn(rest, "0123456789")] == '\0';
}

static int refuse_move(Builder *b) {
        return fail(b, -EBUSY,
                    "the volume is being moved by pvmove(8): kdumpd tries again when that is done, "
                    "and at once with \"systemctl reload kdumpd\"");
}

static int add_modules(Builder *b, const DmLine *line) {
        int r;

        r = driver_add(b, "dm-mod", "for device-mapper devices");
        for (size_t i = 0; i < line->n_modules && r >= 0; i++)
                r = driver_add(b, line->modules[i], "for device-mapper devices of this type");
        return r;
}

/* A write to an origin has to be copied to its snapshots first, so that these must be there before
 * it: no parameter names them, but who lacks one of its devices is not made. */
static int add_snapshots(Builder *b, const char *origin, PlanDmLine *line, BlockName **snapshots,
                         size_t *n_snapshots) {
        for (size_t i = 0; i < b->tables.n_tables; i++) {
                const DmTable *table = &b->tables.tables[i];
                BlockName *name;
                DeviceId *id;
                int r;

                if (table->n_lines != 1 ||
                    !dm_line_is_snapshot_of(table->lines[0].type, table->lines[0].parameters,
                                            origin))
                        continue;
                name = ARRAY_ADD(*snapshots, *n_snapshots);
                id = ARRAY_ADD(line->devices, line->n_devices);
                if (!name || !id)
                        return fail_memory(b);
                if (block_by_number(b->root_fd, table->major, table->minor, name) < 0)
                        return table_has_changed(b);
                r = device_identify(b, name, DEVICE_USE_MEMBER, id);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void dm_line_donep(DmLine *line) {
        dm_line_done(line);
}

/* Returns 1 if the line names devices that it is made of, 0 if not. */
static int add_line(Builder *b, const BlockName *name, const char *mapper, const DmTableLine *from,
                    PlanDmLine *line) {
        _cleanup_(dm_line_donep) DmLine carried = { 0 };
        _cleanup_free_ BlockName *slaves = NULL;
        const char *why;
        size_t n;
        int r;

        r = dm_line_carry(from->type, from->parameters, &carried, &why);
        if (r == -EOPNOTSUPP)
                return fail(b, r,
                            "/dev/mapper/%s is a device-mapper device of the type \"%s\", which "
                            "%s: " ELSEWHERE,
                            mapper, from->type, why);
        if (r < 0)
                return fail_memory(b);
        line->type = strdup(from->type);
        if (!line->type || block_slaves(b->root_fd, name, &slaves, &n) < 0)
                return fail_memory(b);
        line->start_sectors = from->start_sectors;
        line->length_sectors = from->length_sectors;
        r = add_parameters(b, carried.parameters, slaves, n, line);
        if (r >= 0)
                r = add_modules(b, &carried);
        return r < 0 ? r : carried.has_devices;
}

/* What is needed below the lines, besides what they name. */
typedef struct Below {
        bool has_slaves;
        BlockName *snapshots;
        size_t n_snapshots;
} Below;

static void below_done(Below *below) {
        free(below->snapshots);
}

static int add_lines(Builder *b, const BlockName *name, const DmTable *table, PlanDevice *device,
                     Below *below) {
        int r = 0;

        for (size_t i = 0; i < table->n_lines && r >= 0; i++) {
                PlanDmLine *line = ARRAY_ADD(device->lines, device->n_lines);

                if (!line)
                        return fail_memory(b);
                r = add_line(b, name, table->name, &table->lines[i], line);
                below->has_slaves |= r > 0;
                if (r >= 0 && streq(table->lines[i].type, DM_ORIGIN_TYPE))
                        r = add_snapshots(b, table->lines[i].parameters, line, &below->snapshots,
                                          &below->n_snapshots);
        }
        return MIN(r, 0);
}

static void plan_device_donep(PlanDevice *device) {
        plan_device_done(device);
}

int mapper_read(Builder *b, const BlockName *name, PlanDevice *ret, bool *ret_has_slaves,
                BlockName **ret_snapshots, size_t *ret_n_snapshots) {
        _cleanup_(plan_device_donep) PlanDevice made = { .type = PLAN_DEVICE_MAPPER };
        _cleanup_(below_done) Below below = { 0 };
        const DmTable *table = NULL;
        char uuid[DM_UUID_MAX];
        int r;

        /* Said first, as it needs no table. */
        if (block_attribute(b->root_fd, name, "dm/uuid", uuid, sizeof(uuid)) >= 0 &&
            startswith(uuid, "CRYPT-"))
                return refuse_encrypted(b, name);
        r = find_table(b, name, &table);
        if (r < 0)
                return r;
        if (is_move(table->name))
                return refuse_move(b);
        made.name = strdup(table->name);
        made.uuid = strdup(table->uuid);
        if (!made.name || !made.uuid)
                return fail_memory(b);
        r = add_lines(b, name, table, &made, &below);
        if (r < 0)
                return r;
        *ret = made;
        made = (PlanDevice){ 0 };
        *ret_has_slaves = below.has_slaves;
        *ret_snapshots = TAKE_PTR(below.snapshots);
        *ret_n_snapshots = below.n_snapshots;
        return 0;
}
