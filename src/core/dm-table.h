/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of device-mapper tables: which of those that the running kernel shows can be loaded by
 * another one without the tools that made them, and what that takes. The kernel describes its
 * targets in Documentation/admin-guide/device-mapper/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

#define DM_LINE_MODULES_MOST 2u
#define DM_LINE_MODULE_MAX   48u
#define DM_RAID_DEVICES_MOST 253u /* that a "raid" takes; dm-raid.rst there */
#define DM_ORIGIN_TYPE       "snapshot-origin"

/* One line as it is to be loaded again. */
typedef struct DmLine {
        char *parameters;
        /* Besides dm-mod, by their names or aliases. */
        char modules[DM_LINE_MODULES_MOST][DM_LINE_MODULE_MAX];
        size_t n_modules;
        bool has_devices; /* it is made of others, unlike "error" and "zero" */
} DmLine;

/* Works it out from the line as the kernel shows it. Returns 0; -ENOMEM; -EOPNOTSUPP if it is not
 * to be loaded again, with what follows upon "a device of this type, which" in reterr_why. */
int dm_line_carry(const char *type, const char *parameters, DmLine *ret,
                  const char **reterr_why) _must_check_;
void dm_line_done(DmLine *line);

/* Whether tables of this type hold no keys, so that anybody may see them. */
bool dm_type_is_harmless(const char *type);

/* Whether a line of this type and parameters is a snapshot of the device whose word is origin. */
bool dm_line_is_snapshot_of(const char *type, const char *parameters, const char *origin);

/* The parameters of a "raid" whose devices are "%0", "%1", ... (core/capture-plan.h), without the
 * pairs of metadata and data of which is_missing says that one is not there: its indices are those
 * of the plan, n of them. Returns 0 with a fresh string, which the kernel refuses if too few are
 * left; -ENODEV (of another device that it needs), -EBADMSG (no such table, raid0), -ENOMEM. */
int dm_raid_without(const char *parameters, const bool *is_missing, size_t n,
                    char **ret) _must_check_;
