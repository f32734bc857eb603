/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/: what of EFI a crash kernel image of our own hands over, and when. */
#include "test.h"

#include "base/string-util.h"
#include "crash-image.h"

/* Firmware of 64 bits, in two ranges. */
static void set_efi(void) {
        static const EfiRange ranges[] = {
                { 0x7f8ed000, UINT64_C(0xfffffffeff600000), 0x100, UINT64_C(0x800000000000000f),
                  6 },
                { UINT64_C(0x1ffc00000), UINT64_C(0xfffffffefec00000), 0x84,
                  UINT64_C(0x8000000000000001), 11 },
        };

        memcpy(machine.boot_params + 0x1c0, "EL64", 4);
        free(machine.efi.ranges);
        machine.efi = (EfiRuntime){ .ranges = calloc(2, sizeof(EfiRange)),
                                    .n_ranges = 2,
                                    .fw_vendor = UINT64_C(0x17f9ee018),
                                    .config_table = UINT64_C(0x27f9ecd98),
                                    .smbios = UINT64_C(0x37f5cb000) };
        ck_assert_ptr_nonnull(machine.efi.ranges);
        memcpy(machine.efi.ranges, ranges, sizeof(ranges));
}

/* The node of the list and the map behind it, and no more. */
static void check_efi(const uint8_t *node, uint64_t address, uint64_t next) {
        const uint8_t *map = node + 16 + 96;

        ck_assert_uint_eq(address % 8, 0);
        ck_assert_uint_eq(get(node, 8), next);
        ck_assert_uint_eq(get(node + 8, 4), 4);
        ck_assert_uint_eq(get(node + 12, 4), 96);
        ck_assert_uint_eq(get(node + 16, 8), UINT64_C(0x17f9ee018));
        ck_assert_uint_eq(get(node + 24, 8), 0);
        ck_assert_uint_eq(get(node + 32, 8), UINT64_C(0x27f9ecd98));
        ck_assert_uint_eq(get(node + 40, 8), UINT64_C(0x37f5cb000));
        for (size_t i = 48; i < 16 + 96; i++)
                ck_assert_uint_eq(node[i], 0);
        for (size_t i = 0; i < 2; i++, map += 48) {
                const EfiRange *range = &machine.efi.ranges[i];

                ck_assert_uint_eq(get(map, 8), range->type); /* and the hole behind it */
                ck_assert_uint_eq(get(map + 8, 8), range->address);
                ck_assert_uint_eq(get(map + 16, 8), range->vaddr);
                ck_assert_uint_eq(get(map + 24, 8), range->n_pages);
                ck_assert_uint_eq(get(map + 32, 8), range->attribute);
                ck_assert_uint_eq(get(map + 40, 8), 0);
        }
        ck_assert_ptr_eq(map, image.boot + image.segments[SEGMENT_BOOT].size);
        ck_assert_uint_le(image.segments[SEGMENT_BOOT].size,
                          image.segments[SEGMENT_BOOT].memory_size);
}

START_TEST(efi) {
        const Segment *segment = &image.segments[SEGMENT_BOOT];
        uint64_t at, map;
        const uint8_t *b;
        size_t length;

        set_efi();
        add(4 * GIB, 8 * GIB, MEMORY_RAM);
        add(5 * GIB, 5 * GIB + 64 * MIB, MEMORY_CRASH);
        for (size_t i = 0; i < 9; i++) { /* wherever the command line ends */
                files.command_line = &"123456789 panic=10"[i];
                ck_assert_uint_eq(plan(), FAILURE_NONE);
                b = image.boot;
                length = strlen((const char *)b + PAGE);
                at = get(b + 0x250, 8);
                ck_assert_uint_ge(at, segment->address + PAGE + length + 1);
                ck_assert_uint_le(at, segment->address + PAGE + length + 8);
                check_efi(b + (at - segment->address), at, 0);
        }
        ck_assert_mem_eq(b + 0x1c0, "EL64", 4);
        ck_assert_mem_eq(b + 0x1c4, machine.boot_params + 0x1c4, 4);
        ck_assert_uint_eq(get(b + 0x1c8, 4), 48);
        ck_assert_mem_eq(b + 0x1cc, machine.boot_params + 0x1cc, 4);
        map = get(b + 0x1dc, 4) << 32 | get(b + 0x1d0, 4);
        ck_assert_uint_eq(map, at + 16 + 96);
        ck_assert_uint_gt(map, 5 * GIB);
        ck_assert_uint_eq(get(b + 0x1d4, 4), 96);
        ck_assert_mem_eq(b + 0x1d8, machine.boot_params + 0x1d8, 4);
        for (size_t i = 0x1e0; i < 0x1f1; i++)
                if (i != 0x1e8) /* e820 entries */
                        ck_assert_uint_eq(b[i], i == 0x1ec ? machine.boot_params[i] : 0);
        ck_assert_uint_ne(b[0x1ec], 0);
        ck_assert_uint_eq(get(b + 0x70, 8), 0x7fe14);
}
END_TEST

