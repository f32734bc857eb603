/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What two kdump-loads agree on: that only one of them loads at a time, and whether root has asked
 * for an unload. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "base/time-util.h"
#include "core/paths.h"

/* Held by whoever may make a kexec call. The kernel's own lock cannot be waited for, and with
 * kernel.kexec_load_limit_panic each try costs one of what is left. */
#define LOAD_LOCK_PATH LOAD_DIRECTORY "/lock"

#define UNLOAD_WANTED_USEC (10 * USEC_PER_MINUTE) /* so long such a wish counts at most */

/* Waits for the lock; tells: says so on standard error. Returns a descriptor that holds it; or
 * -EBADF if there can be none, which is no reason not to load. */
int load_lock(int root_fd, bool tells) _must_check_;

/* Whether root has asked for an unload, by UNLOAD_WANTED_PATH. */
bool unload_is_wanted(int root_fd);
