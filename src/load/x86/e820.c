/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory map of an x86 capture kernel. */
#include "load/x86/e820.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/little-endian.h"

#define LOW_MEMORY_END (UINT64_C(1) << 20)

/* arch/x86/include/asm/e820/types.h */
enum {
        E820_RAM = 1,
        E820_RESERVED = 2,
        E820_ACPI = 3,
        E820_NVS = 4,
};

/* Memory of devices is in none, as it is of no use for a dump. */
static const uint32_t types[_MEMORY_TYPE_MAX] = {
        [MEMORY_RAM] = E820_RAM,          [MEMORY_CRASH] = E820_RAM,
        [MEMORY_CRASH_CMA] = E820_RAM,    [MEMORY_RESERVED] = E820_RESERVED,
        [MEMORY_ACPI_TABLES] = E820_ACPI, [MEMORY_ACPI_NVS] = E820_NVS,
};

typedef struct Entries {
        E820Entry *entries;
        size_t n;
} Entries;

static void add(Entries *e, uint64_t start, uint64_t end, uint32_t type) {
        E820Entry *last = e->n > 0 ? &e->entries[e->n - 1] : NULL;

        if (start >= end)
                return;
        if (last && last->type == type && last->address + last->size == start)
                last->size += end - start;
        else
                e->entries[e->n++] = (E820Entry){ start, end - start, type };
}

/* The part of the map that is usable, or the rest. */
static void add_all(Entries *e, const MemoryMap *memory, bool usable, uint64_t hole_start,
                    uint64_t hole_end) {
        for (size_t i = 0; i < memory->n; i++) {
                const MemoryRange *range = &memory->ranges[i];
                uint64_t start = range->start, end = range->end;
                uint32_t type = types[range->type];

                if (type == 0 || (type == E820_RAM) != usable)
                        continue;
                if (range->type == MEMORY_RAM)
                        end = MIN(end, LOW_MEMORY_END);
                else if (usable && hole_start < end && hole_end > start) {
                        add(e, start, hole_start, type);
                        start = hole_end;
                }
                add(e, start, end, type);
        }
}

int e820_make(const MemoryMap *memory, uint64_t hole_start, uint64_t hole_end, E820Entry **ret,
              size_t *ret_n) {
        /* The hole can split ranges in two. */
        Entries e = { .entries = calloc(memory->n + 1, 2 * sizeof(*e.entries)) };

        if (!e.entries)
                return -ENOMEM;
        add_all(&e, memory, true, hole_start, hole_end);
        add_all(&e, memory, false, hole_start, hole_end);
        *ret = e.entries;
        *ret_n = e.n;
        return 0;
}

/* What the kernel looks for by one type it takes without what lies within. */
static size_t count_outer(const MemoryMap *memory, MemoryType type, uint64_t limit) {
        uint64_t end = 0;
        size_t n = 0;

        for (size_t i = 0; i < memory->n; i++) {
                const MemoryRange *range = &memory->ranges[i];

                if (range->type != type || range->start >= limit || range->end <= end)
                        continue;
                end = range->end;
                n++;
        }
        return n;
}

size_t e820_count_of_file_call(const MemoryMap *memory) {
        return count_outer(memory, MEMORY_RAM, LOW_MEMORY_END) +
               count_outer(memory, MEMORY_ACPI_TABLES, UINT64_MAX) +
               count_outer(memory, MEMORY_ACPI_NVS, UINT64_MAX) +
               count_outer(memory, MEMORY_RESERVED, UINT64_MAX) +
               count_outer(memory, MEMORY_CRASH, UINT64_MAX);
}

void e820_write(const E820Entry *entries, size_t n, uint8_t *to) {
        for (size_t i = 0; i < n; i++, to += E820_ENTRY_SIZE) {
                put_le(to, entries[i].address, 8);
                put_le(to + 8, entries[i].size, 8);
                put_le(to + 16, entries[i].type, 4);
        }
}
