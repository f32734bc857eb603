/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the capture kernel, from the settings and the machine. */
#pragma once

#include "load/prepare.h"

/* Makes the command line, checks that the kernel takes it whole, and puts it into the report, with
 * what became of the running kernel's words. image is NULL for a kernel that tells nothing of
 * itself, initrd_words is what the maker of the initrd passes to it. The initrd's path is in the
 * report already. The mark is put there, too, if the line has room for it. Returns FAILURE_NONE, or
 * the failure, which the report tells, too. */
Failure load_command_line(const LoadRequest *request, const KernelImage *image, int kernel_fd,
                          const char *initrd_words, LoadReport *report);
