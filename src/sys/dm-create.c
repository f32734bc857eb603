/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making device-mapper devices from a plan. */
#include "sys/dm-create.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "base/file-util.h"

#define CONTROL     "/dev/mapper/control"
#define TABLE_BYTES (1024u * 1024u) /* that a table may have */

static int write_number(FILE *f, const char **p, const dev_t *devices, size_t n) {
        size_t index = 0;
        const char *digits = *p;

        for (; isdigit((unsigned char)**p) && index < n; (*p)++)
                index = index * 10 + (size_t)(**p - '0');
        if (*p == digits || index >= n)
                return -EBADMSG;
        (void)fprintf(f, "%u:%u", major(devices[index]), minor(devices[index]));
        return 0;
}

int dm_parameters(const char *parameters, const dev_t *devices, size_t n, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int r = 0;

        if (!f)
                return -ENOMEM;
        for (const char *p = parameters; *p && r == 0;) {
                if (*p != '%') {
                        (void)putc(*p++, f);
                        continue;
                }
                p++;
                if (*p == '%')
                        (void)putc(*p++, f);
                else
                        r = write_number(f, &p, devices, n);
        }
        if (fclose(f) != 0)
                r = -ENOMEM;
        if (r == 0)
                *ret = TAKE_PTR(text);
        return r;
}

static void fill_header(struct dm_ioctl *header, const char *name, size_t size) {
        *header = (struct dm_ioctl){
                .version = { DM_VERSION_MAJOR, 0, 0 },
                .data_size = (uint32_t)size,
                .data_start = sizeof(*header),
        };
        strscpy(header->name, sizeof(header->name), name);
}

static int control(int fd, unsigned long request, struct dm_ioctl *header) {
        return ioctl(fd, request, header) < 0 ? -errno : 0;
}

static int load_table(int fd, const PlanDevice *device, char *const *parameters) {
        size_t size = sizeof(struct dm_ioctl), at = sizeof(struct dm_ioctl);
        _cleanup_free_ char *buffer = NULL;

        for (size_t i = 0; i < device->n_lines; i++)
                size += sizeof(struct dm_target_spec) + ((strlen(parameters[i]) + 8) & ~(size_t)7);
        if (size > TABLE_BYTES)
                return -E2BIG;
        buffer = calloc(1, size);
        if (!buffer)
                return -ENOMEM;
        fill_header((struct dm_ioctl *)buffer, device->name, size);
        ((struct dm_ioctl *)buffer)->target_count = (uint32_t)device->n_lines;
        for (size_t i = 0; i < device->n_lines; i++) {
                struct dm_target_spec *spec = (struct dm_target_spec *)(buffer + at);
                size_t length = strlen(parameters[i]);

                spec->sector_start = device->lines[i].start_sectors;
                spec->length = device->lines[i].length_sectors;
                spec->next = (uint32_t)(sizeof(*spec) + ((length + 8) & ~(size_t)7));
                strscpy(spec->target_type, sizeof(spec->target_type), device->lines[i].type);
                memcpy(spec + 1, parameters[i], length + 1);
                at += spec->next;
        }
        return control(fd, DM_TABLE_LOAD, (struct dm_ioctl *)buffer);
}

int dm_create(int root_fd, const PlanDevice *device, char *const *parameters, dev_t *ret) {
        _cleanup_close_ int fd = -EBADF;
        struct dm_ioctl header;
        dev_t number;
        int r;

        fd = open_below(root_fd, CONTROL, O_RDWR);
        if (fd < 0)
                return fd;
        fill_header(&header, device->name, sizeof(header));
        strscpy(header.uuid, sizeof(header.uuid), strempty(device->uuid));
        r = control(fd, DM_DEV_CREATE, &header);
        if (r < 0)
                return r;
        number = (dev_t)header.dev;
        r = load_table(fd, device, parameters);
        if (r >= 0) {
                /* Without its flag "suspend" is "resume", which puts the table in force. */
                fill_header(&header, device->name, sizeof(header));
                r = control(fd, DM_DEV_SUSPEND, &header);
        }
        if (r < 0) {
                fill_header(&header, device->name, sizeof(header));
                (void)control(fd, DM_DEV_REMOVE, &header);
                return r;
        }
        *ret = number;
        return 0;
}

int dm_remove(int root_fd, const char *name) {
        _cleanup_close_ int fd = open_below(root_fd, CONTROL, O_RDWR);
        struct dm_ioctl header;

        if (fd < 0)
                return fd;
        fill_header(&header, name, sizeof(header));
        return control(fd, DM_DEV_REMOVE, &header);
}
