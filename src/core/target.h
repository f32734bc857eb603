/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Target= and FallbackTarget= name, as a value; and devices by the names that people give
 * them, there and in fstab(5). */
#pragma once

#include "base/macro.h"

typedef enum DeviceNameTag {
        DEVICE_NAME_PATH, /* below /dev */
        DEVICE_NAME_UUID,
        DEVICE_NAME_LABEL,
        DEVICE_NAME_PARTUUID,
        DEVICE_NAME_PARTLABEL,
        _DEVICE_NAME_TAG_MAX,
} DeviceNameTag;

/* Which device it is, only the links in /dev tell: one device has several names. */
typedef struct DeviceName {
        DeviceNameTag tag;
        const char *value; /* behind the "=", or the path */
} DeviceName;

typedef enum TargetType {
        TARGET_NONE,
        TARGET_AUTO,   /* where Path= is on the running system */
        TARGET_DEVICE, /* with a file system */
        TARGET_RAW,    /* a device that dumps are written over */
        _TARGET_TYPE_MAX,
} TargetType;

typedef struct Target {
        TargetType type;
        char *text;        /* as in the configuration */
        const char *name;  /* TARGET_DEVICE and TARGET_RAW: of the device, a part of text */
        DeviceName device; /* the same as a value, which points into text */
} Target;

#define TARGET_RAW_PREFIX "raw:"

/* Takes "UUID=", "LABEL=", "PARTUUID=" or "PARTLABEL=" and a value, or a path below /dev. Returns 0
 * with what points into text, or -EINVAL. */
int device_name_parse(const char *text, DeviceName *ret) _must_check_;

/* Takes "" (none), "auto", the name of a device without blanks and quotes, or "raw:" and such a
 * name. Writing over a device that somebody named by mistake would be worse than no dump, so that
 * has to be asked for. Returns 0 with what target_done() frees; -EINVAL, -ENOMEM. */
int target_parse(const char *text, Target *ret) _must_check_;

/* Accepts a zeroed target, and leaves one. */
void target_done(Target *target);
