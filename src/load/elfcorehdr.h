/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The elfcorehdr: the ELF headers that tell the capture kernel which memory makes up /proc/vmcore.
 * Pure. */
#pragma once

#include "core/crash-machine.h"

/* For one machine and one architecture. The order and content are those of the kernel's own
 * (kernel/crash_core.c, crash_prepare_elf64_headers()): the notes of each CPU, vmcoreinfo, the
 * kernel's text, the RAM. */
typedef struct Elfcorehdr {
        void *data;
        size_t size;        /* of the headers themselves */
        size_t memory_size; /* that its segment needs: whole pages, and what the kernel asks for */
        bool is_updatable;  /* the kernel asks for a size, and one of its own has room in that */
} Elfcorehdr;

static inline void elfcorehdr_done(Elfcorehdr *e) {
        free(e->data);
        *e = (Elfcorehdr){ 0 };
}

/* From this number of program headers on, ELF keeps the count elsewhere (PN_XNUM), which no capture
 * kernel looks at. */
#define ELFCOREHDR_MOST 65534u

/* How many program headers there are for so many CPUs and ranges to dump. */
size_t elfcorehdr_count(size_t n_cpus, size_t n_ranges) _const_;

/* How many have room where the kernel asks for so many bytes (kernel_elfcorehdr_bytes(); 0 if it
 * never updates one, and has as much room as it takes). That does not count the ELF header, and the
 * segment has whole pages (crash_load_segments() in arch/x86/kernel/crash.c). */
size_t elfcorehdr_room(uint64_t bytes) _const_;

/* Assembles one of the given ELF machine type, as large as it has to be. low is where memory worth
 * dumping begins. Returns 0; -E2BIG if it needs more than ELFCOREHDR_MOST program headers, with
 * their number in *ret_needed; -ENOMEM. */
int elfcorehdr_assemble(const CrashMachine *machine, unsigned elf_machine, uint64_t low,
                        Elfcorehdr *ret, size_t *ret_needed) _must_check_;

/* What such a header says. */
typedef struct ElfcorehdrContent {
        NoteArea *notes;
        size_t n_notes;
        MemoryMap memory; /* as ranges of RAM; the kernel's text is one of them */
        unsigned elf_machine;
} ElfcorehdrContent;

static inline void elfcorehdr_content_done(ElfcorehdrContent *c) {
        free(c->notes);
        memory_map_done(&c->memory);
        *c = (ElfcorehdrContent){ 0 };
}

/* Reads one back, whoever wrote it. Returns 0; -EBADMSG if it is none, -ENOMEM. */
int elfcorehdr_read(const void *data, size_t size, ElfcorehdrContent *ret) _must_check_;
