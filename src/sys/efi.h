/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel shows of EFI firmware below /sys/firmware/efi. */
#pragma once

#include <stddef.h>

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

#define EFI_TEXT_MAX 256u /* bytes */

/* Variables of systemd's boot loader interface, which others set, too: "LoaderInfo" names the
 * boot loader, "StubInfo" is there if a unified kernel image was started. They are of this boot.
 * Reads one (fs/efivarfs/file.c: attributes, then UTF-16), what is not ASCII as "?". Returns 0;
 * -ENOENT: there is none, or no EFI; or another negative errno. */
int efi_read_loader_text(int root_fd, const char *name, char ret[static EFI_TEXT_MAX]) _must_check_;

/* The same for bytes that are no file. Returns 0 or -EBADMSG. */
int efi_parse_text(const void *data, size_t size, char ret[static EFI_TEXT_MAX]) _must_check_;

/* Whether the firmware starts only what is signed (UEFI specification, "SecureBoot"). Returns 1
 * or 0, or negative errno: -ENOENT where there is no such firmware. */
int efi_secure_boot(int root_fd) _must_check_;
