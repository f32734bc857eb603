/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel that loads a crash kernel image takes out of the reservation for itself. Pure. */
#pragma once

#include <stdbool.h>

#include "core/memory-map.h"

/* How many bytes the running kernel may take for an image at most: the page tables that map all
 * memory one to one (init_pgtable() in arch/x86/kernel/machine_kexec_64.c), the control code, and
 * the copy of vmcoreinfo. It takes them from the lowest places in the reservation that no segment
 * claims (kimage_alloc_crash_control_pages() in kernel/kexec_core.c). The memory is sorted;
 * has_1g_pages as in CrashMachine. */
uint64_t x86_control_bytes(const MemoryMap *memory, bool has_1g_pages) _pure_;
