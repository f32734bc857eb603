/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coalescing: events are counted into one batch until they have been quiet for a while, or until
 * the batch is too old to wait any longer. Memory does not grow with the number of events. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time-util.h"

typedef struct Batch {
        bool pending;
        uint64_t first_usec, last_usec; /* of its events, on the caller's monotonic clock */
        uint32_t events;                /* that count; saturates */
        unsigned subsystems;            /* SUBSYSTEM_BIT()s of those */
        unsigned changing; /* of these, those with an event that changes an image by itself */
        bool look_again;   /* compare the machine with the image, whatever was counted */
        bool met_load;     /* something in it fell into a load: reload whatever the kernel says */
        bool log_line;     /* the kernel logged a failed update, which alone counts for nothing */
        bool log_lost;     /* records of its log were lost, and with them perhaps such a line */
        bool kernel_log;   /* and something speaks for it: reload whatever the kernel says */
        bool away;         /* CPUs or memory changed while nobody read the kernel's log */
        bool requested;    /* a load is to come of it in any case */
        bool waited;       /* events in it were kept waiting by a job */
} Batch;

/* Opens the batch if none is pending, and moves its quiet period to begin at now. A clock that goes
 * backwards at worst lengthens the wait to max_delay once. */
void batch_touch(Batch *b, uint64_t now_usec);

/* Counts one event of a subsystem. */
void batch_add_event(Batch *b, unsigned subsystem, uint64_t now_usec);

/* When the batch is due: settle after its last event, or max_delay after its first, what comes
 * first; USEC_INFINITY if none is pending. */
uint64_t batch_deadline(const Batch *b, uint64_t settle_usec, uint64_t max_delay_usec) _pure_;
