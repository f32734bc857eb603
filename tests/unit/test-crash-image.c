/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/: every byte of a crash kernel image of our own, but what other tests look at. */
#include "test.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/string-util.h"
#include "crash-image.h"
#include "load/x86/boot.h"
#include "load/x86/e820.h"
#include "purgatory/blob.h"
#include "purgatory/parameters.h"

/* --- what to dump --- */

static void check_dumped(const uint64_t (*expected)[2], size_t n) {
        MemoryMap dumped = { 0 };

        ck_assert_int_eq(memory_map_dumped(&machine.memory, MIB, &dumped), 0);
        ck_assert_uint_eq(dumped.n, n);
        for (size_t i = 0; i < n; i++) {
                ck_assert_uint_eq(dumped.ranges[i].start, expected[i][0]);
                ck_assert_uint_eq(dumped.ranges[i].end, expected[i][1]);
        }
        memory_map_done(&dumped);
}

START_TEST(dumped) {
        static const uint64_t one[][2] = { { MIB, 0x72000000 }, { 0x7e000000, 2047 * MIB } };
        check_dumped(one, ELEMENTSOF(one));
        /* Two reservations, one of them at the end of its RAM; RAM across 1 MiB. */
        memory_map_done(&machine.memory);
        add(PAGE, 2 * MIB, MEMORY_RAM);
        add(4 * MIB, 8 * MIB, MEMORY_RAM);
        add(6 * MIB, 8 * MIB, MEMORY_CRASH);
        add(4 * GIB, 8 * GIB, MEMORY_RAM);
        add(4 * GIB, 5 * GIB, MEMORY_CRASH);
        add(9 * GIB, 10 * GIB, MEMORY_RAM);
        add(9 * GIB, 10 * GIB, MEMORY_CRASH);
        static const uint64_t two[][2] = { { MIB, 2 * MIB },
                                           { 4 * MIB, 6 * MIB },
                                           { 5 * GIB, 8 * GIB } };
        check_dumped(two, ELEMENTSOF(two));
        ck_assert_int_eq(memory_map_add(&machine.memory, 5, 5, MEMORY_RAM), -EINVAL);
        ck_assert_int_eq(memory_map_add(&machine.memory, 5, 4, MEMORY_RAM), -EINVAL);
        ck_assert_uint_eq(memory_map_highest(&machine.memory, MEMORY_CRASH)->start, 9 * GIB);
        ck_assert_ptr_null(memory_map_highest(&machine.memory, MEMORY_RESERVED));
}
END_TEST

/* --- elfcorehdr --- */

static void check_segment(const Elf64_Phdr *p, uint32_t type, uint64_t vaddr, uint64_t paddr,
                          uint64_t size) {
        ck_assert_uint_eq(p->p_type, type);
        ck_assert_uint_eq(p->p_flags, type == PT_LOAD ? PF_R | PF_W | PF_X : 0);
        ck_assert_uint_eq(p->p_offset, paddr);
        ck_assert_uint_eq(p->p_vaddr, vaddr);
        ck_assert_uint_eq(p->p_paddr, paddr);
        ck_assert_uint_eq(p->p_filesz, size);
        ck_assert_uint_eq(p->p_memsz, size);
        ck_assert_uint_eq(p->p_align, 0);
}

START_TEST(elfcorehdr_bytes) {
        static const uint8_t head[64] = {
                0x7f, 'E', 'L', 'F', 2,  1, 1,  0,
                0,    0,   0,   0,   0,  0, 0,  0, /* e_ident */
                4,    0,   62,  0,   1,  0, 0,  0,
                0,    0,   0,   0,   0,  0, 0,  0, /* type, machine, entry */
                64,   0,   0,   0,   0,  0, 0,  0,
                0,    0,   0,   0,   0,  0, 0,  0, /* phoff, shoff */
                0,    0,   0,   0,   64, 0, 56, 0,
                6,    0,   0,   0,   0,  0, 0,  0,
        };
        Elfcorehdr e = { 0 };
        const Elf64_Phdr *p;
        size_t needed;

        ck_assert_int_eq(elfcorehdr_assemble(&machine, EM_X86_64, MIB, &e, &needed), 0);
        ck_assert_uint_eq(e.size, 64 + 6 * 56);
        ck_assert_uint_eq(e.memory_size, 4096);
        ck_assert_mem_eq(e.data, head, sizeof(head));
        p = (const void *)((const char *)e.data + 64);
        check_segment(&p[0], PT_NOTE, 0, 0x7fc00000, 360);
        check_segment(&p[1], PT_NOTE, 0, 0x7fc00400, 360);
        check_segment(&p[2], PT_NOTE, 0, 0x1234000, 4132);
        check_segment(&p[3], PT_LOAD, UINT64_C(0xffffffff9a000000), 16 * MIB, 0x2c30000);
        check_segment(&p[4], PT_LOAD, PAGE_OFFSET + MIB, MIB, 0x72000000 - MIB);
        check_segment(&p[5], PT_LOAD, PAGE_OFFSET + 0x7e000000, 0x7e000000,
                      2047 * MIB - 0x7e000000);
        elfcorehdr_done(&e);
}
END_TEST

