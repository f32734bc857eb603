/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A unified kernel image with any sections. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "core/little-endian.h"

#define FAKE_UKI_PE       0x80u
#define FAKE_UKI_OPTIONAL 0xf0u /* bytes of the optional header */
#define FAKE_UKI_SECTIONS (FAKE_UKI_PE + 24 + FAKE_UKI_OPTIONAL)
#define FAKE_UKI_DATA     0x400u /* where the first section may begin */
#define FAKE_UKI_ALIGN    0x200u

/* Makes an empty one at file, FAKE_UKI_DATA bytes. Returns its size. */
static inline size_t fake_uki(uint8_t *file) {
        memset(file, 0, FAKE_UKI_DATA);
        memcpy(file, "MZ", 2);
        put_le(file + 0x3c, FAKE_UKI_PE, 4);
        memcpy(file + FAKE_UKI_PE, "PE\0\0", 4);
        put_le(file + FAKE_UKI_PE + 4, 0x8664, 2);
        put_le(file + FAKE_UKI_PE + 20, FAKE_UKI_OPTIONAL, 2);
        put_le(file + FAKE_UKI_PE + 24, 0x20b, 2);
        return FAKE_UKI_DATA;
}

/* Adds a section with its padding at the end of size bytes. Returns the new size. */
static inline size_t fake_uki_add(uint8_t *file, size_t size, const char *name, const void *data,
                                  size_t n) {
        size_t count = file[FAKE_UKI_PE + 6];
        size_t padded = (n + FAKE_UKI_ALIGN - 1) / FAKE_UKI_ALIGN * FAKE_UKI_ALIGN;
        uint8_t *row = file + FAKE_UKI_SECTIONS + count * 40;

        put_le(file + FAKE_UKI_PE + 6, count + 1, 2);
        memset(row, 0, 40);
        memcpy(row, name, strlen(name));
        put_le(row + 8, n, 4);
        put_le(row + 12, 0x10000 * (count + 1), 4);
        put_le(row + 16, padded, 4);
        put_le(row + 20, size, 4);
        memset(file + size, 0xee, padded);
        memcpy(file + size, data, n);
        return size + padded;
}
