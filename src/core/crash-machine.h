/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crash kernel image that we build ourselves has to know of the running machine. */
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

/* Memory that EFI firmware goes on working in after the boot, with what it needs for that: an entry
 * of the kernel's runtime map. */
typedef struct EfiRange {
        uint64_t address; /* physical */
        uint64_t vaddr;   /* where the firmware was told, once and for all, to find it */
        uint64_t n_pages; /* of 4 KiB */
        uint64_t attribute;
        uint32_t type;
} EfiRange;

/* Far more than firmware makes. The map of a capture kernel is read through a window of 256 KiB
 * (early_memremap(); NR_FIX_BTMAPS in arch/x86/include/asm/fixmap.h), which is 5461 entries. */
#define EFI_RANGES_MAX 4096u

/* What a kernel that did not see the firmware start has to be told of it. Addresses are the
 * physical ones, which the firmware itself has forgotten. */
typedef struct EfiRuntime {
        EfiRange *ranges;
        size_t n_ranges; /* 0: the running kernel does not use the runtime services, or not all of
                            this can be read; the rest means nothing then */
        uint64_t fw_vendor;
        uint64_t config_table;
        uint64_t smbios; /* 0: there is none */
} EfiRuntime;

typedef struct CrashMachine {
        MemoryMap memory;      /* sorted */
        uint64_t kernel_start; /* physical address of the running kernel's first byte ... */
        uint64_t kernel_vaddr; /* ... the virtual one that the kernel itself uses ... */
        uint64_t kernel_size;  /* ... and how many bytes there are from there on */
        uint64_t page_offset;  /* virtual address at which physical memory is mapped */
        bool has_1g_pages;     /* x86: the kernel maps memory with pages of 1 GiB where it can */
        NoteArea *cpu_notes;   /* of each present CPU, in the order of their numbers */
        size_t n_cpu_notes;
        size_t n_possible_cpus; /* that an elfcorehdr of the kernel's own lists; 0: not known */
        NoteArea vmcoreinfo;
        uint64_t elfcorehdr_bytes; /* what the kernel wants for the elfcorehdr that it is to update
                                      itself; 0 if it never does */
        uint8_t *boot_params;      /* x86: BOOT_PARAMS_SIZE bytes; NULL if there are none */
        uint64_t rsdp;             /* x86: where the ACPI tables begin; 0: where BIOSes have it */
        EfiRuntime efi;            /* x86 */
} CrashMachine;

static inline void crash_machine_done(CrashMachine *m) {
        memory_map_done(&m->memory);
        free(m->cpu_notes);
        free(m->boot_params);
        free(m->efi.ranges);
        *m = (CrashMachine){ 0 };
}
