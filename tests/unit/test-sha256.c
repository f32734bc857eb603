/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256: the vectors of FIPS 180-4 and of its examples, by every implementation there is. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "base/sha256.h"

static const char *digest_of(Sha256Blocks blocks, const void *data, size_t size, size_t step,
                             char text[static 2 * SHA256_SIZE + 1]) {
        uint8_t digest[SHA256_SIZE];
        Sha256 sum;

        sha256_init(&sum, blocks);
        for (size_t at = 0; at < size; at += step)
                sha256_add(&sum, (const char *)data + at, MIN(step, size - at));
        sha256_end(&sum, digest);
        for (size_t i = 0; i < SHA256_SIZE; i++)
                (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
        return text;
}

static const struct {
        const char *data;
        const char *digest;
} vectors[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
          "lmnopqrsmnopqrstnopqrstu",
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

START_TEST(known) {
        char text[2 * SHA256_SIZE + 1];
        static char million[1000000];

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                size_t size = strlen(vectors[i].data);

                for (size_t step = 1; step <= size + 1; step++) {
                        ck_assert_str_eq(
                                digest_of(sha256_blocks, vectors[i].data, size, step, text),
                                vectors[i].digest);
                        ck_assert_str_eq(
                                digest_of(sha256_blocks_best(), vectors[i].data, size, step, text),
                                vectors[i].digest);
                }
        }
        memset(million, 'a', sizeof(million));
        static const size_t steps[] = { 1, 63, 64, 65, 4096, sizeof(million) };
        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                for (unsigned best = 0; best < 2; best++)
                        ck_assert_str_eq(
                                digest_of(best ? sha256_blocks_best() : sha256_blocks, million,
                                          sizeof(million), steps[i], text),
                                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* The two agree on sizes around the blocks, wherever the data starts. */
START_TEST(agree) {
        char plain[2 * SHA256_SIZE + 1], best[2 * SHA256_SIZE + 1];
        uint8_t data[1024 + 16];
        uint32_t x = 1;

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        for (size_t size = 0; size <= 1024; size++)
                for (size_t at = 0; at < 16; at += 5)
                        ck_assert_str_eq(
                                digest_of(sha256_blocks, data + at, size, 77, plain),
                                digest_of(sha256_blocks_best(), data + at, size, 1024, best));
}
END_TEST

static double megabytes_per_second(Sha256Blocks blocks, const void *data, size_t size) {
        char text[2 * SHA256_SIZE + 1];
        struct timespec start, end;

        (void)clock_gettime(CLOCK_MONOTONIC, &start);
        (void)digest_of(blocks, data, size, size, text);
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        return (double)size / 1e6 /
               ((double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
}

/* Figures, not a test: how fast is for people to judge. */
START_TEST(speed) {
        size_t size = 16 << 20;
        char *data = malloc(size);

        ck_assert_ptr_nonnull(data);
        memset(data, 'x', size);
        (void)megabytes_per_second(sha256_blocks, data, size);
        printf("# plain C %.0f MB/s", megabytes_per_second(sha256_blocks, data, size));
        if (sha256_blocks_best() != sha256_blocks)
                printf(", SHA instructions %.0f MB/s",
                       megabytes_per_second(sha256_blocks_best(), data, size));
        printf("\n");
        (void)fflush(stdout);
        free(data);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, known);
        ADD_TEST(s, agree);
        ADD_TEST(s, speed);
}

TEST_MAIN("sha256", add_cases)
