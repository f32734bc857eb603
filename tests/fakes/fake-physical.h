/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crash kernel image of our own wants to know, below a fake root. */
#pragma once

#include <elf.h>

#include "core/crash-machine.h"
#include "tree.h"

#define FAKE_KERNEL_START UINT64_C(0x1000000)
#define FAKE_KERNEL_VADDR UINT64_C(0xffffffff9a000000)
#define FAKE_KERNEL_BYTES UINT64_C(0x2c30000)
#define FAKE_PAGE_OFFSET  UINT64_C(0xffff9c0000000000)

#define FAKE_IOMEM                                        \
        "00000000-00000fff : Reserved\n"                  \
        "00001000-0009fbff : System RAM\n"                \
        "000a0000-000fffff : PCI Bus 0000:00\n"           \
        "  000f0000-000fffff : Reserved\n"                \
        "    000f0000-000fffff : System ROM\n"            \
        "00100000-7ffdcfff : System RAM\n"                \
        "  01000000-021fffff : Kernel code\n"             \
        "  03400000-03c2ffff : Kernel bss\n"              \
        "  72000000-7dffffff : Crash kernel\n"            \
        "7ffdd000-7ffdefff : ACPI Tables\n"               \
        "7ffdf000-7fffffff : ACPI Non-volatile Storage\n" \
        "fed00000-fed003ff : HPET 0\n"                    \
        "100000000-13fffffff : System RAM (virtio_mem)\n" \
        "140000000-17fffffff : System RAM is not this\n"

static inline Elf64_Phdr fake_load(uint64_t vaddr, uint64_t paddr, uint64_t size) {
        return (Elf64_Phdr){ .p_type = PT_LOAD,
                             .p_vaddr = vaddr,
                             .p_paddr = paddr,
                             .p_memsz = size,
                             .p_filesz = size };
}

/* The headers of a /proc/kcore: n_segments of them, notes and vmalloc before, in FAKE_KCORE_SIZE
 * bytes. */
#define FAKE_KCORE_SEGMENTS 5u
#define FAKE_KCORE_SIZE     (sizeof(Elf64_Ehdr) + FAKE_KCORE_SEGMENTS * sizeof(Elf64_Phdr))

static inline void fake_kcore(uint8_t to[static FAKE_KCORE_SIZE]) {
        const Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                                 ELFDATA2LSB, EV_CURRENT },
                                    .e_type = ET_CORE,
                                    .e_machine = EM_X86_64,
                                    .e_phoff = sizeof(Elf64_Ehdr),
                                    .e_phentsize = sizeof(Elf64_Phdr),
                                    .e_phnum = FAKE_KCORE_SEGMENTS };
        const Elf64_Phdr segments[FAKE_KCORE_SEGMENTS] = {
                { .p_type = PT_NOTE, .p_filesz = 100 },
                fake_load(UINT64_C(0xffffb00000000000), UINT64_MAX, 1 << 30),
                fake_load(FAKE_KERNEL_VADDR, FAKE_KERNEL_START, FAKE_KERNEL_BYTES),
                fake_load(FAKE_PAGE_OFFSET + 0x1000, 0x1000, 0x9e000),
                fake_load(FAKE_PAGE_OFFSET + 0x100000, 0x100000, 0x7fedd000),
        };

        memcpy(to, &header, sizeof(header));
        memcpy(to + sizeof(header), segments, sizeof(segments));
}

static inline void fake_machine(const Tree *t) {
        uint8_t kcore[FAKE_KCORE_SIZE], boot_params[BOOT_PARAMS_SIZE];

        fake_kcore(kcore);
        memset(boot_params, 0, sizeof(boot_params));
        tree_text(t, "/proc/iomem", FAKE_IOMEM);
        tree_bytes(t, "/proc/kcore", kcore, sizeof(kcore));
        tree_text(t, "/sys/kernel/vmcoreinfo", "1234000 1024\n");
        tree_bytes(t, "/sys/kernel/boot_params/data", boot_params, sizeof(boot_params));
        tree_text(t, "/sys/devices/system/cpu/cpu10/crash_notes", "7fc00400\n");
        tree_text(t, "/sys/devices/system/cpu/cpu10/crash_notes_size", "360\n");
        tree_text(t, "/sys/devices/system/cpu/cpu9/crash_notes", "7fc00000\n");
        tree_text(t, "/sys/devices/system/cpu/cpu9/crash_notes_size", "360\n");
        tree_dir(t, "/sys/devices/system/cpu/cpufreq");
}
