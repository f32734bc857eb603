/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/: where the parts of a crash kernel image of our own go, and what that costs. */
#include "test.h"

#include <stdio.h>
#include <time.h>

#include "core/x86-control.h"
#include "crash-image.h"
#include "fake-vmlinux.h"
#include "purgatory/parameters.h"

static void check_places(uint64_t start, uint64_t end) {
        static const SegmentRole order[] = { SEGMENT_KERNEL, SEGMENT_PURGATORY, SEGMENT_BOOT,
                                             SEGMENT_INITRD, SEGMENT_ELFCOREHDR };
        uint64_t last = start;

        for (size_t i = 0; i < ELEMENTSOF(order); i++) {
                const Segment *s = &image.segments[order[i]];

                ck_assert_uint_eq(s->address % PAGE, 0);
                ck_assert_uint_eq(s->memory_size % PAGE, 0);
                ck_assert_uint_le(s->size, s->memory_size);
                ck_assert_uint_ge(s->address, last);
                last = s->address + s->memory_size;
                if (order[i] == SEGMENT_KERNEL)
                        last = s->address + FAKE_INIT_SIZE;
        }
        ck_assert_uint_eq(last, end);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address % header.kernel_alignment, 0);
        ck_assert_uint_ge(image.segments[SEGMENT_KERNEL].address, header.pref_address);
        ck_assert_uint_eq(image.entry, image.segments[SEGMENT_PURGATORY].address);
}

START_TEST(places) {
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        check_places(0x72000000 + 4 * MIB, 0x7e000000);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address, 0x7e000000 - 10 * MIB);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].memory_size, FAKE_PAYLOAD);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].size, FAKE_PAYLOAD);
        ck_assert_uint_eq(image.kernel_memory, FAKE_INIT_SIZE);
        ck_assert_uint_eq(image.segments[SEGMENT_INITRD].memory_size, 3 * PAGE);

        /* The higher of two; one that starts between alignments, above 4 GiB. */
        add(4 * GIB, 8 * GIB, MEMORY_RAM);
        add(5 * GIB + PAGE, 5 * GIB + 64 * MIB, MEMORY_CRASH);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        check_places(5 * GIB, 5 * GIB + 64 * MIB);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address, 5 * GIB + 54 * MIB);
        files.initrd_size = 0;
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(image.segments[SEGMENT_INITRD].memory_size, 0);
}
END_TEST

/* What the segments above the kernel take. */
static uint64_t above(void) {
        return image.segments[SEGMENT_ELFCOREHDR].address +
               image.segments[SEGMENT_ELFCOREHDR].memory_size -
               image.segments[SEGMENT_PURGATORY].address;
}

static bool is_claimed(void) {
        return image.segments[SEGMENT_KERNEL].memory_size == FAKE_INIT_SIZE;
}

/* Memory for unpacking that nobody has claimed needs room below, for what the kernel takes: as
 * much as twice what it can be; else it is claimed, at the bottom. */
START_TEST(unclaimed) {
        uint64_t own = MIB + 5 * PAGE; /* 2 GiB: two pages of tables, three above them */
        uint64_t start = 0x70000000 - 2 * own;

        ck_assert_uint_eq(x86_control_bytes(&machine.memory, machine.has_1g_pages), own);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        set_reservation(start, 2 * own + FAKE_INIT_SIZE + above());
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(!is_claimed());
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address, start + 2 * own);
        ck_assert_uint_eq(image.segments[SEGMENT_PURGATORY].address,
                          start + 2 * own + FAKE_INIT_SIZE);
        /* One page of tables more. */
        add(64 * GIB, 64 * GIB + PAGE, MEMORY_RAM);
        ck_assert_uint_eq(x86_control_bytes(&machine.memory, machine.has_1g_pages), own + PAGE);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(is_claimed());
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address % (2 * MIB), 0);
        ck_assert_uint_lt(image.segments[SEGMENT_KERNEL].address - start, 2 * MIB);
        ck_assert_uint_ge(image.segments[SEGMENT_PURGATORY].address -
                                  image.segments[SEGMENT_KERNEL].address,
                          FAKE_INIT_SIZE + own + PAGE);
}
END_TEST

