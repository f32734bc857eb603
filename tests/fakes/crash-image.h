/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine, and an image that is planned for it. */
#pragma once

#include "test.h"

#include "fake-kernel.h"
#include "load/crash-image.h"

#define MIB         (UINT64_C(1) << 20)
#define GIB         (UINT64_C(1) << 30)
#define PAGE        UINT64_C(4096)
#define PAGE_OFFSET UINT64_C(0xffff9c0000000000)

static CrashMachine machine;
static CrashImage image;
static uint8_t kernel_file[FAKE_KERNEL_SIZE];
static KernelImage header;
static CrashFiles files;
static Error error;

static inline void add(uint64_t start, uint64_t end, MemoryType type) {
        ck_assert_int_eq(memory_map_add(&machine.memory, start, end, type), 0);
        memory_map_sort(&machine.memory);
}

static inline void set_reservation(uint64_t start, uint64_t size) {
        for (size_t i = 0; i < machine.memory.n; i++)
                if (machine.memory.ranges[i].type == MEMORY_CRASH)
                        machine.memory.ranges[i] = (MemoryRange){ .start = start,
                                                                  .end = start + size,
                                                                  .type = MEMORY_CRASH };
        memory_map_sort(&machine.memory);
}

static inline void set_cpus(size_t n) {
        free(machine.cpu_notes);
        machine.cpu_notes = calloc(n, sizeof(*machine.cpu_notes));
        ck_assert_ptr_nonnull(machine.cpu_notes);
        machine.n_cpu_notes = n;
        for (size_t i = 0; i < n; i++)
                machine.cpu_notes[i] = (NoteArea){ .address = 0x7fc00000 + i * 1024, .size = 360 };
}

/* A machine of 2 GiB with 192 MiB for the capture kernel, and a kernel that updates nothing. */
static inline void setup(void) {
        const char *why;

        machine = (CrashMachine){ .kernel_start = 16 * MIB,
                                  .kernel_vaddr = UINT64_C(0xffffffff9a000000),
                                  .kernel_size = 0x2c30000,
                                  .page_offset = PAGE_OFFSET,
                                  .vmcoreinfo = { .address = 0x1234000, .size = 4132 },
                                  .boot_params = calloc(1, BOOT_PARAMS_SIZE),
                                  .rsdp = 0x7fe14 };
        ck_assert_ptr_nonnull(machine.boot_params);
        for (size_t i = 0; i < BOOT_PARAMS_SIZE; i++)
                machine.boot_params[i] = (uint8_t)(i * 7);
        add(0, PAGE, MEMORY_RESERVED);
        add(PAGE, 0x9fc00, MEMORY_RAM);
        add(0x9fc00, 0xa0000, MEMORY_RESERVED);
        add(MIB, 2047 * MIB, MEMORY_RAM);
        add(0x72000000, 0x7e000000, MEMORY_CRASH);
        add(2047 * MIB, 2048 * MIB - PAGE, MEMORY_ACPI_TABLES);
        add(2048 * MIB - PAGE, 2048 * MIB, MEMORY_ACPI_NVS);
        set_cpus(2);
        fake_kernel(kernel_file, "6.12.57");
        ck_assert_int_eq(kernel_image_parse("x86_64", kernel_file, sizeof(kernel_file),
                                            sizeof(kernel_file), &header, &why),
                         0);
        files = (CrashFiles){ .head = kernel_file,
                              .head_size = sizeof(kernel_file),
                              .header = &header,
                              .initrd_size = 10001,
                              .command_line = "nr_cpus=1 panic=10" };
        image = (CrashImage){ 0 };
}

static inline void teardown(void) {
        crash_image_done(&image);
        crash_machine_done(&machine);
}

static inline Failure plan(void) {
        const ImageArchitecture *x86 = image_architecture("x86_64");

        ck_assert_ptr_nonnull(x86);
        crash_image_done(&image);
        return crash_image_plan(x86, &machine, &files, &image, &error);
}

/* A little-endian number of n bytes. */
static inline uint64_t get(const uint8_t *at, size_t n) {
        uint64_t value = 0;

        while (n-- > 0)
                value = value << 8 | at[n];
        return value;
}
