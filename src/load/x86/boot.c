/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boot parameters of an x86 kernel. */
#include "load/x86/boot.h"

#include <string.h>

#include "core/little-endian.h"
#include "load/x86/efi.h"

/* Offsets in boot_params; from AT_HEADER on also in the kernel's file. */
enum {
        AT_SCREEN_INFO = 0x000,
        AT_RSDP = 0x070,
        AT_INITRD_HIGH = 0x0c0,
        AT_INITRD_SIZE_HIGH = 0x0c4,
        AT_COMMAND_LINE_HIGH = 0x0c8,
        AT_N_E820 = 0x1e8,
        AT_HEADER = 0x1f1,
        AT_ROOT_FLAGS = 0x1f2,
        AT_VIDEO_MODE = 0x1fa,
        AT_BOOT_FLAG = 0x1fe,
        AT_HEADER_LENGTH = 0x201,
        AT_HEADER_TEXT = 0x202, /* the length counts from here */
        AT_VERSION = 0x206,
        AT_LOADER = 0x210,
        AT_LOAD_FLAGS = 0x211,
        AT_INITRD = 0x218,
        AT_INITRD_SIZE = 0x21c,
        AT_COMMAND_LINE = 0x228,
        AT_SUBARCH = 0x23c,
        AT_SETUP_DATA = 0x250,
        HEADER_SHORTEST = 0x264, /* the end of init_size, the last that 2.12 has to have */
        HEADER_LONGEST = 0x290,  /* where its room ends */
        AT_E820 = 0x2d0,
};

#define SCREEN_INFO_SIZE  0x40u
#define N_E820_MAX        128u
#define VIDEO_MODE_NORMAL 0xffffu
#define LOADER_KEXEC      0xd0u
#define ROOT_READ_ONLY    1u
#define BOOT_FLAG         0xaa55u
#define PROTOCOL          0x20cu
#define LOADED_HIGH       0x01u
#define ALIGNMENT         8u
/* A node of the setup_data list: u64 next, u32 type, u32 length, then the data. */
#define SETUP_NODE_SIZE 16u
#define SETUP_E820      1u

static size_t align_up(size_t value, size_t step) {
        return (value + step - 1) / step * step;
}

static size_t rest_offset(size_t command_line_length) {
        return BOOT_PARAMS_SIZE + align_up(command_line_length + 1, ALIGNMENT);
}

/* Where the part for EFI begins, if there is one: behind the memory ranges. */
static size_t efi_offset(size_t command_line_length, size_t n_e820) {
        size_t offset = rest_offset(command_line_length);

        if (n_e820 > N_E820_MAX)
                offset += SETUP_NODE_SIZE + (n_e820 - N_E820_MAX) * E820_ENTRY_SIZE;
        return offset;
}

size_t x86_boot_size(size_t command_line_length, size_t n_e820, const EfiRuntime *efi) {
        size_t size = efi_offset(command_line_length, n_e820);

        return efi ? align_up(size, ALIGNMENT) + x86_efi_size(efi) : size;
}

static void put_pair(uint8_t *to, size_t at_low, size_t at_high, uint64_t value) {
        put_le(to + at_low, value, 4);
        put_le(to + at_high, value >> 32, 4);
}

bool x86_boot_has_header(const uint8_t *head, size_t head_size) {
        return head_size >= HEADER_SHORTEST &&
               AT_HEADER_TEXT + (size_t)head[AT_HEADER_LENGTH] >= HEADER_SHORTEST;
}

/* Only the header: more of the file's first sectors in there makes the kernel take all of
 * boot_params for garbage (sanitize_boot_params(), arch/x86/include/asm/bootparam_utils.h). */
static void copy_header(const X86Boot *boot, uint8_t *to) {
        size_t end = AT_HEADER_TEXT + (size_t)boot->head[AT_HEADER_LENGTH];

        end = MIN(end, (size_t)HEADER_LONGEST);
        end = MIN(end, boot->head_size);
        memcpy(to + AT_HEADER, boot->head + AT_HEADER, end - AT_HEADER);
}

/* Returns the physical address of the list node that it made, or 0. */
static uint64_t write_e820(const X86Boot *boot, uint8_t *to) {
        size_t n = MIN(boot->n_e820, (size_t)N_E820_MAX), more = boot->n_e820 - n;
        size_t at = rest_offset(strlen(boot->command_line));

        put_le(to + AT_N_E820, n, 1);
        e820_write(boot->e820, n, to + AT_E820);
        if (more == 0)
                return 0;
        put_le(to + at + 8, SETUP_E820, 4);
        put_le(to + at + 12, more * E820_ENTRY_SIZE, 4);
        e820_write(boot->e820 + n, more, to + at + SETUP_NODE_SIZE);
        return boot->address + at;
}

/* Returns the first node of the list, which was next so far. */
static uint64_t write_efi(const X86Boot *boot, uint64_t next, uint8_t *to) {
        size_t at = efi_offset(strlen(boot->command_line), boot->n_e820);

        if (!boot->efi)
                return next;
        at = align_up(at, ALIGNMENT);
        x86_efi_write(boot->efi, boot->running, boot->address + at, next, to, to + at);
        return boot->address + at;
}

/* What a kernel without a setup header wants to see of one: the least that a boot loader fills
 * in. */
static void make_header(uint8_t *to) {
        put_le(to + AT_ROOT_FLAGS, ROOT_READ_ONLY, 2);
        put_le(to + AT_BOOT_FLAG, BOOT_FLAG, 2);
        put_le(to + AT_HEADER_LENGTH, HEADER_SHORTEST - AT_HEADER_TEXT, 1);
        memcpy(to + AT_HEADER_TEXT, "HdrS", 4);
        put_le(to + AT_VERSION, PROTOCOL, 2);
        put_le(to + AT_LOAD_FLAGS, LOADED_HIGH, 1);
}

void x86_boot_write(const X86Boot *boot, uint8_t *to) {
        memcpy(to + AT_SCREEN_INFO, boot->running + AT_SCREEN_INFO, SCREEN_INFO_SIZE);
        put_le(to + AT_RSDP, boot->rsdp, 8);
        if (boot->head)
                copy_header(boot, to);
        else
                make_header(to);
        put_le(to + AT_VIDEO_MODE, VIDEO_MODE_NORMAL, 2);
        put_le(to + AT_LOADER, LOADER_KEXEC, 1);
        put_pair(to, AT_INITRD, AT_INITRD_HIGH, boot->initrd_address);
        put_pair(to, AT_INITRD_SIZE, AT_INITRD_SIZE_HIGH, boot->initrd_size);
        put_pair(to, AT_COMMAND_LINE, AT_COMMAND_LINE_HIGH, boot->address + BOOT_PARAMS_SIZE);
        memcpy(to + AT_SUBARCH, boot->running + AT_SUBARCH, 4);
        put_le(to + AT_SETUP_DATA, write_efi(boot, write_e820(boot, to), to), 8);
        memcpy(to + BOOT_PARAMS_SIZE, boot->command_line, strlen(boot->command_line) + 1);
}
