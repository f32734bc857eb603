/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel shows of EFI firmware below /sys/firmware/efi. */
#pragma once

#include "core/crash-machine.h"

/* Physical addresses of tables; 0: not there. */
typedef struct EfiSystab {
        uint64_t acpi20; /* RSDP of ACPI 2.0 and later ... */
        uint64_t acpi;   /* ... and of 1.0 */
        uint64_t smbios; /* its 32-bit entry point, not that of SMBIOS 3 */
} EfiSystab;

/* Reads "systab" (systab_show() in drivers/firmware/efi/efi.c); all is 0 where there is none. */
void efi_read_systab(int root_fd, EfiSystab *ret);

/* Reads what runtime services depend on, but smbios: "runtime-map" (drivers/firmware/efi/
 * runtime-map.c), "fw_vendor" and "config_table" (arch/x86/platform/efi/efi.c), all of which only
 * root may. Returns 0 with all of it and at least one range in *ret; or negative errno, and *ret is
 * untouched: -ENOENT as a rule, as with noefi on the command line the kernel shows no map;
 * -EINVAL, -EFBIG: it is no map, or one of more than EFI_RANGES_MAX ranges. Only the ranges that
 * the firmware still works in are returned. */
int efi_read_runtime(int root_fd, EfiRuntime *ret) _must_check_;
