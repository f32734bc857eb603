/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EFI firmware handed over from the running kernel to the capture kernel, so that this one has
 * runtime services, too. The firmware takes only one order in its life where to work in virtual
 * memory, and got it from the running kernel: the capture kernel is told what that order was.
 * Pure. */
#pragma once

#include <stdbool.h>

#include "load/crash-image.h"

/* Whether that can be done: the firmware is of 64 bits, all that it takes is known and plausible,
 * the kernel to be loaded knows how to continue (which a vmlinux does not say), and it has an
 * initrd: where it has none, it would look for the one that the running kernel was started with, at
 * a place that still stands in a table of the firmware (LINUX_EFI_INITRD_MEDIA_GUID in
 * drivers/firmware/efi/efi.c), and that has long been used for something else. */
bool x86_efi_is_safe(const CrashMachine *machine, const CrashFiles *files) _pure_;

/* How many bytes it takes behind the boot parameters. */
size_t x86_efi_size(const EfiRuntime *efi) _pure_;

/* Writes efi_info and secure_boot to boot_params, and to x86_efi_size() bytes at to, which are zero
 * and have the physical address address, a multiple of 8: a node of the setup_data list (struct
 * efi_setup_data, arch/x86/include/asm/efi.h) that points to next, and the memory map. running is
 * the boot_params of the running kernel. */
void x86_efi_write(const EfiRuntime *efi, const uint8_t *running, uint64_t address, uint64_t next,
                   uint8_t *boot_params, uint8_t *to);
