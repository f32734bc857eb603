/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical memory as ranges. */
#include "core/memory-map.h"

#include <errno.h>
#include <stdlib.h>

int memory_map_add(MemoryMap *map, uint64_t start, uint64_t end, MemoryType type) {
        if (end <= start)
                return -EINVAL;
        if (map->n == map->n_allocated) {
                size_t n = map->n_allocated > 0 ? map->n_allocated * 2 : 64;
                MemoryRange *grown = reallocarray(map->ranges, n, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                map->ranges = grown;
                map->n_allocated = n;
        }
        map->ranges[map->n++] = (MemoryRange){ .start = start, .end = end, .type = type };
        return 0;
}

void memory_map_done(MemoryMap *map) {
        free(map->ranges);
        *map = (MemoryMap){ 0 };
}

static int compare(const void *a, const void *b) {
        const MemoryRange *x = a, *y = b;

        if (x->start != y->start)
                return x->start < y->start ? -1 : 1;
        return (x->type > y->type) - (x->type < y->type);
}

void memory_map_sort(MemoryMap *map) {
        if (map->n > 0)
                qsort(map->ranges, map->n, sizeof(*map->ranges), compare);
}

const MemoryRange *memory_map_highest(const MemoryMap *map, MemoryType type) {
        const MemoryRange *found = NULL;

        for (size_t i = 0; i < map->n; i++)
                if (map->ranges[i].type == type && (!found || map->ranges[i].start > found->start))
                        found = &map->ranges[i];
        return found;
}

/* Adds [start, end) without the ranges for the capture kernel, which are sorted and few. */
static int add_without(MemoryMap *map, uint64_t start, uint64_t end, const MemoryMap *without) {
        int r;

        for (size_t i = 0; i < without->n && start < end; i++) {
                const MemoryRange *hole = &without->ranges[i];

                if (hole->end <= start || hole->start >= end)
                        continue;
                if (hole->start > start) {
                        r = memory_map_add(map, start, hole->start, MEMORY_RAM);
                        if (r < 0)
                                return r;
                }
                start = hole->end;
        }
        return start < end ? memory_map_add(map, start, end, MEMORY_RAM) : 0;
}

int memory_map_dumped(const MemoryMap *map, uint64_t low, MemoryMap *ret) {
        _cleanup_(memory_map_done) MemoryMap crash = { 0 }, dumped = { 0 };
        int r;

        for (size_t i = 0; i < map->n; i++) {
                const MemoryRange *range = &map->ranges[i];

                if (range->type != MEMORY_CRASH && range->type != MEMORY_CRASH_CMA)
                        continue;
                r = memory_map_add(&crash, range->start, range->end, range->type);
                if (r < 0)
                        return r;
        }
        memory_map_sort(&crash);
        for (size_t i = 0; i < map->n; i++) {
                const MemoryRange *range = &map->ranges[i];

                if (range->type != MEMORY_RAM || range->end <= low)
                        continue;
                r = add_without(&dumped, MAX(range->start, low), range->end, &crash);
                if (r < 0)
                        return r;
        }
        *ret = dumped;
        dumped = (MemoryMap){ 0 };
        return 0;
}
