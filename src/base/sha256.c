/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 (FIPS 180-4) in plain C, without a library. */
#include "base/sha256.h"

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const uint32_t sha256_constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2,
};

static inline uint32_t rotate(uint32_t x, unsigned n) {
        return x >> n | x << (32 - n);
}

static inline uint32_t big_endian(const uint8_t *p) {
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t schedule(uint32_t w[static 16], unsigned i) {
        uint32_t a = w[(i + 1) % 16], b = w[(i + 14) % 16];

        w[i % 16] += (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[(i + 9) % 16] +
                     (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
        return w[i % 16];
}

/* One round. The variables change names from round to round instead of places, which saves the
 * copies: the caller names them shifted by one each time. The sums of three rotations are written
 * as rotations of sums, which takes fewer registers; and of the majority of a, b and c, the part
 * a ^ b is what was b ^ c (in bc) one round later. */
#define ROUND(a, b, c, d, e, f, g, h, w, k)                                                        \
        do {                                                                                       \
                uint32_t ab = (a) ^ (b);                                                           \
                h += rotate(rotate(rotate(e, 14) ^ (e), 5) ^ (e), 6) + (g ^ (e & (f ^ g))) + (k) + \
                     (w);                                                                          \
                d += h;                                                                            \
                h += rotate(rotate(rotate(a, 9) ^ (a), 11) ^ (a), 2) + ((b) ^ (ab & bc));          \
                bc = ab;                                                                           \
        } while (0)

/* Sixteen rounds; word(i) gives the words for them, in order. */
#define SIXTEEN_ROUNDS(at, word)                                                      \
        do {                                                                          \
                ROUND(a, b, c, d, e, f, g, h, word(0), sha256_constants[(at) + 0]);   \
                ROUND(h, a, b, c, d, e, f, g, word(1), sha256_constants[(at) + 1]);   \
                ROUND(g, h, a, b, c, d, e, f, word(2), sha256_constants[(at) + 2]);   \
                ROUND(f, g, h, a, b, c, d, e, word(3), sha256_constants[(at) + 3]);   \
                ROUND(e, f, g, h, a, b, c, d, word(4), sha256_constants[(at) + 4]);   \
                ROUND(d, e, f, g, h, a, b, c, word(5), sha256_constants[(at) + 5]);   \
                ROUND(c, d, e, f, g, h, a, b, word(6), sha256_constants[(at) + 6]);   \
                ROUND(b, c, d, e, f, g, h, a, word(7), sha256_constants[(at) + 7]);   \
                ROUND(a, b, c, d, e, f, g, h, word(8), sha256_constants[(at) + 8]);   \
                ROUND(h, a, b, c, d, e, f, g, word(9), sha256_constants[(at) + 9]);   \
                ROUND(g, h, a, b, c, d, e, f, word(10), sha256_constants[(at) + 10]); \
                ROUND(f, g, h, a, b, c, d, e, word(11), sha256_constants[(at) + 11]); \
                ROUND(e, f, g, h, a, b, c, d, word(12), sha256_constants[(at) + 12]); \
                ROUND(d, e, f, g, h, a, b, c, word(13), sha256_constants[(at) + 13]); \
                ROUND(c, d, e, f, g, h, a, b, word(14), sha256_constants[(at) + 14]); \
                ROUND(b, c, d, e, f, g, h, a, word(15), sha256_constants[(at) + 15]); \
        } while (0)

#define READ_WORD(i) (w[i] = big_endian(data + 4 * (i)))
#define NEXT_WORD(i) schedule(w, i)

static void one_block(uint32_t state[static 8], const uint8_t *data) {
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        uint32_t w[16], bc = b ^ c;

        SIXTEEN_ROUNDS(0, READ_WORD);
        for (unsigned i = 16; i < 64; i += 16)
                SIXTEEN_ROUNDS(i, NEXT_WORD);
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
}

void sha256_blocks(uint32_t state[static 8], const uint8_t *data, size_t n_blocks) {
        for (; n_blocks > 0; n_blocks--, data += SHA256_BLOCK)
                one_block(state, data);
}

void sha256_init(Sha256 *s, Sha256Blocks blocks) {
        /* The first 32 bits of the fractional parts of the square roots of the first 8 primes. */
        static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

        for (unsigned i = 0; i < 8; i++)
                s->state[i] = start[i];
        s->n_bytes = 0;
        s->blocks = blocks;
}

void sha256_add(Sha256 *s, const void *data, size_t size) {
        size_t used = s->n_bytes % SHA256_BLOCK;
        const uint8_t *p = data;

        s->n_bytes += size;
        while (used > 0 && size > 0) {
                s->rest[used++] = *p++;
                size--;
                if (used == SHA256_BLOCK) {
                        s->blocks(s->state, s->rest, 1);
                        used = 0;
                }
        }
        if (size >= SHA256_BLOCK) {
                s->blocks(s->state, p, size / SHA256_BLOCK);
                p += size - size % SHA256_BLOCK;
                size %= SHA256_BLOCK;
        }
        for (; size > 0; size--)
                s->rest[used++] = *p++;
}

void sha256_end(Sha256 *s, uint8_t ret[static SHA256_SIZE]) {
        static const uint8_t mark = 0x80, zero = 0;
        uint64_t n_bits = s->n_bytes * 8;
        uint8_t length[8];

        sha256_add(s, &mark, 1);
        while (s->n_bytes % SHA256_BLOCK != SHA256_BLOCK - sizeof(length))
                sha256_add(s, &zero, 1);
        for (unsigned i = 0; i < sizeof(length); i++)
                length[i] = (uint8_t)(n_bits >> (56 - 8 * i));
        sha256_add(s, length, sizeof(length));
        for (unsigned i = 0; i < SHA256_SIZE; i++)
                ret[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}
