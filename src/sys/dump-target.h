/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the dumps of the configuration lie on the running system, once it is up again. */
#pragma once

#include "core/settings.h"

typedef enum DumpTarget {
        DUMP_TARGET_MAIN,
        DUMP_TARGET_FALLBACK,
        _DUMP_TARGET_MAX,
} DumpTarget;

/* The directory that holds the dumps of Target= or FallbackTarget=: Path= itself, or below where
 * that device is mounted (/proc/self/mountinfo). What is written over a device (raw:) gets into
 * Path= itself when it is recovered. Returns 0 with a fresh path, which may not exist; -ENXIO if
 * the configuration has no such target, -ENODEV if the device is not mounted, -EAGAIN as below, or
 * another negative errno. */
int dump_target_path(int root_fd, const Settings *settings, DumpTarget which, char **ret,
                     Error *reterr) _must_check_;

/* Whether a path is where it is to be: what /etc/fstab mounts there at boot is mounted, or it
 * mounts nothing there. Returns 0; -EAGAIN, as what is seen there now is not what will be;
 * -ENOMEM. */
int dump_target_mounted(int root_fd, const char *path, Error *reterr) _must_check_;

/* The device that dumps of Target= or FallbackTarget= are written over. Returns 0 with a fresh path
 * in /dev; -ENXIO if they are not, -ENOMEM. */
int dump_target_device(const Settings *settings, DumpTarget which, char **ret) _must_check_;

/* Whether any dumps are written over a device, to be recovered from there. */
bool dump_target_any_device(const Settings *settings);
