/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any memory map and sizes: segments never overlap, never leave the reservation, and the memory map
 * of the capture kernel never gives away the elfcorehdr. Input: records of 17 bytes, a type and two
 * numbers; types beyond those of memory set sizes. */
#include "fuzz.h"

#include <string.h>

#include "image/crash-image.h"
#include "image/x86-control.h"

#define RECORD 17u

static uint64_t number(const uint8_t *p) {
        uint64_t value;

        memcpy(&value, p, sizeof(value));
        return value;
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
                   kernel->address - region->start >= 2 * x86_control_bytes(machine));
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
        char error[CRASH_IMAGE_ERROR_MAX];
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
                else
                        head[a % sizeof(head)] = (uint8_t)b;
        }
        memory_map_sort(&machine.memory);
        machine.boot_params = boot_params;
        if (crash_image_plan(x86, &machine, &files, &image, error) == FAILURE_NONE) {
                check(&machine, &image);
                crash_image_done(&image);
        }
        machine.boot_params = NULL;
        crash_machine_done(&machine);
        return 0;
}
