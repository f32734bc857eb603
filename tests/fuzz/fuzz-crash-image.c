/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any memory map and sizes: segments never overlap, never leave the reservation, and the memory map
 * of the capture kernel never gives away the elfcorehdr. Input: records of 17 bytes, a type and two
 * numbers; types beyond those of memory set sizes, and what is known of EFI. */
#include "fuzz.h"

#include <string.h>

#include "core/x86-control.h"
#include "load/crash-image.h"
#include "load/x86/e820.h"

#define RECORD 17u

static uint64_t number(const uint8_t *p) {
        uint64_t value;

        memcpy(&value, p, sizeof(value));
        return value;
}

static void add_efi(EfiRuntime *efi, uint64_t address, uint64_t n_pages) {
        EfiRange *grown;

        if (efi->n_ranges == EFI_RANGES_MAX)
                return;
        grown = reallocarray(efi->ranges, efi->n_ranges + 1, sizeof(*grown));
        if (!grown)
                return;
        efi->ranges = grown;
        grown[efi->n_ranges++] =
                (EfiRange){ .address = address, .vaddr = address ^ 1 << 12, .n_pages = n_pages };
}

static uint64_t needed(const CrashImage *image, size_t i) {
        return i == SEGMENT_KERNEL ? image->kernel_memory : image->segments[i].memory_size;
}

static void check(const CrashMachine *machine, const CrashImage *image) {
        const MemoryRange *region = memory_map_highest(&machine->memory, MEMORY_CRASH);
        const Segment *kernel = &image->segments[SEGMENT_KERNEL];

        for (size_t i = 0; i < _SEGMENT_MAX; i++) {
                const Segment *a = &image->segments[i];

                FUZZ_CHECK(a->size <= a->memory_size);
                if (a->memory_size == 0)
                        continue;
                FUZZ_CHECK(a->address >= region->start && a->address < region->end);
                FUZZ_CHECK(needed(image, i) <= region->end - a->address);
                for (size_t j = 0; j < i; j++) {
                        const Segment *b = &image->segments[j];

                        FUZZ_CHECK(a->address + needed(image, i) <= b->address ||
                                   b->address + needed(image, j) <= a->address ||
                                   b->memory_size == 0);
                }
        }
        FUZZ_CHECK(kernel->memory_size == image->kernel_memory ||
                   kernel->address - region->start >=
                           2 * x86_control_bytes(&machine->memory, machine->has_1g_pages));
}

/* The list of nodes and the map of EFI: all in the segment, in order, and of the length it says. */
static void check_boot(const CrashMachine *machine, const CrashImage *image) {
        const Segment *boot = &image->segments[SEGMENT_BOOT];
        uint64_t next = number(image->boot + 0x250), map = 0;
        uint32_t low, high, size, node[2];
        size_t n = 0;

        memcpy(&low, image->boot + 0x1d0, sizeof(low));
        memcpy(&high, image->boot + 0x1dc, sizeof(high));
        memcpy(&size, image->boot + 0x1d4, sizeof(size));
        map = (uint64_t)high << 32 | low;
        for (; next != 0; n++) {
                uint64_t at = next - boot->address;

                FUZZ_CHECK(at % 8 == 0 && at >= BOOT_PARAMS_SIZE && at + 16 <= boot->size);
                next = number(image->boot + at);
                memcpy(node, image->boot + at + 8, sizeof(node));
                FUZZ_CHECK(at + 16 + node[1] <= boot->size);
                FUZZ_CHECK((n == 0 && node[0] == 4 && size > 0) || (node[0] == 1 && next == 0));
        }
        if (size == 0) {
                FUZZ_CHECK(map == 0 && number(image->boot + 0x1c0) == 0);
                return;
        }
        FUZZ_CHECK(n > 0 && size == machine->efi.n_ranges * 48);
        FUZZ_CHECK(map % 8 == 0 && map - boot->address + size == boot->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const ImageArchitecture *x86 = image_architecture("x86_64");
        KernelImage header = { .init_size = 1 << 24,
                               .kernel_alignment = 1 << 21,
                               .payload_size = 4096 };
        uint8_t head[0x400] = { [0x201] = 0x6a }, boot_params[BOOT_PARAMS_SIZE] = { 0 };
        CrashMachine machine = { .page_offset = UINT64_C(0xffff880000000000) };
        CrashFiles files = { .head = head,
                             .head_size = sizeof(head),
                             .header = &header,
                             .command_line = "panic=1" };
        Error error;
        CrashImage image;

        if (!x86)
                return 0;
        for (; size >= RECORD; data += RECORD, size -= RECORD) {
                uint64_t a = number(data + 1), b = number(data + 9);

                if (data[0] < _MEMORY_TYPE_MAX)
                        (void)!memory_map_add(&machine.memory, a, b, data[0]);
                else if (data[0] == 0x10)
                        files.initrd_size = a;
                else if (data[0] == 0x11)
                        header.init_size = (uint32_t)(a | 4096);
                else if (data[0] == 0x12)
                        header.kernel_alignment = 1u << (a % 32);
                else if (data[0] == 0x13)
                        header.pref_address = a;
                else if (data[0] == 0x14)
                        machine.elfcorehdr_bytes = a;
                else if (data[0] == 0x15)
                        machine.has_1g_pages = a % 2;
                else if (data[0] == 0x16)
                        add_efi(&machine.efi, a, b);
                else if (data[0] == 0x17)
                        machine.efi.fw_vendor = a, machine.efi.config_table = b;
                else if (data[0] == 0x18)
                        header.xloadflags = (uint16_t)a;
                else if (data[0] == 0x19)
                        memcpy(boot_params + 0x1c0, data + 1, 16);
                else if (data[0] == 0x1a)
                        machine.n_possible_cpus = (size_t)(a % 65536);
                else
                        head[a % sizeof(head)] = (uint8_t)b;
        }
        memory_map_sort(&machine.memory);
        machine.boot_params = boot_params;
        if (crash_image_plan(x86, &machine, &files, &image, &error) == FAILURE_NONE) {
                check(&machine, &image);
                check_boot(&machine, &image);
                FUZZ_CHECK(e820_count_of_file_call(&machine.memory) <= machine.memory.n);
                crash_image_done(&image);
        }
        machine.boot_params = NULL;
        crash_machine_done(&machine);
        return 0;
}
