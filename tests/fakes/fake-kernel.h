/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds the first part of an x86 kernel image by the boot protocol's offsets. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "base/string-util.h"

#define FAKE_SETUP_SECTS 3u
#define FAKE_SETUP_SIZE  ((FAKE_SETUP_SECTS + 1) * 512u)
#define FAKE_PAYLOAD     4096u
#define FAKE_KERNEL_SIZE (FAKE_SETUP_SIZE + FAKE_PAYLOAD)
#define FAKE_INIT_SIZE   (8u * 1024u * 1024u)
#define FAKE_CMDLINE     2047u
#define FAKE_VERSION_AT  0x600u

static inline void fake_put(uint8_t *at, uint64_t value, size_t n) {
        for (size_t i = 0; i < n; i++)
                at[i] = (uint8_t)(value >> (8 * i));
}

/* The same, or with the highest byte first. */
static inline void fake_put_order(uint8_t *at, uint64_t value, size_t n, bool is_big) {
        for (size_t i = 0; i < n; i++)
                at[is_big ? n - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

/* FAKE_KERNEL_SIZE bytes at image; release is the first word of its version. */
static inline void fake_kernel(uint8_t *image, const char *release) {
        memset(image, 0, FAKE_KERNEL_SIZE);
        memset(image + FAKE_SETUP_SIZE, 0x90, FAKE_PAYLOAD);
        fake_put(image + 0x1f1, FAKE_SETUP_SECTS, 1);
        fake_put(image + 0x1f4, FAKE_PAYLOAD / 16, 4);
        fake_put(image + 0x1fe, 0xaa55, 2);
        fake_put(image + 0x201, 0x268 - 0x202, 1);
        memcpy(image + 0x202, "HdrS", 4);
        fake_put(image + 0x206, 0x20f, 2);
        fake_put(image + 0x20e, FAKE_VERSION_AT - 0x200, 2);
        fake_put(image + 0x211, 1, 1);
        fake_put(image + 0x230, 0x200000, 4);
        fake_put(image + 0x236, 0x3f, 2);
        fake_put(image + 0x238, FAKE_CMDLINE, 4);
        fake_put(image + 0x258, 0x1000000, 8);
        fake_put(image + 0x260, FAKE_INIT_SIZE, 4);
        strscpy((char *)image + FAKE_VERSION_AT, 200, release);
        strscpy((char *)image + FAKE_VERSION_AT + strlen(release), 64, " (me@here) #1 SMP");
}

/* Makes it a PE file with a certificate table of size bytes at offset. */
static inline void fake_sign(uint8_t *image, uint32_t offset, uint32_t size) {
        memcpy(image, "MZ", 2);
        fake_put(image + 0x3c, 0x40, 4);
        memcpy(image + 0x40, "PE\0\0", 4);
        fake_put(image + 0x58, 0x20b, 2);
        fake_put(image + 0x58 + 108, 6, 4);
        fake_put(image + 0x58 + 144, offset, 4);
        fake_put(image + 0x58 + 148, size, 4);
}

/* An Image of another architecture, by the four bytes that tell which, and the machine of PE
 * files. */
#define FAKE_FLAT_SIZE   512u
#define FAKE_FLAT_MEMORY (3u * 1024u * 1024u)
#define FAKE_ARM64       "ARM\x64", 0xaa64
#define FAKE_RISCV64     "RSC\x05", 0x5064
#define FAKE_LOONGARCH64 "\xcd\x23\x82\x81", 0x6264

static inline void fake_flat(uint8_t image[static FAKE_FLAT_SIZE], const char *magic,
                             uint16_t machine) {
        memset(image, 0, FAKE_FLAT_SIZE);
        memcpy(image, "MZ", 2);
        fake_put(image + 16, FAKE_FLAT_MEMORY, 8);
        memcpy(image + 0x38, magic, 4);
        fake_put(image + 0x3c, 0x40, 4);
        memcpy(image + 0x40, "PE\0\0", 4);
        fake_put(image + 0x44, machine, 2);
}

/* Puts n bytes into an EFI zboot image. Returns its size, FAKE_ZBOOT_HEAD more. */
#define FAKE_ZBOOT_HEAD 256u

static inline size_t fake_zboot(uint8_t *file, const char *method, uint16_t machine,
                                const void *data, size_t n) {
        memset(file, 0, FAKE_ZBOOT_HEAD);
        memcpy(file, "MZ\0\0zimg", 8);
        fake_put(file + 8, FAKE_ZBOOT_HEAD, 4);
        fake_put(file + 12, n, 4);
        memcpy(file + 24, method, strlen(method));
        memcpy(file + 0x38, "\xcd\x23\x82\x81", 4);
        fake_put(file + 0x3c, 0x40, 4);
        memcpy(file + 0x40, "PE\0\0", 4);
        fake_put(file + 0x44, machine, 2);
        memcpy(file + FAKE_ZBOOT_HEAD, data, n);
        return FAKE_ZBOOT_HEAD + n;
}
