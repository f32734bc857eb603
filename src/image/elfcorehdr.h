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
} Elfcorehdr;

static inline void elfcorehdr_done(Elfcorehdr *e) {
        free(e->data);
        *e = (Elfcorehdr){ 0 };
}

/* Builds one of the given ELF machine type. low is where memory worth dumping begins. Returns 0;
 * -E2BIG if there are more CPUs and ranges than the size that the kernel asks for can hold, or than
 * an ELF header can count, with their number in *ret_needed and what fits in *ret_fits; -ENOMEM. */
int elfcorehdr_build(const CrashMachine *machine, unsigned elf_machine, uint64_t low,
                     Elfcorehdr *ret, size_t *ret_needed, size_t *ret_fits) _must_check_;

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
