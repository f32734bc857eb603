/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a block device holds, by libblkid: its only user. */
#pragma once

#include <stdbool.h>

#include "core/capture-plan.h"

#define BLOCK_CONTENTS_MOST 8u

typedef struct BlockContent {
        char type[32]; /* "ext4", "LVM2_member", "linux_raid_member" */
        char uuid[64];
} BlockContent;

typedef struct BlockIdentity {
        char partuuid[64]; /* of its entry in a partition table; empty if it is no partition */
        BlockContent contents[BLOCK_CONTENTS_MOST]; /* more than one if old signatures were left */
        size_t n_contents;
} BlockIdentity;

/* Looks at an open block device, or a regular file with the same contents. Returns 0, also if it
 * holds nothing known; -EIO or other negative errno. */
int block_probe(int fd, BlockIdentity *ret) _must_check_;

/* Whether that is the device that id means, of a file system, volume or partition. type: what it
 * must hold, or NULL. UUIDs are compared without regard to case and to '-' and ':' in them, which
 * libblkid and mdadm put in different places. */
bool block_identity_matches(const BlockIdentity *identity, const DeviceId *id, const char *type);
