/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crash image that we build ourselves has to know of the running machine. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/memory-map.h"

/* Memory that a kernel fills with ELF notes when it panics. */
typedef struct NoteArea {
        uint64_t address; /* physical */
        uint64_t size;
} NoteArea;

#define BOOT_PARAMS_SIZE 4096u

typedef struct CrashMachine {
        MemoryMap memory;      /* sorted */
        uint64_t kernel_start; /* physical address of the running kernel's first byte ... */
        uint64_t kernel_vaddr; /* ... the virtual one that the kernel itself uses ... */
        uint64_t kernel_size;  /* ... and how many bytes there are from there on */
        uint64_t page_offset;  /* virtual address at which physical memory is mapped */
        bool has_1g_pages;     /* x86: the kernel maps memory with pages of 1 GiB where it can */
        NoteArea *cpu_notes;   /* of each present CPU, in the order of their numbers */
        size_t n_cpu_notes;
        NoteArea vmcoreinfo;
        uint64_t elfcorehdr_bytes; /* what the kernel wants for the elfcorehdr that it is to update
                                      itself; 0 if it never does */
        uint8_t *boot_params;      /* x86: BOOT_PARAMS_SIZE bytes; NULL if there are none */
        uint64_t rsdp;             /* x86: where the ACPI tables begin; 0: where BIOSes have it */
} CrashMachine;

static inline void crash_machine_done(CrashMachine *m) {
        memory_map_done(&m->memory);
        free(m->cpu_notes);
        free(m->boot_params);
        *m = (CrashMachine){ 0 };
}
