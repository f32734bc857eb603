/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the description of the machine that a crash kernel image of our own needs. */
#pragma once

#include "core/crash-machine.h"
#include "core/failure.h"

/* Returns 0; or negative errno, and in reterr a clause that says what is missing and why; *ret is
 * untouched then. Needs to be root, CAP_SYS_ADMIN for the addresses in /proc/iomem, and
 * CAP_SYS_RAWIO for /proc/kcore; or what iomem_read() and kcore_read() take instead. */
int crash_machine_read(int root_fd, CrashMachine *ret, Error *reterr) _must_check_;

/* Whether the kernel maps memory with pages of 1 GiB where it can (x86). */
bool crash_machine_has_1g_pages(int root_fd);
