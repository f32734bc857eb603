/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of encrypted disks that the kernel is to hand over to a capture kernel with its image
 * (Linux 6.16 and newer, kernel/crash_dump_dm_crypt.c). */
#pragma once

#include "base/macro.h"

#define CRASH_KEYS "/sys/kernel/config/crash_dm_crypt_keys"

#define CRASH_KEY_MAX 129u /* KEY_DESC_MAX_LEN and a NUL */

typedef enum CrashKeys {
        CRASH_KEYS_NONE,    /* there are none, or the kernel does not know such */
        CRASH_KEYS_NAMED,   /* each has the description that it is looked for by */
        CRASH_KEYS_UNNAMED, /* one has none yet */
} CrashKeys;

/* Looks which there are: with the description of the first by name in ret, or the name of one that
 * has none. */
CrashKeys crash_keys_look(int root_fd, char ret[static CRASH_KEY_MAX]);
