/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notes that the kernel makes of kexec calls. */
#include "sys/kexec-notes.h"

#include <sys/mman.h>

#include "base/file-util.h"

void note_maps_close(NoteMaps *maps) {
        closep(&maps->array_fd);
        closep(&maps->ring_fd);
        *maps = (NoteMaps)NOTE_MAPS_INIT;
}

static size_t page_size(void) {
        return (size_t)sysconf(_SC_PAGESIZE);
}

size_t note_ring_size(void) {
        return page_size();
}

static int map(int fd, size_t offset, size_t size, int protection, void **ret) {
        void *p = mmap(NULL, size, protection, MAP_SHARED, fd, (off_t)offset);

        if (p == MAP_FAILED)
                return -errno;
        *ret = p;
        return 0;
}

int note_memory_map(const NoteMaps *maps, NoteMemory *ret) {
        NoteMemory memory = { 0 };
        size_t page = page_size();
        int r;

        r = map(maps->array_fd, 0, page, PROT_READ, &memory.array);
        if (r >= 0)
                r = map(maps->ring_fd, 0, page, PROT_READ | PROT_WRITE, &memory.consumer);
        if (r >= 0)
                r = map(maps->ring_fd, page, page + 2 * note_ring_size(), PROT_READ,
                        &memory.producer);
        if (r < 0) {
                note_memory_unmap(&memory);
                return r;
        }
        *ret = memory;
        return 0;
}

void note_memory_unmap(NoteMemory *memory) {
        if (memory->array)
                (void)munmap(memory->array, page_size());
        if (memory->consumer)
                (void)munmap(memory->consumer, page_size());
        if (memory->producer)
                (void)munmap(memory->producer, page_size() + 2 * note_ring_size());
        *memory = (NoteMemory){ 0 };
}

CallRing note_memory_ring(const NoteMemory *memory) {
        return (CallRing){ .consumer = memory->consumer,
                           .producer = memory->producer,
                           .data = (const uint8_t *)memory->producer + page_size(),
                           .size = note_ring_size() };
}

uint64_t note_memory_count(const NoteMemory *memory) {
        const KexecCall *last = memory->array;

        return __atomic_load_n(&last->count, __ATOMIC_ACQUIRE);
}
