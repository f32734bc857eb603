/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of the way to a target: whether a disk is hardware of this machine, and its drivers. */
#include "mkinitramfs/hardware.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/file-util.h"
#include "mkinitramfs/drivers.h"
#include "sys/path.h"

#define ATTRIBUTE_LONGEST 256u
#define FOR_DISK          "for the target's disk"

/* Where a way ends. */
typedef enum End {
        END_NOWHERE, /* nothing on it is driven as hardware */
        END_HARDWARE,
        END_NETWORK,
        END_PROGRAMS, /* of the running system, which bring it up, and are not in the capture */
        END_FILE,
        END_MEMORY,
} End;

static int refuse(Builder *b, End end, const char *disk) {
        static const char *const whats[] = {
                [END_NOWHERE] =
                        "no disk that is there after a panic, as no hardware of this machine "
                        "leads to it",
                [END_NETWORK] = "a disk on a network",
                [END_PROGRAMS] = "a disk that programs of the running system bring up, and these "
                                 "are not there after a panic",
                [END_FILE] = "no disk that is there after a panic, but a file",
                [END_MEMORY] = "no disk that is there after a panic, but memory",
        };

        return fail(b, -EOPNOTSUPP, "%s is %s: " ELSEWHERE, disk, whats[end]);
}

/* Whether an attribute of a device is one of these, which end with NULL. */
static bool has_value(Builder *b, const char *directory, const char *attribute,
                      const char *const *values) {
        char path[PATH_MAX], value[ATTRIBUTE_LONGEST];

        strscpyf(path, sizeof(path), "%s/%s", directory, attribute);
        if (read_line_below(b->root_fd, path, value, sizeof(value)) < 0)
                return false;
        for (; *values; values++)
                if (streq(value, *values))
                        return true;
        return false;
}

static bool has(Builder *b, const char *directory, const char *name) {
        char path[PATH_MAX];

        strscpyf(path, sizeof(path), "%s/%s", directory, name);
        return exists_below(b->root_fd, path);
}

/* "session12" for "session". */
static bool is_numbered(const char *name, const char *prefix) {
        const char *rest = startswith(name, prefix);

        return rest && *rest && rest[strspn(rest, "0123456789")] == '\0';
}

/* --- what a device on the way is */

/* Over which transport a controller is reached: "pcie", "tcp", "rdma", "fc", "loop".
 * drivers/nvme/host/sysfs.c. Which of them are hardware the drivers tell. */
static End nvme_end(Builder *b, const char *directory, const char *name) {
        static const char *const networks[] = { "tcp", "rdma", "fc", NULL };
        static const char *const programs[] = { "loop", NULL };

        if (!is_numbered(name, "nvme"))
                return END_NOWHERE;
        if (has_value(b, directory, "transport", networks))
                return END_NETWORK;
        return has_value(b, directory, "transport", programs) ? END_PROGRAMS : END_NOWHERE;
}

/* What a class has of a host adapter: /sys/class/CLASS/hostN leads to CLASS/hostN below it. */
static bool find_class(Builder *b, const char *class, const char *directory, const char *name,
                       char ret[static PATH_MAX]) {
        strscpyf(ret, PATH_MAX, "/sys/class/%s/%s", class, name);
        if (!exists_below(b->root_fd, ret))
                strscpyf(ret, PATH_MAX, "%s/%s/%s", directory, class, name);
        return exists_below(b->root_fd, ret);
}

/* Host adapters that are none: what the kernel's transport classes and the drivers' own names tell
 * of them. An adapter for iSCSI that does all by itself is told by programs what to log in to. */
