/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the kernel's own loader, kexec_file_load, can make an image of this machine. */
#pragma once

#include <stdbool.h>

#include "core/failure.h"

/* It makes two lists with an end, which a machine can be too large for: the e820 of the capture
 * kernel, which has what the firmware keeps before the reservation, so that the capture kernel
 * would get no memory, and hang; and the elfcorehdr, for which the call fails when the image that
 * was loaded is gone already. x86_64 only (arch/x86/kernel/crash.c). Returns true, also if the
 * addresses of memory cannot be seen; or false with a clause in reterr. */
bool file_call_serves(int root_fd, const char *architecture, Error *reterr) _must_check_;