/* Both nodes, that of the memory ranges last. */
START_TEST(efi_many_e820) {
        const Segment *segment = &image.segments[SEGMENT_BOOT];
        const uint8_t *node;
        uint64_t at, next;

        set_efi();
        for (size_t n = 123; n < 133; n++) { /* ends at a multiple of 8 or between two */
                add(3 * GIB + n * 2 * PAGE, 3 * GIB + n * 2 * PAGE + PAGE, MEMORY_RESERVED);
                for (size_t i = 0; n == 123 && i < n; i++)
                        add(3 * GIB + i * 2 * PAGE, 3 * GIB + i * 2 * PAGE + PAGE, MEMORY_RESERVED);
                ck_assert_uint_eq(plan(), FAILURE_NONE);
                ck_assert_uint_eq(image.boot[0x1e8], 128);
                at = get(image.boot + 0x250, 8);
                next = get(image.boot + (at - segment->address), 8);
                check_efi(image.boot + (at - segment->address), at, next);
                node = image.boot + (next - segment->address);
                ck_assert_uint_eq(get(node, 8), 0);
                ck_assert_uint_eq(get(node + 8, 4), 1);
                ck_assert_uint_eq(get(node + 12, 4), (n + 1 + 6 - 128) * 20);
                ck_assert_uint_ge(at, next + 16 + get(node + 12, 4));
                ck_assert_uint_lt(at, next + 16 + get(node + 12, 4) + 8);
        }
}
END_TEST

static void check_efi_withheld(void) {
        const uint8_t *b;

        ck_assert_uint_eq(plan(), FAILURE_NONE);
        b = image.boot;
        for (size_t i = 0x1c0; i < 0x1e8; i++)
                ck_assert_uint_eq(b[i], 0);
        ck_assert_uint_eq(b[0x1ec], 0);
        ck_assert_uint_eq(get(b + 0x250, 8), 0);
        ck_assert_uint_eq(get(b + 0x70, 8), 0x7fe14);
        set_efi();
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_mem_eq(image.boot + 0x1c0, "EL64", 4);
}

static void check_efi_withheld_ranges(void) {
        static const EfiRange bad[] = {
                { 0x1001, 0x1000, 1, 0, 5 },
                { 0x1000, 0x1800, 1, 0, 5 },
                { 0x1000, 0, 1, 0, 5 },
                { 0x1000, 0x1000, 0, 0, 5 },
                { 0x1000, 0x1000, UINT64_C(1) << 52, 0, 5 },
                { UINT64_MAX - 4095, 0x1000, 1, 0, 5 },
                { 0x1000, UINT64_MAX - 4095, 1, 0, 5 },
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                for (size_t at = 0; at < 2; at++) {
                        machine.efi.ranges[at] = bad[i];
                        check_efi_withheld();
                }
}

/* What is missing or makes no sense leaves the ACPI tables alone. */
START_TEST(efi_unsafe) {
        set_efi();
        machine.boot_params[0x1c2] = '3'; /* and then 2: EL32 */
        check_efi_withheld();
        memset(machine.boot_params + 0x1c4, 0, 4);
        ck_assert_uint_eq(plan(), FAILURE_NONE); /* above 4 GiB */
        ck_assert_mem_eq(image.boot + 0x1c0, "EL64", 4);
        memset(machine.boot_params + 0x1d8, 0, 4);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(get(image.boot + 0x1c0, 4), 0);
        machine.boot_params[0x1c5] = 1;
        machine.efi.n_ranges = 0;
        check_efi_withheld();
        machine.efi.fw_vendor = 0;
        check_efi_withheld();
        machine.efi.config_table = 0;
        check_efi_withheld();
        header.xloadflags &= (uint16_t)~0x10u;
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(get(image.boot + 0x1c0, 4), 0);
        header.xloadflags |= 0x10u;
        files.initrd_size = 0;
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(get(image.boot + 0x1c0, 4), 0);
        files.initrd_size = 1;
        check_efi_withheld_ranges();
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, efi);
        ADD_FIXTURE_TEST(s, efi_many_e820);
        ADD_FIXTURE_TEST(s, efi_unsafe);
}

TEST_MAIN("crash-efi", add_cases)
