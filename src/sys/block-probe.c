/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a block device holds, by libblkid. */
#include "sys/block-probe.h"

#include <blkid/blkid.h>
#include <ctype.h>
#include <errno.h>

static void probe_freep(blkid_probe *probe) {
        if (*probe)
                blkid_free_probe(*probe);
}

static const char *value_of(blkid_probe probe, const char *name) {
        const char *value;

        return blkid_probe_lookup_value(probe, name, &value, NULL) < 0 ? NULL : value;
}

static void take_values(blkid_probe probe, BlockIdentity *identity) {
        const char *type = value_of(probe, "TYPE"), *uuid = value_of(probe, "UUID");
        const char *partuuid = value_of(probe, "PART_ENTRY_UUID");

        if (partuuid)
                strscpy(identity->partuuid, sizeof(identity->partuuid), partuuid);
        if (type && uuid && identity->n_contents < BLOCK_CONTENTS_MOST) {
                BlockContent *content = &identity->contents[identity->n_contents++];

                strscpy(content->type, sizeof(content->type), type);
                strscpy(content->uuid, sizeof(content->uuid), uuid);
        }
}

#define RESULTS_MOST 64u /* that one device can have */

int block_probe(int fd, BlockIdentity *ret) {
        _cleanup_(probe_freep) blkid_probe probe = blkid_new_probe();
        BlockIdentity identity = { 0 };
        int r = 0;

        if (!probe)
                return -ENOMEM;
        errno = 0;
        if (blkid_probe_set_device(probe, fd, 0, 0) != 0 ||
            blkid_probe_enable_superblocks(probe, 1) < 0 ||
            blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID) < 0 ||
            blkid_probe_enable_partitions(probe, 1) < 0 ||
            blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS) < 0)
                return errno > 0 ? -errno : -EIO;
        /* One result at a time, and all of them: a device may have old signatures besides the one
         * that counts. */
        for (unsigned i = 0; r == 0 && i < RESULTS_MOST; i++) {
                r = blkid_do_probe(probe);
                if (r == 0)
                        take_values(probe, &identity);
        }
        if (r < 0 && identity.n_contents == 0)
                return -EIO;
        *ret = identity;
        return 0;
}

static bool same_uuid(const char *a, const char *b) {
        for (;; a++, b++) {
                while (*a == '-' || *a == ':')
                        a++;
                while (*b == '-' || *b == ':')
                        b++;
                if (*a == '\0' || tolower((unsigned char)*a) != tolower((unsigned char)*b))
                        return *a == *b;
        }
}

/* What lies on a member of a RAID is the array's, and reached through the array only. */
static bool is_raid_member(const BlockContent *content) {
        return endswith(content->type, "_raid_member");
}

bool block_identity_matches(const BlockIdentity *identity, const DeviceId *id, const char *type) {
        bool has_raid = false;

        if (isempty(id->value))
                return false;
        if (id->tag == DEVICE_BY_PARTUUID)
                return same_uuid(identity->partuuid, id->value);
        for (size_t i = 0; i < identity->n_contents; i++)
                has_raid = has_raid || is_raid_member(&identity->contents[i]);
        for (size_t i = 0; i < identity->n_contents; i++) {
                const BlockContent *content = &identity->contents[i];

                if (same_uuid(content->uuid, id->value) && has_raid == is_raid_member(content) &&
                    (!type || streq(content->type, type)))
                        return true;
        }
        return false;
}
