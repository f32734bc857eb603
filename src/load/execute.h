/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system calls, and what their errors mean. */
#pragma once

#include "load/prepare.h"
#include "sys/kexec.h"

/* Loads what was prepared: unloads before if the settings say so, and tries again while the
 * kernel's kexec lock is taken. Fills in the rest of the report. Returns FAILURE_NONE or the
 * failure. */
Failure load_execute(const LoadRequest *request, const Prepared *prepared, const KexecOps *ops,
                     LoadReport *report);

/* Unloads the crash kernel image, whoever loaded it; fills in the report's times. Returns
 * FAILURE_NONE, also if nothing was loaded, or the failure. */
Failure load_unload(int root_fd, const KexecOps *ops, LoadReport *report);
