/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory map that an x86 capture kernel is given, in the form of the BIOS call E820. Pure. */
#pragma once

#include "core/memory-map.h"

#define E820_ENTRY_SIZE 20u /* in memory: u64 address, u64 size, u32 type, no padding */

typedef struct E820Entry {
        uint64_t address;
        uint64_t size;
        uint32_t type;
} E820Entry;

/* Makes the map: the memory for the capture kernel without [hole_start, hole_end) is usable, and so
 * are what programs were lent of it and the RAM below 1 MiB, which nobody else uses after a crash;
 * what the firmware keeps is marked as the firmware has it, for ACPI to work. What is usable comes
 * first: a kernel passes over what it has no room for. Neighbours of one type are merged. Returns 0
 * with a fresh array, or -ENOMEM. */
int e820_make(const MemoryMap *memory, uint64_t hole_start, uint64_t hole_end, E820Entry **ret,
              size_t *ret_n) _must_check_;

/* Where the e820 ends that kexec_file_load makes for a capture kernel: at what has room in
 * boot_params (E820_MAX_ENTRIES_ZEROPAGE). */
#define E820_OF_FILE_CALL 128u

/* How many entries that would have with the reservation, which comes last but for what programs
 * were lent, and of which the list of what to dump takes the beginning
 * (crash_setup_memmap_entries() in arch/x86/kernel/crash.c). The map is sorted. */
size_t e820_count_of_file_call(const MemoryMap *memory) _pure_;

/* Writes n entries, n * E820_ENTRY_SIZE bytes. */
void e820_write(const E820Entry *entries, size_t n, uint8_t *to);