static End scsi_end(Builder *b, const char *directory, const char *name) {
        static const char *const networks[] = { "iscsi_tcp", "iscsi_iser", "ib_srp",
                                                "fcoe",      "bnx2fc",     NULL };
        static const char *const programs[] = { "tcm_loopback", "scsi_debug", NULL };
        static const char *const hypervisors[] = { "ibmvscsi", NULL };
        char host[PATH_MAX], path[PATH_MAX + 16], symbolic[ATTRIBUTE_LONGEST] = "";
        bool is_srp;

        if (is_numbered(name, "session"))
                return END_NETWORK;
        if (!is_numbered(name, "host"))
                return END_NOWHERE;
        if (find_class(b, "iscsi_host", directory, name, host))
                return END_NETWORK;
        /* "fcoe v0.1 over eth0": Fibre Channel in software. */
        if (find_class(b, "fc_host", directory, name, host)) {
                strscpyf(path, sizeof(path), "%s/symbolic_name", host);
                if (read_line_below(b->root_fd, path, symbolic, sizeof(symbolic)) >= 0 &&
                    strstr(symbolic, " over "))
                        return END_NETWORK;
        }
        is_srp = find_class(b, "srp_host", directory, name, host);
        if (!find_class(b, "scsi_host", directory, name, host))
                return is_srp ? END_NETWORK : END_NOWHERE;
        if (has_value(b, host, "proc_name", networks) || has(b, host, "local_ib_device"))
                return END_NETWORK;
        /* SRP is also how a partition of a POWER machine talks to its hypervisor. */
        if (is_srp && !has_value(b, host, "proc_name", hypervisors))
                return END_NETWORK;
        return has_value(b, host, "proc_name", programs) ? END_PROGRAMS : END_NOWHERE;
}

/* Drivers that bind to something, but not to hardware that a disk is on. */
static const struct {
        const char *bus, *driver; /* driver NULL: all of that bus */
        End end;
} drivers[] = {
        { "scsi", NULL, END_NOWHERE },    /* sd, which takes all that looks like a disk */
        { "pseudo", NULL, END_PROGRAMS }, /* scsi_debug */
        { "tcm_loop_bus", NULL, END_PROGRAMS },
        { "vdpa", NULL, END_PROGRAMS }, /* made by vdpa(8), or a program itself */
        { "fcoe", NULL, END_NETWORK },
        { "ccw", "virtio_ccw", END_HARDWARE }, /* the only one there that comes up by itself */
        { "ccw", NULL, END_PROGRAMS },
        { "ccwgroup", NULL, END_PROGRAMS },
        { "platform", "vhci_hcd", END_NETWORK }, /* USB/IP */
        { "platform", "dummy_hcd", END_PROGRAMS },
};

static End driver_end(const char *bus, const char *driver) {
        for (size_t i = 0; i < ELEMENTSOF(drivers); i++)
                if (streq(drivers[i].bus, bus) &&
                    (!drivers[i].driver || streq(drivers[i].driver, driver)))
                        return drivers[i].end;
        return END_HARDWARE;
}

/* By the driver that is bound, built in or a module: /sys/bus/BUS/drivers/NAME. What has an
 * attribute "online" waits for somebody to write to it; virtio on channels does not. */
static End bound_end(Builder *b, const char *directory) {
        _cleanup_free_ char *link = NULL, *driver = NULL;
        char bus[ATTRIBUTE_LONGEST];
        const char *rest, *name;
        End end;

        if (asprintf(&link, "%s/driver", directory) < 0) {
                link = NULL;
                return END_NOWHERE;
        }
        if (path_resolve(b->root_fd, link, &driver) < 0 ||
            !(rest = startswith(driver, "/sys/bus/")))
                return END_NOWHERE;
        strscpyf(bus, sizeof(bus), "%.*s", (int)strcspn(rest, "/"), rest);
        name = strrchr(driver, '/') + 1;
        end = driver_end(bus, name);
        return end == END_HARDWARE && has(b, directory, "online") && !streq(name, "virtio_ccw")
                       ? END_PROGRAMS
                       : end;
}

/* Below a network interface: /sys/devices/.../net/eth0. */
static bool is_interface(const char *directory) {
        size_t n = (size_t)(strrchr(directory, '/') - directory);

        return n > 4 && memcmp(directory + n - 4, "/net", 4) == 0;
}

