/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of a mount as mount(8) takes them, for mount(2). */
#pragma once

#include "base/macro.h"

/* Takes the options apart into flags (MS_NOATIME ...) and the rest, which is the file system's.
 * Leaves out what is for others (noauto, x-systemd.automount, user) and "ro": this mount is for
 * writing. Returns 0 with a fresh string, "" for none, or -ENOMEM. */
int mount_options_parse(const char *options, unsigned long *ret_flags,
                        char **ret_data) _must_check_;

/* Of such a rest, what says which part of the file system is meant (btrfs' subvol, subvolid), for a
 * second try without all others. Returns as above. */
int mount_options_essential(const char *data, char **ret) _must_check_;
