/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds a vmlinux: text, data, what each CPU has (at virtual address 0), and the rest with its
 * bss; each piece of the file is filled with its number. */
#pragma once

#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "base/macro.h"

#define FAKE_VMLINUX_SIZE    0x5000u
#define FAKE_VMLINUX_MAP     UINT64_C(0xffffffff80000000)
#define FAKE_VMLINUX_BASE    UINT64_C(0x1000000)
#define FAKE_VMLINUX_ENTRY   0x120u
#define FAKE_VMLINUX_PAYLOAD 0x402000u
#define FAKE_VMLINUX_MEMORY  0x601000u
#define FAKE_VMLINUX_N       5u /* program headers; the first is a note */

static inline Elf64_Phdr fake_vmlinux_load(uint64_t vaddr, uint64_t offset, uint64_t at,
                                           uint64_t size, uint64_t memory) {
        return (Elf64_Phdr){ .p_type = PT_LOAD,
                             .p_offset = offset,
                             .p_vaddr = vaddr,
                             .p_paddr = FAKE_VMLINUX_BASE + at,
                             .p_filesz = size,
                             .p_memsz = memory,
                             .p_align = 0x200000 };
}

static inline Elf64_Ehdr *fake_vmlinux_header(uint8_t *file) {
        return (Elf64_Ehdr *)(void *)file;
}

static inline Elf64_Phdr *fake_vmlinux_segment(uint8_t *file, size_t i) {
        return (Elf64_Phdr *)(void *)(file + sizeof(Elf64_Ehdr)) + i;
}

static inline void fake_vmlinux(uint8_t file[static FAKE_VMLINUX_SIZE]) {
        const uint64_t text = FAKE_VMLINUX_MAP + FAKE_VMLINUX_BASE;
        const Elf64_Ehdr top = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                             EV_CURRENT },
                .e_type = ET_EXEC,
                .e_machine = EM_X86_64,
                .e_version = EV_CURRENT,
                .e_entry = FAKE_VMLINUX_BASE + FAKE_VMLINUX_ENTRY,
                .e_phoff = sizeof(Elf64_Ehdr),
                .e_shoff = UINT64_C(1) << 40, /* far behind what is looked at */
                .e_ehsize = sizeof(Elf64_Ehdr),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = FAKE_VMLINUX_N,
                .e_shentsize = sizeof(Elf64_Shdr),
                .e_shnum = 40,
                .e_shstrndx = 39,
        };
        const Elf64_Phdr segments[FAKE_VMLINUX_N] = {
                { .p_type = PT_NOTE, .p_offset = 0x1800, .p_filesz = 100, .p_memsz = 100 },
                fake_vmlinux_load(text, 0x1000, 0, 0x1000, 0x1000),
                fake_vmlinux_load(text + 0x200000, 0x2000, 0x200000, 0x1000, 0x1000),
                fake_vmlinux_load(0, 0x3000, 0x400000, 0x800, 0x800),
                fake_vmlinux_load(text + 0x401000, 0x4000, 0x401000, 0x1000, 0x200000),
        };

        memset(file, 0, FAKE_VMLINUX_SIZE);
        memcpy(file, &top, sizeof(top));
        memcpy(file + sizeof(top), segments, sizeof(segments));
        for (unsigned i = 1; i < FAKE_VMLINUX_N; i++)
                memset(file + segments[i].p_offset, (int)i, segments[i].p_filesz);
}