/* n ranges of RAM besides the first, with gaps. */
static void many_ranges(size_t n) {
        for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(memory_map_add(&machine.memory, 4 * GIB + i * 256 * MIB,
                                                4 * GIB + i * 256 * MIB + 128 * MIB, MEMORY_RAM),
                                 0);
}

static void build(bool updatable, size_t n, size_t memory_size) {
        Elfcorehdr e = { 0 };
        size_t needed;

        ck_assert_int_eq(elfcorehdr_assemble(&machine, EM_X86_64, MIB, &e, &needed), 0);
        ck_assert_int_eq(e.is_updatable, updatable);
        ck_assert_uint_eq(e.size, 64 + n * 56);
        ck_assert_uint_eq(e.memory_size, memory_size);
        elfcorehdr_done(&e);
}

/* The kernel's wish does not count the ELF header: 917,616 + 64 in whole pages. It is of no use if
 * what the kernel itself would write, for all CPUs that there can be, has no room in that. */
START_TEST(elfcorehdr_size) {
        ck_assert_uint_eq(elfcorehdr_room(0), 65534);
        ck_assert_uint_eq(elfcorehdr_room(3696), 72); /* for 64 CPUs */
        ck_assert_uint_eq(elfcorehdr_room(917616), 16456);
        ck_assert_uint_eq(elfcorehdr_room(UINT64_MAX), 65534);
        build(false, 6, 4096);
        machine.elfcorehdr_bytes = 917616;
        build(true, 6, 0xe1000);
        machine.n_possible_cpus = 16456 - 4;
        build(true, 6, 0xe1000);
        machine.n_possible_cpus++;
        build(false, 6, 4096);
        machine.n_possible_cpus = 8192;
        many_ranges(16456 - 8192 - 4);
        build(true, 2 + 16456 - 8192, 0xe1000);
        set_cpus(8192);
        build(true, 16456, 0xe1000);
        add(9000 * GIB, 9001 * GIB, MEMORY_RAM);
        build(false, 16457, 0xe2000);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(image.segments[SEGMENT_ELFCOREHDR].memory_size, 0xe2000);
        machine.elfcorehdr_bytes = UINT64_MAX;
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
}
END_TEST

static void check_large(size_t n_cpus, size_t n_ranges) {
        ElfcorehdrContent content = { 0 };
        Elfcorehdr e = { 0 };
        size_t needed;

        teardown();
        setup();
        set_cpus(n_cpus);
        many_ranges(n_ranges);
        ck_assert_int_eq(elfcorehdr_assemble(&machine, EM_X86_64, MIB, &e, &needed), 0);
        ck_assert_uint_eq(e.size, 64 + 56 * (n_cpus + 4 + n_ranges));
        ck_assert_int_eq(elfcorehdr_read(e.data, e.size, &content), 0);
        ck_assert_uint_eq(content.elf_machine, EM_X86_64);
        ck_assert_uint_eq(content.n_notes, n_cpus + 1);
        ck_assert_uint_eq(content.notes[n_cpus - 1].address, 0x7fc00000 + (n_cpus - 1) * 1024);
        ck_assert_uint_eq(content.memory.n, 3 + n_ranges);
        for (size_t i = 0; i < n_ranges; i++)
                ck_assert_uint_eq(content.memory.ranges[3 + i].start, 4 * GIB + i * 256 * MIB);
        elfcorehdr_content_done(&content);
        elfcorehdr_done(&e);
}

