/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of device-mapper devices. */
#include "sys/dm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/array.h"
#include "base/file-util.h"
#include "base/string-util.h"
#include "core/dm-table.h"
#include "core/paths.h"
#include "sys/json-fields.h"

#define CONTROL           "/dev/mapper/control"
#define DRIVER            "/sys/module/dm_mod"
#define LVM_BACKUPS       "/etc/lvm/backup"
#define DM_NOTE_DIRECTORY RUN_DIRECTORY
#define BUFFER_FIRST      (16u * 1024u)
#define BUFFER_MOST       (4u * 1024u * 1024u)

#define FIELDS(table) JSON_FIELDS(table, DM_STRING_LONGEST)

static const JsonField line_table[] = {
        JSON_FIELD(NUMBER, DmTableLine, "StartSectors", start_sectors),
        JSON_FIELD(NUMBER, DmTableLine, "LengthSectors", length_sectors),
        JSON_FIELD(STRING, DmTableLine, "Type", type),
        JSON_FIELD(STRING, DmTableLine, "Parameters", parameters),
};
static const JsonFields line_fields = FIELDS(line_table);

static const JsonField table_table[] = {
        JSON_FIELD(STRING, DmTable, "Name", name),
        JSON_FIELD(STRING, DmTable, "UUID", uuid),
        JSON_FIELD(NUMBER, DmTable, "Major", major),
        JSON_FIELD(NUMBER, DmTable, "Minor", minor),
        JSON_FIELD_ARRAY(DmTable, "Targets", lines, line_fields, DM_LINES_MOST),
};
static const JsonFields table_fields = FIELDS(table_table);

static const JsonField tables_table[] = {
        JSON_FIELD_ARRAY(DmTables, "Tables", tables, table_fields, DM_TABLES_MOST),
};
static const JsonFields tables_fields = FIELDS(tables_table);

void dm_tables_done(DmTables *tables) {
        for (size_t i = 0; i < tables->n_tables; i++) {
                DmTable *t = &tables->tables[i];

                for (size_t j = 0; j < t->n_lines; j++) {
                        free(t->lines[j].type);
                        free(t->lines[j].parameters);
                }
                free(t->lines);
                free(t->name);
                free(t->uuid);
        }
        free(tables->tables);
        *tables = (DmTables){ 0 };
}

static void dm_tables_donep(DmTables *tables) {
        dm_tables_done(tables);
}

/* One call, with a buffer that grows until the answer fits. Returns 0 with the whole buffer, its
 * size in data_size of it. */
static int call(int fd, unsigned long request, uint32_t flags, uint64_t device,
                struct dm_ioctl **ret) {
        for (uint32_t size = BUFFER_FIRST; size <= BUFFER_MOST; size *= 2) {
                _cleanup_free_ struct dm_ioctl *io = calloc(1, size);

                if (!io)
                        return -ENOMEM;
                /* Of the oldest version that has all of this. */
                io->version[0] = DM_VERSION_MAJOR;
                io->data_size = size;
                io->data_start = sizeof(*io);
                io->flags = flags;
                io->dev = device;
                if (ioctl(fd, request, io) < 0)
                        return -errno;
                if (io->flags & DM_BUFFER_FULL_FLAG)
                        continue;
                io->data_size = size;
                *ret = TAKE_PTR(io);
                return 0;
        }
        return -E2BIG;
}

/* The structure of size bytes at an offset of the answer, or NULL if it does not lie there. */
static const void *at(const struct dm_ioctl *io, uint64_t offset, size_t size) {
        uint64_t end;

        if (__builtin_add_overflow(offset, size, &end) || end > io->data_size)
                return NULL;
        return (const char *)io + offset;
}

/* The same for a string. */
static const char *string_at(const struct dm_ioctl *io, uint64_t offset) {
        const char *s = at(io, offset, 1);

        return s && memchr(s, '\0', io->data_size - offset) ? s : NULL;
}

static int take_lines(const struct dm_ioctl *io, DmTable *table) {
        uint64_t offset = io->data_start;

        for (uint32_t i = 0; i < io->target_count; i++) {
                const struct dm_target_spec *spec = at(io, offset, sizeof(*spec));
                const char *parameters = string_at(io, offset + sizeof(*spec));
                char type[DM_MAX_TYPE_NAME + 1];
                DmTableLine *line;

                if (!spec || !parameters)
                        return -EBADMSG;
                if (i >= DM_LINES_MOST)
                        return -E2BIG;
                line = ARRAY_ADD(table->lines, table->n_lines);
                if (!line)
                        return -ENOMEM;
                memcpy(type, spec->target_type, DM_MAX_TYPE_NAME);
                type[DM_MAX_TYPE_NAME] = '\0';
                line->start_sectors = spec->sector_start;
                line->length_sectors = spec->length;
                line->type = strdup(type);
                line->parameters = strdup(dm_type_is_harmless(type) ? parameters : "");
                if (!line->type || !line->parameters)
                        return -ENOMEM;
                offset = io->data_start + (uint64_t)spec->next; /* from the first one */
        }
        return 0;
}

