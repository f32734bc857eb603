/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mark of the crash kernel image that is loaded (core/kexec-mark.h), read in the memory of the
 * kernel. */
#pragma once

#include "core/kexec-mark.h"
#include "core/paths.h"

/* For root only: where the kernel has it, which is the same for all of a boot, and takes some ten
 * milliseconds to find out. */
#define KEXEC_MARK_NOTE_PATH RUN_DIRECTORY "/kexec-crash-image"

/* Reads it on x86_64: by kexec_crash_image in /proc/kallsyms, or in standard input if it is that
 * file, and by /proc/kcore and /proc/iomem. All of these are below root_fd. What is noted there is
 * used, and noted if it was not. The umask decides who can read the note. Waits for a tenth of a
 * second at most while somebody loads. */
void kexec_mark_read(int root_fd, MarkAnswer *ret);