/* One device on the way: hardware, or what makes all of the way none. */
static End device_end(Builder *b, const char *directory) {
        const char *name = strrchr(directory, '/') + 1;
        End end;

        end = nvme_end(b, directory, name);
        if (end == END_NOWHERE)
                end = scsi_end(b, directory, name);
        if (end == END_NOWHERE && is_interface(directory))
                end = END_NETWORK;
        if (end == END_NOWHERE)
                end = bound_end(b, directory);
        return end;
}

/* All of the way up from a device in /sys/devices. */
static End way_end(Builder *b, const char *sysfs) {
        char path[PATH_MAX];
        End found = END_NOWHERE;

        strscpy(path, sizeof(path), sysfs);
        while (startswith(path, "/sys/devices/")) {
                End end = device_end(b, path);

                if (end != END_NOWHERE && end != END_HARDWARE)
                        return end;
                found = MAX(found, end);
                *strrchr(path, '/') = '\0';
        }
        return found;
}

/* --- disks */

/* What a disk that is no hardware is, by its name: for people. */
static End name_end(const char *disk) {
        static const struct {
                const char *prefix;
                End end;
        } names[] = {
                { "loop", END_FILE },    { "ram", END_MEMORY },     { "zram", END_MEMORY },
                { "nbd", END_NETWORK },  { "rbd", END_NETWORK },    { "drbd", END_NETWORK },
                { "rnbd", END_NETWORK }, { "ublkb", END_PROGRAMS }, { "zd", END_PROGRAMS },
        };

        if (startswith(disk, "etherd!"))
                return END_NETWORK;
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (is_numbered(disk, names[i].prefix))
                        return names[i].end;
        return END_NOWHERE;
}

/* With native multipathing an NVMe namespace hangs on no controller, but on a subsystem that leads
 * to all of them. Those that are hardware suffice. */
static int add_controllers(Builder *b, const char *subsystem, const BlockName *name) {
        _cleanup_free_ BlockName *links = NULL;
        End end = END_NOWHERE;
        bool has_any = false;
        size_t n = 0;
        int r;

        r = block_names(b->root_fd, subsystem, &links, &n);
        if (r < 0)
                return fail(b, r, "\"%s\" cannot be read: %s", subsystem, strerror(-r));
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *path = NULL, *controller = NULL;
                End one;

                if (!is_numbered(links[i].text, "nvme"))
                        continue;
                if (asprintf(&path, "%s/%s", subsystem, links[i].text) < 0) {
                        path = NULL;
                        return fail_memory(b);
                }
                if (path_resolve(b->root_fd, path, &controller) < 0)
                        continue;
                has_any = true;
                one = way_end(b, controller);
                if (one == END_HARDWARE) {
                        r = drivers_of_device(b, controller, FOR_DISK);
                        if (r < 0)
                                return r;
                }
                end = end == END_HARDWARE ? end : one;
        }
        if (!has_any)
                return fail(b, -ENODEV, "/sys does not tell which controller %s is on", name->text);
        return end == END_HARDWARE ? 0 : refuse(b, end, name->text);
}

int hardware_add(Builder *b, const BlockName *name) {
        _cleanup_free_ char *sysfs = NULL;
        End end;
        int r;

        r = block_sysfs(b->root_fd, name, &sysfs);
        if (r < 0)
                return fail(b, r, "/sys/class/block/%s cannot be read: %s", name->text,
                            strerror(-r));
        if (startswith(sysfs, "/sys/devices/virtual/nvme-subsystem/")) {
                *strrchr(sysfs, '/') = '\0';
                return add_controllers(b, sysfs, name);
        }
        end = way_end(b, sysfs);
        if (end == END_NOWHERE)
                end = name_end(name->text);
        return end == END_HARDWARE ? drivers_of_device(b, sysfs, FOR_DISK)
                                   : refuse(b, end, name->text);
}