START_TEST(elfcorehdr_large) {
        struct timespec start, end;
        size_t needed;
        Elfcorehdr e;

        check_large(2, 1);
        check_large(8192, 1);
        check_large(2, 20000);
        (void)clock_gettime(CLOCK_MONOTONIC, &start);
        check_large(8192, 8192);
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        printf("# 8192 CPUs and 8192 ranges, built and read back: %.1f ms\n",
               (double)(end.tv_sec - start.tv_sec) * 1e3 +
                       (double)(end.tv_nsec - start.tv_nsec) / 1e6);
        (void)fflush(stdout);
        /* More than ELF counts in 16 bits. */
        set_cpus(40000);
        many_ranges(30000);
        ck_assert_int_eq(elfcorehdr_assemble(&machine, EM_X86_64, MIB, &e, &needed), -E2BIG);
        ck_assert_uint_gt(needed, 65534);
        ck_assert_uint_eq(plan(), FAILURE_SYSTEM);
        ck_assert_ptr_nonnull(strstr(error.text, "ends at 65534"));
}
END_TEST

START_TEST(elfcorehdr_bad) {
        ElfcorehdrContent content = { 0 };
        size_t needed;
        Elfcorehdr e;
        char *copy;

        ck_assert_int_eq(elfcorehdr_assemble(&machine, EM_X86_64, MIB, &e, &needed), 0);
        for (size_t size = 0; size < e.size; size += 7) {
                copy = malloc(size + 1);
                memcpy(copy, e.data, size);
                if (elfcorehdr_read(copy, size, &content) == 0)
                        elfcorehdr_content_done(&content);
                free(copy);
        }
        ck_assert_int_eq(elfcorehdr_read("junk", 4, &content), -EBADMSG);
        ((Elf64_Ehdr *)e.data)->e_type = ET_EXEC;
        ck_assert_int_eq(elfcorehdr_read(e.data, e.size, &content), -EBADMSG);
        elfcorehdr_done(&e);
}
END_TEST

/* --- the memory map --- */

static void check_e820(const E820Entry *expected, size_t n, uint64_t hole, uint64_t hole_end) {
        E820Entry *entries;
        size_t n_entries;

        ck_assert_int_eq(e820_make(&machine.memory, hole, hole_end, &entries, &n_entries), 0);
        ck_assert_uint_eq(n_entries, n);
        for (size_t i = 0; i < n; i++) {
                ck_assert_uint_eq(entries[i].address, expected[i].address);
                ck_assert_uint_eq(entries[i].size, expected[i].size);
                ck_assert_uint_eq(entries[i].type, expected[i].type);
        }
        free(entries);
}

START_TEST(e820_entries) {
        const E820Entry low = { 0, PAGE, 2 }, ram = { PAGE, 0x9ec00, 1 };
        const E820Entry bios = { 0x9fc00, 0x400, 2 };
        const E820Entry acpi = { 2047 * MIB, MIB - PAGE, 3 }, nvs = { 2048 * MIB - PAGE, PAGE, 4 };
        const E820Entry top[] = { ram, { 0x72000000, 191 * MIB, 1 }, low, bios, acpi, nvs };
        const E820Entry middle[] = {
                ram, { 0x72000000, MIB, 1 }, { 0x72200000, 190 * MIB, 1 }, low, bios, acpi, nvs
        };
        uint8_t bytes[E820_ENTRY_SIZE];
        static const uint8_t expected[E820_ENTRY_SIZE] = { 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0xec,
                                                           9, 0,    0, 0, 0, 0, 1, 0, 0, 0 };

        check_e820(top, ELEMENTSOF(top), 0x7df00000, 0x7e000000);
        check_e820(middle, ELEMENTSOF(middle), 0x72100000, 0x72200000);
        e820_write(&ram, 1, bytes);
        ck_assert_mem_eq(bytes, expected, sizeof(bytes));
        /* Memory of devices is of no use for a dump. */
        add(5 * GIB, 6 * GIB, MEMORY_DEVICE);
        check_e820(top, ELEMENTSOF(top), 0x7df00000, 0x7e000000);
        /* A low reservation is RAM for the capture kernel; neighbours grow together. */
        add(0x60000000, 0x61000000, MEMORY_CRASH);
        add(0xa0000, 0x100000, MEMORY_RESERVED);
        const E820Entry two[] = { ram, { 0x60000000, 16 * MIB, 1 }, { 0x72000000, 191 * MIB, 1 },
                                  low, { 0x9fc00, 0x60400, 2 },     acpi,
                                  nvs };
        check_e820(two, ELEMENTSOF(two), 0x7df00000, 0x7e000000);
}
END_TEST

