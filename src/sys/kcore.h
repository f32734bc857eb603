/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/kcore: at which virtual addresses the running kernel has itself and the physical memory.
 * Only its ELF headers are read. */
#pragma once

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
