/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a machine can have dumps at all: what it runs in, its kernel, its firmware, the program
 * that writes dumps, the room for them. Reads only. */
#pragma once

#include "core/settings.h"
#include "setup/checks.h"

/* Adds the rows "machine", "kernel", "secure-boot", "collector", "dumps" below root_fd for a kernel
 * release and an architecture (uname's), in this order. What cannot be read is no fault. */
void machine_check(int root_fd, const Settings *settings, const char *release,
                   const char *architecture, Checks *checks);
