/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers as x86 has them in memory, whatever runs this. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Writes the low n bytes of value. */
static inline void put_le(uint8_t *to, uint64_t value, size_t n) {
        for (size_t i = 0; i < n; i++)
                to[i] = (uint8_t)(value >> (8 * i));
}
