/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coalescing of events into batches. */
#include "daemon/batch.h"

#include "core/hotplug.h"

void batch_touch(Batch *b, uint64_t now_usec) {
        if (!b->pending || now_usec < b->first_usec)
                b->first_usec = now_usec;
        b->pending = true;
        b->last_usec = now_usec;
}

void batch_add_event(Batch *b, unsigned subsystem, uint64_t now_usec) {
        batch_touch(b, now_usec);
        b->subsystems |= SUBSYSTEM_BIT(subsystem);
        if (b->events < UINT32_MAX)
                b->events++;
}

uint64_t batch_deadline(const Batch *b, uint64_t settle_usec, uint64_t max_delay_usec) {
        if (!b->pending)
                return USEC_INFINITY;
        return MIN(add_saturated(b->last_usec, settle_usec),
                   add_saturated(b->first_usec, max_delay_usec));
}