/* What programs were lent is the capture kernel's RAM, is not dumped, and holds no segment. */
START_TEST(cma) {
        static const uint64_t rest[][2] = { { MIB, 256 * MIB },
                                            { 512 * MIB, 0x72000000 },
                                            { 0x7e000000, 2047 * MIB },
                                            { 5 * GIB, 6 * GIB } };
        static const E820Entry expected[] = { { PAGE, 0x9fc00 - PAGE, 1 },
                                              { 256 * MIB, 256 * MIB, 1 },
                                              { 0x72000000, 191 * MIB, 1 },
                                              { 4 * GIB, GIB, 1 },
                                              { 0, PAGE, 2 },
                                              { 0x9fc00, 0x400, 2 },
                                              { 2047 * MIB, MIB - PAGE, 3 },
                                              { 2048 * MIB - PAGE, PAGE, 4 } };

        add(256 * MIB, 512 * MIB, MEMORY_CRASH_CMA);
        add(4 * GIB, 6 * GIB, MEMORY_RAM);
        add(4 * GIB, 5 * GIB, MEMORY_CRASH_CMA);
        check_dumped(rest, ELEMENTSOF(rest));
        check_e820(expected, ELEMENTSOF(expected), 0x7df00000, 0x7e000000);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        for (size_t i = 0; i < _SEGMENT_MAX; i++) {
                const Segment *s = &image.segments[i];

                ck_assert_uint_ge(s->address, 0x72000000);
                ck_assert_uint_le(s->address + s->memory_size, 0x7e000000);
        }
        ck_assert_uint_eq(image.boot[0x1e8], 8);
}
END_TEST

/* --- boot parameters --- */

START_TEST(boot_params) {
        const Segment *s = image.segments;
        const uint8_t *b;
        char command_line[128];

        files.initrd_size = UINT64_C(0x10001);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        b = image.boot;
        ck_assert_ptr_eq(s[SEGMENT_BOOT].data, b);
        ck_assert_mem_eq(b, machine.boot_params, 0x40);
        ck_assert_uint_eq(get(b + 0x70, 8), 0x7fe14);
        ck_assert_uint_eq(get(b + 0xc0, 4), s[SEGMENT_INITRD].address >> 32);
        ck_assert_uint_eq(get(b + 0xc4, 4), 0);
        ck_assert_uint_eq(get(b + 0xc8, 4), 0);
        for (size_t i = 0x1c0; i < 0x1e8; i++) /* efi_info and what follows */
                ck_assert_uint_eq(b[i], 0);
        ck_assert_uint_eq(b[0x1e8], 6);
        for (size_t i = 0x1e9; i < 0x1f1; i++) /* the sentinel */
                ck_assert_uint_eq(b[i], 0);
        ck_assert_mem_eq(b + 0x1f1, kernel_file + 0x1f1, 9);
        ck_assert_uint_eq(get(b + 0x1fa, 2), 0xffff);
        ck_assert_mem_eq(b + 0x1fe, kernel_file + 0x1fe, 0x210 - 0x1fe);
        ck_assert_uint_eq(b[0x210], 0xd0);
        ck_assert_uint_eq(b[0x211], kernel_file[0x211]);
        ck_assert_uint_eq(get(b + 0x218, 4), s[SEGMENT_INITRD].address);
        ck_assert_uint_eq(get(b + 0x21c, 4), 0x10001);
        ck_assert_uint_eq(get(b + 0x228, 4), s[SEGMENT_BOOT].address + PAGE);
        ck_assert_mem_eq(b + 0x23c, machine.boot_params + 0x23c, 4);
        ck_assert_uint_eq(get(b + 0x250, 8), 0);
        ck_assert_uint_eq(get(b + 0x2d0 + 1 * 20, 8), 0x72000000);
        for (size_t i = 0x2d0 + 6 * 20; i < PAGE; i++)
                ck_assert_uint_eq(b[i], 0);
        strscpyf(command_line, sizeof(command_line), "elfcorehdr=0x%" PRIx64 " nr_cpus=1 panic=10",
                 s[SEGMENT_ELFCOREHDR].address);
        ck_assert_str_eq((const char *)b + PAGE, command_line);
}
END_TEST

