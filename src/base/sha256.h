/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 (FIPS 180-4). Freestanding: this is compiled twice, once for the programs and once for
 * the purgatory, which runs on the bare machine and checks what the loader has computed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE  32u
#define SHA256_BLOCK 64u

/* Takes n_blocks blocks of 64 bytes into the state. */
typedef void (*Sha256Blocks)(uint32_t state[static 8], const uint8_t *data, size_t n_blocks);

/* A digest in the making. May be copied, to go on from one point in two ways. */
typedef struct Sha256 {
        uint32_t state[8];
        uint64_t n_bytes;
        uint8_t rest[SHA256_BLOCK]; /* what does not fill a block yet */
        Sha256Blocks blocks;
} Sha256;

/* The constants of the 64 rounds, four to a vector. */
extern const uint32_t sha256_constants[64] __attribute__((aligned(16), visibility("hidden")));

/* In plain C. */
void sha256_blocks(uint32_t state[static 8], const uint8_t *data, size_t n_blocks);

/* blocks is sha256_blocks, or what sha256_blocks_best() returned. */
void sha256_init(Sha256 *s, Sha256Blocks blocks);
void sha256_add(Sha256 *s, const void *data, size_t size);

/* Ends the digest; s may not be used any more. */
void sha256_end(Sha256 *s, uint8_t ret[static SHA256_SIZE]);

/* The fastest that this CPU has. Not in the purgatory. */
Sha256Blocks sha256_blocks_best(void);
