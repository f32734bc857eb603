/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory that is reserved for crash kernel images. */
#include "sys/reservation.h"

#include <errno.h>

#include "core/x86-control.h"
#include "sys/crash-machine.h"
#include "sys/iomem.h"
#include "sys/kernel-state.h"

/* Returns false if the map has no such range. */
static bool read_map(const MemoryMap *memory, Reservation *ret) {
        const MemoryRange *highest = memory_map_highest(memory, MEMORY_CRASH);

        if (!highest)
                return false;
        ret->bytes = highest->end - highest->start;
        ret->total_bytes = 0;
        for (size_t i = 0; i < memory->n; i++)
                if (memory->ranges[i].type == MEMORY_CRASH)
                        ret->total_bytes += memory->ranges[i].end - memory->ranges[i].start;
        return true;
}

/* What cannot be read or understood is not counted on. */
static uint64_t cma_bytes(int root_fd) {
        _cleanup_(memory_map_done) MemoryMap map = { 0 };
        uint64_t sum = 0;

        if (iomem_add_cma(root_fd, &map) < 0)
                return 0;
        for (size_t i = 0; i < map.n; i++)
                sum = add_saturated(sum, map.ranges[i].end - map.ranges[i].start);
        return sum;
}

int reservation_read(int root_fd, Reservation *ret) {
        MemoryMap nothing = { 0 };
        Reservation found = { 0 };
        Iomem iomem = { 0 };
        bool seen, is_there;
        int r;

        is_there = iomem_read(root_fd, &iomem) >= 0;
        seen = is_there && read_map(&iomem.memory, &found);
        found.control_bytes = x86_control_bytes(is_there ? &iomem.memory : &nothing,
                                                crash_machine_has_1g_pages(root_fd));
        memory_map_done(&iomem.memory);
        if (!seen) {
                r = kernel_reservation_bytes(root_fd, &found.bytes);
                if (r < 0)
                        return r;
                found.total_bytes = found.bytes;
                found.is_sum = found.bytes > 0 && iomem_count_hidden_crash(root_fd) > 1;
        }
        found.cma_bytes = cma_bytes(root_fd);
        found.cma_is_hidden = found.bytes > 0 && kernel_hides_cma(root_fd);
        *ret = found;
        return 0;
}
