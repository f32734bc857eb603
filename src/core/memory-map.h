/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical memory as ranges, and what of it belongs into a dump. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

typedef enum MemoryType {
        MEMORY_RAM,
        MEMORY_CRASH, /* reserved for the capture kernel; lies within RAM */
        MEMORY_RESERVED,
        MEMORY_ACPI_TABLES,
        MEMORY_ACPI_NVS,
        MEMORY_DEVICE,    /* the kernel can have it mapped like RAM, but it is none */
        MEMORY_CRASH_CMA, /* like MEMORY_CRASH, but lent to programs until then
                             (crashkernel=SIZE,cma): images cannot lie there */
        _MEMORY_TYPE_MAX,
} MemoryType;

typedef struct MemoryRange {
        uint64_t start, end; /* end is the first byte behind it, and greater than start */
        MemoryType type;
} MemoryRange;

/* A zeroed map is an empty one. Ranges of different types may overlap. */
typedef struct MemoryMap {
        MemoryRange *ranges;
        size_t n, n_allocated;
} MemoryMap;

/* Returns 0; -EINVAL if end is not greater than start, -ENOMEM. */
int memory_map_add(MemoryMap *map, uint64_t start, uint64_t end, MemoryType type) _must_check_;
void memory_map_done(MemoryMap *map);

/* Sorts by start. */
void memory_map_sort(MemoryMap *map);

/* The range of this type that starts highest; NULL if there is none. */
const MemoryRange *memory_map_highest(const MemoryMap *map, MemoryType type) _pure_;

/* Makes the map of what a dump has to hold, ordered like the ranges: the RAM from low on, without
 * the ranges for the capture kernel, of both kinds. Neighbours are not merged. Takes time in
 * proportion to the number of ranges times that of ranges for the capture kernel. Returns 0 or
 * -ENOMEM; *ret is untouched then. */
int memory_map_dumped(const MemoryMap *map, uint64_t low, MemoryMap *ret) _must_check_;
