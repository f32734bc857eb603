/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 with the instructions that CPUs have for it. */
#include "base/sha256.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

/* sha256rnds2 wants the state as {F, E, B, A} and {H, G, D, C}, the lowest lane first. */
__attribute__((target("sha,sse4.1,ssse3"))) static void blocks_sha(uint32_t state[static 8],
                                                                   const uint8_t *data,
                                                                   size_t n_blocks) {
        const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
        __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
        __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);

        for (; n_blocks > 0; n_blocks--, data += SHA256_BLOCK) {
                __m128i abef_before = abef, cdgh_before = cdgh, w[4];

                for (unsigned i = 0; i < 4; i++)
                        w[i] = _mm_shuffle_epi8(
                                _mm_loadu_si128(
                                        (const __m128i *)(const void *)(data + 16 * (size_t)i)),
                                swap);
#pragma GCC unroll 16
                for (unsigned i = 0; i < 16; i++) {
                        __m128i *now = &w[i % 4], sum;

                        if (i >= 4) {
                                __m128i last = w[(i + 3) % 4];
                                __m128i seven = _mm_alignr_epi8(last, w[(i + 2) % 4], 4);

                                *now = _mm_sha256msg1_epu32(*now, w[(i + 1) % 4]);
                                *now = _mm_sha256msg2_epu32(_mm_add_epi32(*now, seven), last);
                        }
                        sum = _mm_add_epi32(
                                *now,
                                _mm_load_si128(
                                        (const __m128i
                                                 *)(const void *)&sha256_constants[4 * (size_t)i]));
                        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
                        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
                }
                abef = _mm_add_epi32(abef, abef_before);
                cdgh = _mm_add_epi32(cdgh, cdgh_before);
        }
        state[0] = (uint32_t)_mm_extract_epi32(abef, 3);
        state[1] = (uint32_t)_mm_extract_epi32(abef, 2);
        state[4] = (uint32_t)_mm_extract_epi32(abef, 1);
        state[5] = (uint32_t)_mm_extract_epi32(abef, 0);
        state[2] = (uint32_t)_mm_extract_epi32(cdgh, 3);
        state[3] = (uint32_t)_mm_extract_epi32(cdgh, 2);
        state[6] = (uint32_t)_mm_extract_epi32(cdgh, 1);
        state[7] = (uint32_t)_mm_extract_epi32(cdgh, 0);
}

/* Asked by hand: compilers of today's age do not know the name "sha" for
 * __builtin_cpu_supports(). */
Sha256Blocks sha256_blocks_best(void) {
        unsigned a, b, c, d;

        if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3))
                return sha256_blocks;
        if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA))
                return sha256_blocks;
        return blocks_sha;
}

#else

Sha256Blocks sha256_blocks_best(void) {
        return sha256_blocks;
}

#endif
