/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notes that the kernel makes of kexec calls, as the two BPF maps that kdump-watch hands out,
 * and as the memory behind them. */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "core/kexec-calls.h"

/* kdump-watch is asked for them at WATCH_SOCKET by JOB_VERB_WATCH. The answer has the two
 * descriptors of NoteMaps in their order, or says as a clause why there are none; this is its exit
 * status if that will be so until the next boot. */
#define KEXEC_NOTES_NEVER 2

/* An array with one KexecCall, and the ring. */
typedef struct NoteMaps {
        int array_fd, ring_fd;
} NoteMaps;

#define NOTE_MAPS_INIT \
        { .array_fd = -EBADF, .ring_fd = -EBADF, }

void note_maps_close(NoteMaps *maps);

/* The ring has that many bytes: a page. */
size_t note_ring_size(void);

/* Both in memory. */
typedef struct NoteMemory {
        void *array, *consumer, *producer; /* NULL: not mapped */
} NoteMemory;

/* Maps both; of the ring only its reader's position can be written. Returns 0 or negative errno. */
int note_memory_map(const NoteMaps *maps, NoteMemory *ret) _must_check_;
void note_memory_unmap(NoteMemory *memory);

CallRing note_memory_ring(const NoteMemory *memory);

/* The notes that there were, ever. */
uint64_t note_memory_count(const NoteMemory *memory);
