/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/kcore of x86_64: at which virtual addresses the running kernel has itself and the physical
 * memory, by its ELF headers alone; and what is in that memory. */
#pragma once

#include <errno.h>
#include <stdbool.h>

#include "core/memory-map.h"
#include "core/paths.h"

typedef struct Kcore {
        uint64_t kernel_vaddr; /* of the byte at kernel_start */
        uint64_t kernel_size;  /* bytes from there to the kernel's end */
        uint64_t page_offset;  /* virtual minus physical address of mapped RAM */
} Kcore;

/* Finds these in the first size bytes of such a file of an x86_64 kernel. kernel_start and memory
 * are what /proc/iomem says. Returns 0; -EBADMSG if it is no such file or does not hold them. */
int kcore_parse(const void *data, size_t size, uint64_t kernel_start, const MemoryMap *memory,
                Kcore *ret) _must_check_;

/* The same of the file below root_fd; or, if it may not be read, what kcore_note() has left there.
 * -EPERM or -EACCES without CAP_SYS_RAWIO and such a note. */
int kcore_read(int root_fd, uint64_t kernel_start, const MemoryMap *memory,
               Kcore *ret) _must_check_;

/* For root only: the addresses are what KASLR hides. */
#define KCORE_NOTE_PATH RUN_DIRECTORY "/kernel-addresses"

/* Leaves a note of what kcore_read() finds, which is the same for all of a boot, for those who may
 * not read the file: to do so is to read all of the kernel's memory. The umask decides who can read
 * the note. Returns 0 or negative errno. */
int kcore_note(int root_fd, uint64_t kernel_start, const Kcore *kcore) _must_check_;

/* --- what is in memory */

typedef struct KcoreMemory {
        int fd;
        void *headers;
        size_t size; /* of the headers */
} KcoreMemory;

#define KCORE_MEMORY_INIT    \
        (KcoreMemory) {      \
                .fd = -EBADF \
        }

/* Opens the file below root_fd. Returns 0; -EBADMSG if it is
 * none of x86_64; -EPERM or -EACCES without CAP_SYS_RAWIO, or under lockdown=confidentiality;
 * -ENOENT without CONFIG_PROC_KCORE, or another negative errno. */
int kcore_memory_open(int root_fd, KcoreMemory *ret) _must_check_;
void kcore_memory_close(KcoreMemory *memory);

/* Reads size bytes from an address on, a physical one if that is what it is. Returns 0; -EFAULT if
 * not all of it is memory, or what reading said. */
int kcore_memory_read(const KcoreMemory *memory, uint64_t address, bool is_physical, void *ret,
                      size_t size) _must_check_;

/* Where in the file an address is, by the first size bytes of it, and how many bytes follow there.
 * Returns 0, or -EFAULT if it is nowhere. */
int kcore_find(const void *data, size_t size, uint64_t address, bool is_physical,
               uint64_t *ret_offset, uint64_t *ret_room) _must_check_;
