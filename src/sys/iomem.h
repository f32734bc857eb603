/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/iomem: which physical memory there is, and what it is for; and what it leaves out. */
#pragma once

#include "core/memory-map.h"

typedef struct Iomem {
        MemoryMap memory;      /* sorted */
        uint64_t kernel_start; /* of the running kernel's code; 0 if it is not listed */
} Iomem;

/* Reads the text of such a file (names at any depth; lines that are none are passed over). Returns
 * 0; -ENODATA if all addresses are 0, as the kernel shows them without CAP_SYS_ADMIN; -EBADMSG if
 * there is no RAM at all, -ENOMEM. text is changed. */
int iomem_parse(char *text, Iomem *ret) _must_check_;

/* The same of the file below root_fd; or, if that shows no addresses, of standard input if it is
 * that file: what counts is who has opened it, and a service manager can do so before it takes its
 * privileges away. Returns as above, or what reading it said. */
int iomem_read(int root_fd, Iomem *ret) _must_check_;

/* Adds the lines "START-LAST" of such a text to the map, as MEMORY_CRASH_CMA; all, or none if one
 * of them cannot be understood. Returns 0, -EINVAL or -ENOMEM. text is changed. */
int iomem_parse_cma(char *text, MemoryMap *map) _must_check_;

/* The same of /sys/kernel/kexec/crash_cma_ranges (kernel/kexec_core.c, crash_cma_ranges_show()),
 * which everybody may read: crashkernel=SIZE,cma is known since Linux 6.17, the file since 6.19.
 * Nothing is added if it is not there. Returns 0 or negative errno. */
int iomem_add_cma(int root_fd, MemoryMap *map) _must_check_;

/* How many ranges are reserved for crash kernel images, which the file tells everybody, without
 * their addresses. 0 also if it cannot be read. */
size_t iomem_count_hidden_crash(int root_fd);