/* The kernel is never below where it would like to be; what is below that is room enough. */
START_TEST(preferred) {
        set_reservation(16 * MIB, 32 * MIB);
        header.pref_address = 32 * MIB;
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(!is_claimed());
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address, 38 * MIB);
        header.pref_address = 39 * MIB;
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
        header.pref_address = 64 * MIB;
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
        header.pref_address = UINT64_MAX - MIB;
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
        header.pref_address = 38 * MIB;
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(!is_claimed());
}
END_TEST

/* Machines as large as they come, with and without pages of 1 GiB. */
START_TEST(unclaimed_large) {
        uint64_t own;

        /* 64 TiB in one piece: 65,536 pages of tables if each covers 1 GiB. */
        add(4 * GIB, 65536 * GIB, MEMORY_RAM);
        own = x86_control_bytes(&machine.memory, machine.has_1g_pages);
        ck_assert_uint_eq(own, MIB + (65534 + 128 + 2) * PAGE);
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
        machine.has_1g_pages = true;
        ck_assert_uint_eq(x86_control_bytes(&machine.memory, machine.has_1g_pages),
                          MIB + (2 * 8 + 128 + 2) * PAGE);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(!is_claimed());
        machine.has_1g_pages = false;
        set_reservation(60 * GIB, own + FAKE_INIT_SIZE + 4 * MIB);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(is_claimed());
        set_reservation(60 * GIB, 2 * own + FAKE_INIT_SIZE + 4 * MIB);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(!is_claimed());
        ck_assert_uint_ge(image.segments[SEGMENT_KERNEL].address - 60 * GIB, 2 * own);
}
END_TEST

/* As many ranges as the kernel's header holds, spread over 64 TiB: two pages for the ends of each,
 * and no more than there are GiB. */
START_TEST(unclaimed_scattered) {
        for (uint64_t i = 0; i < 8192; i++)
                ck_assert_int_eq(memory_map_add(&machine.memory, 8 * (i + 1) * GIB,
                                                8 * (i + 1) * GIB + 3 * GIB + 5 * MIB, MEMORY_RAM),
                                 0);
        ck_assert_uint_eq(x86_control_bytes(&machine.memory, machine.has_1g_pages),
                          MIB + (2 + 4 * 8192 + 129 + 1 + 1) * PAGE);
        machine.has_1g_pages = true;
        ck_assert_uint_eq(x86_control_bytes(&machine.memory, machine.has_1g_pages),
                          MIB + (2 * (7 + 8192) + 129 + 1 + 1) * PAGE);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(!is_claimed());
        /* 128 MiB of tables with the margin. */
        set_reservation(0x72000000, 128 * MIB);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert(is_claimed());
        set_reservation(0x72000000, 64 * MIB);
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
        /* Memory of devices counts, and what lies within other memory counts once. */
        memory_map_done(&machine.memory);
        add(0, 4 * GIB, MEMORY_RAM);
        add(GIB, 2 * GIB, MEMORY_CRASH);
        machine.has_1g_pages = false;
        ck_assert_uint_eq(x86_control_bytes(&machine.memory, machine.has_1g_pages),
                          MIB + (4 + 1 + 1 + 1) * PAGE);
        add(512 * GIB, 514 * GIB + 1, MEMORY_DEVICE);
        ck_assert_uint_eq(x86_control_bytes(&machine.memory, machine.has_1g_pages),
                          MIB + (4 + 3 + 2 + 1 + 1) * PAGE);
}
END_TEST

/* A vmlinux claims all that it needs, wherever it is, and is entered where its header says; it has
 * no setup header, and gets one. */
