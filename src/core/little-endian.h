/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers as x86 has them in memory, whatever runs this. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes of a file, of which some may be missing or lie. */
typedef struct Bytes {
        const uint8_t *data;
        size_t size;
} Bytes;

/* The range check of parsers: the n bytes at offset, or NULL. */
static inline const uint8_t *bytes_at(const Bytes *bytes, uint64_t offset, size_t n) {
        if (offset > bytes->size || n > bytes->size - offset)
                return NULL;
        return bytes->data + offset;
}

/* A number of n bytes; what lies outside reads as 0. */
static inline uint64_t number_at(const Bytes *bytes, uint64_t offset, size_t n) {
        const uint8_t *p = bytes_at(bytes, offset, n);
        uint64_t value = 0;

        while (p && n-- > 0)
                value = value << 8 | p[n];
        return value;
}

/* Writes the low n bytes of value. */
static inline void put_le(uint8_t *to, uint64_t value, size_t n) {
        for (size_t i = 0; i < n; i++)
                to[i] = (uint8_t)(value >> (8 * i));
}
