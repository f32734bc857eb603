/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the memory of this machine is encrypted. */
#pragma once

#include "base/macro.h"

/* Whether all memory is encrypted so that devices reach only a part of it, which the kernel keeps
 * for that: SME, SEV and TDX guests (cc_platform_has(CC_ATTR_MEM_ENCRYPT) in the kernel tree),
 * secure guests on s390x and powerpc. That the processor could do it does not count: the flag sme
 * in /proc/cpuinfo goes away where it is not in use only since Linux 6.0, and the flag sev says
 * that guests can have it. So, of all that the kernel says, what is sure: files that are there in
 * such guests only, the command line, and what it logged at boot. Returns 1 or 0; -EACCES or -EPERM
 * if only its log could tell, which this user may not read. */
int memory_encryption_is_active(int root_fd) _must_check_;
