/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-capture is to do after a panic, as a value: kdump-mkinitramfs works it out while the
 * machine is well, and carries it into the capture initramfs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/settings.h"

/* A block device by what identifies it on any boot. Names such as sda1 change from one kernel to
 * the next. */
typedef enum DeviceTag {
        DEVICE_BY_UUID,     /* of the file system, the LVM physical volume or the RAID member */
        DEVICE_BY_PARTUUID, /* of the entry in the partition table */
        DEVICE_BY_MAPPER,   /* a device-mapper device, by its name: one of the plan's own */
        DEVICE_BY_MD,       /* an MD array, by its UUID as mdadm writes it: one of the plan's own */
        _DEVICE_TAG_MAX,
} DeviceTag;

DECLARE_NAME_TABLE(device_tag, DeviceTag);

typedef struct DeviceId {
        DeviceTag tag;
        char *value; /* NULL: no device */
} DeviceId;

typedef struct PlanModule {
        char *path;    /* in the initramfs, absolute; ends in .gz if it is packed so */
        char *options; /* its parameters, "" for none */
} PlanModule;

/* One line of a device-mapper table. Where its parameters name a device, they have "%0", "%1", ...
 * for the devices of this line; "%%" is a percent sign. */
typedef struct PlanDmLine {
        uint64_t start_sectors, length_sectors; /* of 512 bytes */
        char *type;                             /* "linear", "striped", ... */
        char *parameters;
        DeviceId *devices;
        size_t n_devices;
} PlanDmLine;

typedef enum PlanDeviceType {
        PLAN_DEVICE_MAPPER,
        PLAN_DEVICE_MD,
        _PLAN_DEVICE_TYPE_MAX,
} PlanDeviceType;

DECLARE_NAME_TABLE(plan_device_type, PlanDeviceType);

/* A block device that somebody has to assemble. */
typedef struct PlanDevice {
        PlanDeviceType type;
        char *name;        /* as below /dev/mapper, or "md0" */
        char *uuid;        /* of the device-mapper device, or of the array as mdadm writes it */
        PlanDmLine *lines; /* device mapper only */
        size_t n_lines;
        uint64_t md_major, md_minor; /* MD only: version of the metadata, 1.2 or 0.90 */
        uint64_t n_members;          /* MD only: that the array had */
} PlanDevice;

typedef enum PlanTargetType {
        PLAN_TARGET_NONE, /* there is no such target */
        PLAN_TARGET_FILE_SYSTEM,
        PLAN_TARGET_RAW, /* the dump is written over the device */
        _PLAN_TARGET_TYPE_MAX,
} PlanTargetType;

DECLARE_NAME_TABLE(plan_target_type, PlanTargetType);

/* A part of a file system that is on a device of its own. */
typedef struct PlanPart {
        DeviceId device;
        char *option; /* of the mount, which takes the path of the device: "logdev" */
} PlanPart;

/* Where a dump goes. */
typedef struct PlanTarget {
        PlanTargetType type;
        DeviceId device;
        char *file_system; /* "ext4" */
        char *options;     /* of the mount, its driver's; "" for none */
        char *directory;   /* absolute, from the root of the file system: where dumps lie */
        char *label;       /* what to call it in front of people: "/var/crash on /dev/vda1" */
        PlanPart *parts;
        size_t n_parts;
} PlanTarget;

typedef struct CapturePlan {
        char *host;           /* name of the machine */
        char *kernel_release; /* of the capture kernel, for which the modules are */
        PlanModule *modules;  /* in the order in which they are to be loaded */
        size_t n_modules;
        PlanDevice *devices; /* in the order in which they are to be assembled */
        size_t n_devices;
        PlanTarget target, fallback;

        char *core_collector; /* as in the configuration */
        uint64_t unknown_kernel_level;
        uint64_t keep; /* dumps; 0: all */
        uint64_t min_free_bytes;
        uint64_t target_timeout_usec;
        FinalAction final_action, failure_action;
        char *pre_script, *post_script; /* paths in the initramfs; "" for none */
} CapturePlan;

/* Limits of what a plan may hold, which its reader enforces. */
#define PLAN_MODULES_MOST   512u
#define PLAN_DEVICES_MOST   64u
#define PLAN_DM_LINES_MOST  1024u
#define PLAN_MEMBERS_MOST   256u
#define PLAN_PARTS_MOST     4u
#define PLAN_LONGEST_STRING 4096u

/* Frees what the plan holds and zeroes it; accepts a zeroed plan. The others do the same with their
 * part of it. */
void capture_plan_done(CapturePlan *plan);
void plan_target_done(PlanTarget *target);
void plan_device_done(PlanDevice *device);
void plan_dm_line_done(PlanDmLine *line);

/* Copies into an otherwise empty plan what the configuration says of a capture. Returns 0 or
 * -ENOMEM; the plan is whole in either case. */
int capture_plan_set(CapturePlan *plan, const Settings *settings) _must_check_;
