/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of block device one is, and by what it is found again. */
#pragma once

#include "mkinitramfs/builder.h"

#define DM_UUID_MAX 160u

typedef enum DeviceKind {
        DEVICE_DISK, /* or whatever is none of the others */
        DEVICE_PARTITION,
        DEVICE_TRANSPARENT, /* several ways to one disk, or a partition on it: not assembled */
        DEVICE_MAPPER,
        DEVICE_ARRAY, /* MD */
        _DEVICE_KIND_MAX,
} DeviceKind;

DeviceKind device_kind(Builder *b, const BlockName *name);

/* What a device is needed for, which decides by what it can be found again. */
typedef enum DeviceUse {
        DEVICE_USE_FILE_SYSTEM,
        DEVICE_USE_MEMBER, /* of a device-mapper device */
        DEVICE_USE_RAW,
} DeviceUse;

/* Returns 0 with a fresh value in *ret, or negative errno with the reason noted. */
int device_identify(Builder *b, const BlockName *name, DeviceUse use, DeviceId *ret) _must_check_;
