/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at the kernel, as the state machine wants it. */
#pragma once

#include "core/machine.h"

/* Gathers facts below root_fd; what cannot be read is left unknown. Reads crash_hotplug of the
 * subsystems in attributes (SUBSYSTEM_BIT()s) and nothing else that takes the kernel's kexec
 * lock. */
void facts_gather(int root_fd, unsigned attributes, bool fingerprint, Facts *ret);