START_TEST(boot_params_high) {
        const uint8_t *b;

        add(4 * GIB, 8 * GIB, MEMORY_RAM);
        add(5 * GIB, 5 * GIB + 64 * MIB, MEMORY_CRASH);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        b = image.boot;
        ck_assert_uint_eq(get(b + 0xc0, 4) << 32 | get(b + 0x218, 4),
                          image.segments[SEGMENT_INITRD].address);
        ck_assert_uint_eq(get(b + 0xc8, 4) << 32 | get(b + 0x228, 4),
                          image.segments[SEGMENT_BOOT].address + PAGE);
}
END_TEST

/* The kernel's own loader leaves out what does not fit into boot_params, and the reservation comes
 * last: what lies within another range of its type is not counted, nor is memory above 1 MiB. */
START_TEST(e820_of_file_call) {
        ck_assert_uint_eq(e820_count_of_file_call(&machine.memory), 6);
        add(0x9fd00, 0x9fe00, MEMORY_RESERVED);
        add(4 * GIB, 5 * GIB, MEMORY_RAM);
        add(5 * GIB, 6 * GIB, MEMORY_DEVICE);
        add(4 * GIB, 4 * GIB + 64 * MIB, MEMORY_CRASH_CMA);
        ck_assert_uint_eq(e820_count_of_file_call(&machine.memory), 6);
        add(0x60000000, 0x61000000, MEMORY_CRASH);
        add(0x9fe00, 0xa1000, MEMORY_RESERVED); /* over the end of the other one */
        add(0x62000000, 0x62001000, MEMORY_ACPI_NVS);
        ck_assert_uint_eq(e820_count_of_file_call(&machine.memory), 9);
}
END_TEST

/* What does not fit into boot_params is in a list node behind the command line. */
START_TEST(many_e820) {
        size_t n = 150, at;
        const uint8_t *b, *node;

        for (size_t i = 0; i < n; i++)
                add(3 * GIB + i * 2 * PAGE, 3 * GIB + i * 2 * PAGE + PAGE, MEMORY_RESERVED);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        b = image.boot;
        ck_assert_uint_eq(b[0x1e8], 128);
        at = get(b + 0x250, 8) - image.segments[SEGMENT_BOOT].address;
        ck_assert_uint_eq(at % 8, 0);
        ck_assert_uint_ge(at, PAGE + strlen((const char *)b + PAGE) + 1);
        node = b + at;
        ck_assert_uint_eq(get(node, 8), 0);
        ck_assert_uint_eq(get(node + 8, 4), 1);
        ck_assert_uint_eq(get(node + 12, 4), (6 + n - 128) * 20);
        ck_assert_uint_eq(at + 16 + (6 + n - 128) * 20, image.segments[SEGMENT_BOOT].size);
        ck_assert_uint_eq(get(node + 16 + (5 + n - 128) * 20, 8), 3 * GIB + (n - 1) * 2 * PAGE);
        /* The reservation is above it all, and yet in boot_params. */
        set_reservation(5 * GIB, 192 * MIB);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(get(image.boot + 0x2d0 + 20, 8), 5 * GIB);
        for (size_t i = n; i < 8200; i++)
                ck_assert_int_eq(memory_map_add(&machine.memory, 3 * GIB + i * 2 * PAGE,
                                                3 * GIB + i * 2 * PAGE + PAGE, MEMORY_RESERVED),
                                 0);
        ck_assert_uint_eq(plan(), FAILURE_SYSTEM);
        ck_assert_ptr_nonnull(
                strstr(error.text, "memory map has 8207 parts, and an image has room for"));
}
END_TEST