static int take_table(int fd, uint64_t device, DmTables *tables) {
        _cleanup_free_ struct dm_ioctl *io = NULL;
        DmTable *table;
        int r;

        r = call(fd, DM_TABLE_STATUS, DM_STATUS_TABLE_FLAG | DM_NOFLUSH_FLAG, device, &io);
        if (r == -ENXIO) /* gone meanwhile */
                return 0;
        if (r < 0)
                return r;
        if (tables->n_tables >= DM_TABLES_MOST)
                return -E2BIG;
        table = ARRAY_ADD(tables->tables, tables->n_tables);
        if (!table)
                return -ENOMEM;
        table->name = strndup(io->name, sizeof(io->name));
        table->uuid = strndup(io->uuid, sizeof(io->uuid));
        table->major = major(io->dev);
        table->minor = minor(io->dev);
        if (!table->name || !table->uuid)
                return -ENOMEM;
        return take_lines(io, table);
}

bool dm_is_there(int root_fd) {
        return exists_below(root_fd, DRIVER);
}

int dm_tables_read(DmTables *ret) {
        _cleanup_(dm_tables_donep) DmTables tables = { 0 };
        _cleanup_free_ struct dm_ioctl *list = NULL;
        _cleanup_close_ int fd = -EBADF;
        uint64_t offset;
        int r;

        /* Opening it would load the driver, which who has no such devices does not need. */
        if (access(DRIVER, F_OK) >= 0)
                fd = open(CONTROL, O_RDWR | O_CLOEXEC);
        if (fd < 0 && (errno == ENOENT || errno == ENODEV)) {
                *ret = (DmTables){ 0 };
                return 0;
        }
        if (fd < 0)
                return -errno;
        r = call(fd, DM_LIST_DEVICES, 0, 0, &list);
        if (r < 0)
                return r;
        for (offset = list->data_start;;) {
                const struct dm_name_list *entry = at(list, offset, sizeof(*entry));

                if (!entry)
                        return -EBADMSG;
                if (entry->dev == 0)
                        break;
                r = take_table(fd, entry->dev, &tables);
                if (r < 0)
                        return r;
                if (entry->next == 0)
                        break;
                offset += entry->next;
        }
        *ret = tables;
        tables = (DmTables){ 0 };
        return 0;
}

int dm_tables_to_json(const DmTables *tables, char **ret) {
        return json_fields_to_text(&tables_fields, tables, ret);
}

int dm_tables_from_json(const char *text, size_t size, DmTables *ret) {
        _cleanup_(dm_tables_donep) DmTables tables = { 0 };
        int r;

        r = json_fields_from_text(&tables_fields, text, size, DM_NOTE_LONGEST, &tables);
        if (r < 0)
                return r;
        *ret = tables;
        tables = (DmTables){ 0 };
        return 0;
}

int dm_tables_note(int root_fd, const DmTables *tables) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = dm_tables_to_json(tables, &text);
        if (r < 0)
                return r;
        /* The service has that directory; by hand it may be missing. */
        r = make_directory_below(root_fd, DM_NOTE_DIRECTORY, 0755);
        if (r < 0 && r != -EEXIST)
                return r;
        return write_file_below(root_fd, DM_NOTE_PATH, text, strlen(text));
}

int dm_tables_noted(int root_fd, DmTables *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_below(root_fd, DM_NOTE_PATH, DM_NOTE_LONGEST, &text, &size);
        return r < 0 ? r : dm_tables_from_json(text, size, ret);
}

static bool is_newer(const struct stat *a, const struct stat *b) {
        return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
                                                      : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

bool dm_note_is_old(int root_fd) {
        int fd = open_below(root_fd, LVM_BACKUPS, O_RDONLY | O_DIRECTORY);
        struct stat note, backup;
        struct dirent *entry;
        DIR *directory;
        bool old = false;

        directory = fd >= 0 ? fdopendir(fd) : NULL;
        if (!directory) {
                if (fd >= 0)
                        (void)close(fd);
                return false;
        }
        old = stat_below(root_fd, DM_NOTE_PATH, &note) < 0;
        while (!old && (entry = readdir(directory)))
                old = fstatat(dirfd(directory), entry->d_name, &backup, 0) >= 0 &&
                      S_ISREG(backup.st_mode) && is_newer(&backup, &note);
        (void)closedir(directory);
        return old;
}

const DmTable *dm_tables_find(const DmTables *tables, uint64_t major, uint64_t minor) {
        for (size_t i = 0; i < tables->n_tables; i++)
                if (tables->tables[i].major == major && tables->tables[i].minor == minor)
                        return &tables->tables[i];
        return NULL;
}
