/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the machine says of its start. */
#pragma once

#include "core/failure.h"
#include "setup/boot-loader.h"

/* Reads it below root_fd. Returns 0 with what boot_facts_done() frees; -EOPNOTSUPP where the kernel
 * command line is not this system's to change (a container, a capture kernel), or what reading
 * /proc/cmdline says. */
int boot_facts_read(int root_fd, BootFacts *ret, Error *reterr) _must_check_;
