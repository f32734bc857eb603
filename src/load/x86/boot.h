/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an x86 kernel is given to boot with: struct boot_params, the "zero page" of
 * Documentation/arch/x86/zero-page.rst in the kernel tree, and behind it the command line, the
 * memory ranges that do not fit into it, and what there is to know of EFI. Pure. */
#pragma once

#include <stdbool.h>

#include "core/crash-machine.h"
#include "load/x86/e820.h"

typedef struct X86Boot {
        const uint8_t *head; /* of the kernel's file; NULL: it has no setup header */
        size_t head_size;
        const uint8_t *running; /* boot_params of the running kernel */
        uint64_t rsdp;
        uint64_t address; /* where all this goes */
        uint64_t initrd_address, initrd_size;
        const char *command_line;
        const E820Entry *e820;
        size_t n_e820;
        const EfiRuntime *efi; /* NULL: the firmware is not handed over */
} X86Boot;

/* Whether the setup header is as long as its version of the protocol has it. */
bool x86_boot_has_header(const uint8_t *head, size_t head_size);

/* How many bytes it will be. */
size_t x86_boot_size(size_t command_line_length, size_t n_e820, const EfiRuntime *efi);

/* Writes it to x86_boot_size() bytes that are zero. */
void x86_boot_write(const X86Boot *boot, uint8_t *to);