START_TEST(five_levels) {
        machine.page_offset = UINT64_C(0xff11000000000000);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        header.xloadflags &= (uint16_t)~0x20u;
        ck_assert_uint_eq(plan(), FAILURE_BAD_KERNEL);
        machine.page_offset = PAGE_OFFSET;
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        free(machine.boot_params);
        machine.boot_params = NULL;
        ck_assert_uint_eq(plan(), FAILURE_SYSTEM);
        ck_assert_ptr_null(image_architecture("aarch64"));
        ck_assert_ptr_null(image_architecture("i686"));
}
END_TEST

/* --- the purgatory --- */

static PurgatoryParameters parameters(void) {
        PurgatoryParameters p;

        memcpy(&p, image.purgatory + PURGATORY_AT, sizeof(p));
        return p;
}

START_TEST(purgatory) {
        static uint8_t kernel[FAKE_PAYLOAD], initrd[10001];
        uint8_t without[SHA256_SIZE], with[SHA256_SIZE];
        PurgatoryParameters p;
        Segment *s = image.segments;
        Sha256 sum;

        files.halt_on_damage = true;
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        memset(kernel, 1, sizeof(kernel));
        memset(initrd, 2, sizeof(initrd));
        s[SEGMENT_KERNEL].data = kernel;
        s[SEGMENT_INITRD].data = initrd;
        crash_image_seal(&image, sha256_blocks_best());

        sha256_init(&sum, sha256_blocks);
        sha256_add(&sum, kernel, sizeof(kernel));
        sha256_add(&sum, initrd, sizeof(initrd));
        sha256_add(&sum, image.boot, s[SEGMENT_BOOT].size);
        Sha256 more = sum;
        sha256_end(&sum, without);
        sha256_add(&more, image.elfcorehdr.data, image.elfcorehdr.size);
        sha256_end(&more, with);

        for (unsigned i = 0; i < 4; i++) { /* back and forth */
                bool all = i % 2;

                crash_image_select(&image, all);
                p = parameters();
                ck_assert_uint_eq(p.magic, PURGATORY_MAGIC);
                ck_assert_uint_eq(p.entry, s[SEGMENT_KERNEL].address + 0x200);
                ck_assert_uint_eq(p.argument, s[SEGMENT_BOOT].address);
                ck_assert_uint_eq(p.stay, 1);
                ck_assert_uint_eq(p.n_areas, all ? 4 : 3);
                ck_assert_mem_eq(p.digest, all ? with : without, SHA256_SIZE);
                ck_assert_uint_eq(p.areas[0].address, s[SEGMENT_KERNEL].address);
                ck_assert_uint_eq(p.areas[0].size, sizeof(kernel));
                ck_assert_uint_eq(p.areas[2].size, s[SEGMENT_BOOT].size);
                if (all)
                        ck_assert_uint_eq(p.areas[3].address, s[SEGMENT_ELFCOREHDR].address);
        }
        /* Nothing else of it is touched, and it has its stack. */
        ck_assert_mem_eq(image.purgatory, purgatory_x86_64, PURGATORY_AT);
        ck_assert_mem_eq(image.purgatory + PURGATORY_AT + PURGATORY_SIZE,
                         purgatory_x86_64 + PURGATORY_AT + PURGATORY_SIZE,
                         purgatory_x86_64_size - PURGATORY_AT - PURGATORY_SIZE);
        ck_assert_uint_ge(s[SEGMENT_PURGATORY].memory_size,
                          purgatory_x86_64_size + PURGATORY_STACK);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, dumped);
        ADD_FIXTURE_TEST(s, elfcorehdr_bytes);
        ADD_FIXTURE_TEST(s, elfcorehdr_size);
        ADD_FIXTURE_TEST(s, elfcorehdr_large);
        ADD_FIXTURE_TEST(s, elfcorehdr_bad);
        ADD_FIXTURE_TEST(s, e820_entries);
        ADD_FIXTURE_TEST(s, cma);
        ADD_FIXTURE_TEST(s, boot_params);
        ADD_FIXTURE_TEST(s, boot_params_high);
        ADD_FIXTURE_TEST(s, e820_of_file_call);
        ADD_FIXTURE_TEST(s, many_e820);
        ADD_FIXTURE_TEST(s, five_levels);
        ADD_FIXTURE_TEST(s, purgatory);
}

TEST_MAIN("crash-image", add_cases)
