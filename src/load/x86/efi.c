/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of EFI an x86 kernel is given to boot with, when it is not EFI that boots it. */
#include "load/x86/efi.h"

#include <string.h>

#include "core/little-endian.h"

/* Offsets in boot_params (struct efi_info, arch/x86/include/uapi/asm/bootparam.h). */
enum {
        AT_SIGNATURE = 0x1c0,
        AT_SYSTAB = 0x1c4,
        AT_DESCRIPTOR_SIZE = 0x1c8,
        AT_DESCRIPTOR_VERSION = 0x1cc,
        AT_MAP = 0x1d0,
        AT_MAP_SIZE = 0x1d4,
        AT_SYSTAB_HIGH = 0x1d8,
        AT_MAP_HIGH = 0x1dc,
        AT_SECURE_BOOT = 0x1ec,
};

#define SIGNATURE       "EL64" /* 64-bit firmware; EL32 is the other */
#define SIGNATURE_SIZE  4u
#define XLF_EFI_KEXEC   0x10u /* xloadflags: the kernel can continue like this */
#define SETUP_EFI       4u    /* type of the node */
#define SETUP_NODE_SIZE 16u   /* u64 next, u32 type, u32 length */
#define SETUP_EFI_SIZE  96u   /* u64 fw_vendor, unused, tables, smbios; 8 reserved ones */
/* An EFI memory descriptor: u32 type, 4 bytes unused, u64 each for the physical address, the
 * virtual one, pages and attributes. Firmware leaves 8 bytes more between them, so that nobody
 * takes the size for granted; nor do we. */
#define DESCRIPTOR_SIZE 48u
#define PAGE            UINT64_C(4096)

static uint64_t get_le(const uint8_t *at, size_t n) {
        uint64_t value = 0;

        while (n-- > 0)
                value = value << 8 | at[n];
        return value;
}

/* Whole pages, within the physical address space and the virtual one. */
static bool is_plausible(const EfiRange *range) {
        uint64_t size, end;

        if (range->n_pages == 0 || range->vaddr == 0 ||
            (range->address | range->vaddr) % PAGE != 0 ||
            __builtin_mul_overflow(range->n_pages, PAGE, &size))
                return false;
        return !__builtin_add_overflow(range->address, size, &end) &&
               !__builtin_add_overflow(range->vaddr, size, &end);
}

bool x86_efi_is_safe(const CrashMachine *machine, const CrashFiles *files) {
        const KernelImage *header = files->header;
        const uint8_t *running = machine->boot_params;
        const EfiRuntime *efi = &machine->efi;

        if (header->is_elf || !(header->xloadflags & XLF_EFI_KEXEC) || files->initrd_size == 0)
                return false;
        if (memcmp(running + AT_SIGNATURE, SIGNATURE, SIGNATURE_SIZE) != 0 ||
            (get_le(running + AT_SYSTAB, 4) | get_le(running + AT_SYSTAB_HIGH, 4)) == 0)
                return false;
        if (efi->n_ranges == 0 || efi->fw_vendor == 0 || efi->config_table == 0)
                return false;
        for (size_t i = 0; i < efi->n_ranges; i++)
                if (!is_plausible(&efi->ranges[i]))
                        return false;
        return true;
}

size_t x86_efi_size(const EfiRuntime *efi) {
        return SETUP_NODE_SIZE + SETUP_EFI_SIZE + efi->n_ranges * DESCRIPTOR_SIZE;
}

static void write_range(const EfiRange *range, uint8_t *to) {
        put_le(to, range->type, 4);
        put_le(to + 8, range->address, 8);
        put_le(to + 16, range->vaddr, 8);
        put_le(to + 24, range->n_pages, 8);
        put_le(to + 32, range->attribute, 8);
}

void x86_efi_write(const EfiRuntime *efi, const uint8_t *running, uint64_t address, uint64_t next,
                   uint8_t *boot_params, uint8_t *to) {
        uint64_t map = address + SETUP_NODE_SIZE + SETUP_EFI_SIZE;
        uint8_t *data = to + SETUP_NODE_SIZE;

        memcpy(boot_params + AT_SIGNATURE, SIGNATURE, SIGNATURE_SIZE);
        memcpy(boot_params + AT_SYSTAB, running + AT_SYSTAB, 4);
        memcpy(boot_params + AT_SYSTAB_HIGH, running + AT_SYSTAB_HIGH, 4);
        memcpy(boot_params + AT_DESCRIPTOR_VERSION, running + AT_DESCRIPTOR_VERSION, 4);
        boot_params[AT_SECURE_BOOT] = running[AT_SECURE_BOOT];
        put_le(boot_params + AT_DESCRIPTOR_SIZE, DESCRIPTOR_SIZE, 4);
        put_le(boot_params + AT_MAP, map, 4);
        put_le(boot_params + AT_MAP_HIGH, map >> 32, 4);
        put_le(boot_params + AT_MAP_SIZE, efi->n_ranges * DESCRIPTOR_SIZE, 4);

        put_le(to, next, 8);
        put_le(to + 8, SETUP_EFI, 4);
        put_le(to + 12, SETUP_EFI_SIZE, 4);
        put_le(data, efi->fw_vendor, 8);
        put_le(data + 16, efi->config_table, 8);
        put_le(data + 24, efi->smbios, 8);
        for (size_t i = 0; i < efi->n_ranges; i++)
                write_range(&efi->ranges[i], data + SETUP_EFI_SIZE + i * DESCRIPTOR_SIZE);
}