START_TEST(vmlinux) {
        static uint8_t file[FAKE_VMLINUX_SIZE];
        PurgatoryParameters parameters;
        const Segment *kernel = &image.segments[SEGMENT_KERNEL];
        const char *why;

        fake_vmlinux(file);
        ck_assert_int_eq(
                kernel_image_parse("x86_64", file, sizeof(file), sizeof(file), &header, &why), 0);
        files.head = file;
        files.head_size = sizeof(file);
        for (unsigned tight = 0; tight < 2; tight++) {
                if (tight)
                        set_reservation(0x72000000, FAKE_VMLINUX_MEMORY + MIB + 5 * PAGE + above());
                ck_assert_uint_eq(plan(), FAILURE_NONE);
                ck_assert_uint_eq(kernel->size, FAKE_VMLINUX_PAYLOAD);
                ck_assert_uint_eq(kernel->memory_size, FAKE_VMLINUX_MEMORY);
                ck_assert_uint_eq(kernel->address, tight ? 0x72000000 : 0x7d800000);
                memcpy(&parameters, image.purgatory + PURGATORY_AT, sizeof(parameters));
                ck_assert_uint_eq(parameters.entry, kernel->address + FAKE_VMLINUX_ENTRY);
                ck_assert_uint_eq(parameters.argument, image.segments[SEGMENT_BOOT].address);
                ck_assert_mem_eq(image.boot + 0x202, "HdrS", 4);
                ck_assert_uint_eq(image.boot[0x1fe] | image.boot[0x1ff] << 8, 0xaa55);
                ck_assert_uint_eq(image.boot[0x206] | image.boot[0x207] << 8, 0x20c);
                ck_assert_uint_eq(image.boot[0x210], 0xd0);
                ck_assert_uint_eq(image.boot[0x211], 1);
        }
        /* It does not tell whether it can be started with five levels. */
        machine.page_offset = UINT64_C(0xff11000000000000);
        ck_assert_uint_eq(plan(), FAILURE_BAD_KERNEL);
}
END_TEST

/* A reservation of exactly what it takes, of a page less, and none. */
START_TEST(tight) {
        uint64_t need;

        ck_assert_uint_eq(plan(), FAILURE_NONE);
        need = FAKE_INIT_SIZE + MIB + 5 * PAGE + above();
        for (unsigned less = 0; less < 2; less++) {
                set_reservation(0x72000000, need - less * PAGE);
                ck_assert_uint_eq(plan(), less ? FAILURE_TOO_SMALL : FAILURE_NONE);
        }
        ck_assert_ptr_nonnull(strstr(error.text, "crashkernel="));
        files.initrd_size = UINT64_MAX - 5;
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
        memory_map_done(&machine.memory);
        add(MIB, GIB, MEMORY_RAM);
        ck_assert_uint_eq(plan(), FAILURE_NO_RESERVATION);
        add(2 * MIB, 2 * MIB + 100, MEMORY_CRASH);
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
}
END_TEST

/* CPU time of the fastest of several plans, in seconds. */
static double plan_seconds(size_t n) {
        double best = 1e9;

        teardown();
        setup();
        set_cpus(n);
        for (uint64_t i = 0; i < n; i++)
                ck_assert_int_eq(memory_map_add(&machine.memory, (4 + i) * 256 * MIB,
                                                (4 + i) * 256 * MIB + 128 * MIB, MEMORY_RAM),
                                 0);
        machine.has_1g_pages = true;
        for (unsigned i = 0; i < 25; i++) {
                struct timespec start, end;

                (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
                ck_assert_uint_eq(plan(), FAILURE_NONE);
                (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
                best = MIN(best, (double)(end.tv_sec - start.tv_sec) +
                                         (double)(end.tv_nsec - start.tv_nsec) / 1e9);
        }
        return best;
}

/* Sixteen times as many CPUs and ranges cost about sixteen times as much: 256 times as much would
 * be seconds on machines that exist. */
START_TEST(linear) {
        double few = plan_seconds(1024), many = plan_seconds(16384);

        printf("# 1024 CPUs and ranges: %.0f us; 16384: %.0f us, %.1f times as long\n", few * 1e6,
               many * 1e6, many / few);
        (void)fflush(stdout);
        ck_assert_msg(many / few < 64, "%.1f times as long", many / few);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, places);
        ADD_FIXTURE_TEST(s, unclaimed);
        ADD_FIXTURE_TEST(s, preferred);
        ADD_FIXTURE_TEST(s, unclaimed_large);
        ADD_FIXTURE_TEST(s, unclaimed_scattered);
        ADD_FIXTURE_TEST(s, vmlinux);
        ADD_FIXTURE_TEST(s, tight);
        ADD_FIXTURE_TEST(s, linear);
}

TEST_MAIN("crash-place", add_cases)
