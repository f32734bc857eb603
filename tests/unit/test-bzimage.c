/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/bzimage: the x86 kernel header, whole, cut short, hostile. */
#include "test.h"

#include "core/bzimage.h"
#include "fake-kernel.h"

static uint8_t image[FAKE_KERNEL_SIZE];
static KernelImage parsed;
static const char *why;

static int parse(void) {
        why = "";
        return bzimage_parse(image, sizeof(image), sizeof(image), &parsed, &why);
}

START_TEST(good) {
        fake_kernel(image, "6.12.57+deb12-amd64");
        ck_assert_int_eq(parse(), 0);
        ck_assert_uint_eq(parsed.protocol, 0x20f);
        ck_assert_uint_eq(parsed.cmdline_size, FAKE_CMDLINE);
        ck_assert_uint_eq(parsed.init_size, FAKE_INIT_SIZE);
        ck_assert_uint_eq(parsed.kernel_alignment, 0x200000);
        ck_assert_uint_eq(parsed.pref_address, 0x1000000);
        ck_assert_uint_eq(parsed.xloadflags, 0x3f);
        ck_assert_uint_eq(parsed.pieces[0].offset, FAKE_SETUP_SIZE);
        ck_assert_uint_eq(parsed.payload_size, FAKE_PAYLOAD);
        ck_assert_str_eq(parsed.release, "6.12.57+deb12-amd64");
        ck_assert(!parsed.has_signature);
}
END_TEST

START_TEST(every_length) {
        fake_kernel(image, "6.1.0");
        for (size_t n = 0; n < sizeof(image); n++) {
                /* A copy of just that size, so that a read beyond it is seen by the sanitizers. */
                uint8_t *copy = malloc(n ?: 1);
                int r;

                ck_assert_ptr_nonnull(copy);
                memcpy(copy, image, n);
                r = bzimage_parse(copy, n, n, &parsed, &why);
                free(copy);
                /* The last 16 bytes may be missing from a unit of the payload that is not full. */
                if (n + 16 <= sizeof(image))
                        ck_assert_int_eq(r, -EBADMSG);
        }
}
END_TEST

static const struct {
        size_t at, n;
        uint64_t value;
        const char *why;
} hostile[] = {
        { 0x1fe, 2, 0x55aa, "it has no x86 boot header" },
        { 0x202, 4, 0, "it has no x86 boot header" },
        { 0x206, 2, 0x20b, "its boot protocol is older than 2.12" },
        { 0x211, 1, 0xfe, "it is a zImage, not a bzImage" },
        { 0x236, 2, 0xfffe, "it has no 64-bit entry point" },
        { 0x236, 2, 0xfffd, "it cannot be loaded above 4 GiB" },
        { 0x230, 4, 0, "its header asks for an alignment that is no power of two" },
        { 0x230, 4, 0x300000, "its header asks for an alignment that is no power of two" },
        { 0x260, 4, FAKE_PAYLOAD - 1, "its header asks for less memory than the image has bytes" },
        { 0x1f4, 4, FAKE_PAYLOAD / 16 + 1, "it is cut short" },
        { 0x1f4, 4, 0xffffffff, "it is cut short" },
        { 0x1f1, 1, 11, "it is cut short" }, /* the setup part takes the whole file */
        { 0x1f1, 1, 255, "it is cut short" },
};

START_TEST(hostile_values) {
        for (size_t i = 0; i < ELEMENTSOF(hostile); i++) {
                fake_kernel(image, "6.1.0");
                ck_assert_int_eq(parse(), 0);
                parsed.protocol = 1;
                fake_put(image + hostile[i].at, hostile[i].value, hostile[i].n);
                ck_assert_int_eq(parse(), -EBADMSG);
                ck_assert_str_eq(why, hostile[i].why);
                ck_assert_uint_eq(parsed.protocol, 1); /* untouched on failure */
        }
}
END_TEST

START_TEST(tolerated_values) {
        fake_kernel(image, "6.1.0");
        /* No setup sectors means 4, and the payload begins one sector later then. */
        fake_put(image + 0x1f1, 0, 1);
        fake_put(image + 0x1f4, (FAKE_PAYLOAD - 512) / 16, 4);
        ck_assert_int_eq(parse(), 0);
        ck_assert_uint_eq(parsed.pieces[0].offset, 5 * 512);
        /* What is behind the payload (a signature) is no fault. */
        fake_kernel(image, "6.1.0");
        fake_put(image + 0x1f4, 1, 4);
        ck_assert_int_eq(parse(), 0);
        /* Up to 15 bytes of the last unit may be missing. */
        fake_kernel(image, "6.1.0");
        ck_assert_int_eq(
                bzimage_parse(image, sizeof(image) - 15, sizeof(image) - 15, &parsed, &why), 0);
}
END_TEST

START_TEST(release) {
        char longest[KERNEL_RELEASE_MAX + 1];

        fake_kernel(image, "6.1.0");
        fake_put(image + 0x20e, 0, 2); /* no version */
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, "");
        fake_put(image + 0x20e, 0xffff, 2); /* outside of the file */
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, "");
        fake_put(image + 0x20e, FAKE_SETUP_SIZE - 0x200,
                 2); /* in the payload, not the setup part */
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, "");
        fake_put(image + 0x20e, FAKE_SETUP_SIZE - 0x200 - 3, 2); /* ends with the setup part */
        memcpy(image + FAKE_SETUP_SIZE - 3, "6.2", 3);
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, "6.2");

        fake_kernel(image, "6.1\x01");
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, "");
        fake_kernel(image, "6.1\xc3\xa9");
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, "");

        memset(longest, '6', sizeof(longest));
        longest[KERNEL_RELEASE_MAX - 1] = '\0';
        fake_kernel(image, longest);
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, longest);
        longest[KERNEL_RELEASE_MAX - 1] = '6';
        longest[KERNEL_RELEASE_MAX] = '\0';
        fake_kernel(image, longest);
        ck_assert_int_eq(parse(), 0);
        ck_assert_str_eq(parsed.release, "");
}
END_TEST

START_TEST(signature) {
        fake_kernel(image, "6.1.0");
        fake_sign(image, FAKE_KERNEL_SIZE - 64, 64);
        ck_assert_int_eq(parse(), 0);
        ck_assert(parsed.has_signature);

        static const struct {
                uint32_t offset, size;
        } none[] = {
                { 0, 64 },
                { FAKE_KERNEL_SIZE - 64, 0 },
                { FAKE_KERNEL_SIZE - 64, 7 },
                { FAKE_KERNEL_SIZE - 64, 65 },
                { 0xffffffff, 0xffffffff },
        };
        for (size_t i = 0; i < ELEMENTSOF(none); i++) {
                fake_sign(image, none[i].offset, none[i].size);
                ck_assert_int_eq(parse(), 0);
                ck_assert(!parsed.has_signature);
        }
        fake_sign(image, FAKE_KERNEL_SIZE - 64, 64);
        fake_put(image + 0x58 + 108, 4, 4); /* four tables: there is no fifth */
        ck_assert_int_eq(parse(), 0);
        ck_assert(!parsed.has_signature);
        fake_sign(image, FAKE_KERNEL_SIZE - 64, 64);
        fake_put(image + 0x3c, 0xfffffff0, 4);
        ck_assert_int_eq(parse(), 0);
        ck_assert(!parsed.has_signature);
}
END_TEST

START_TEST(not_a_kernel) {
        uint32_t random = 1;

        memset(image, 0, sizeof(image));
        ck_assert_int_eq(parse(), -EBADMSG);
        ck_assert_str_eq(why, "it has no x86 boot header");
        memcpy(image, "MZ", 2);
        ck_assert_int_eq(parse(), -EBADMSG);
        ck_assert_ptr_nonnull(strstr(why, "PE file"));
        for (unsigned round = 0; round < 200; round++) {
                for (size_t i = 0; i < sizeof(image); i++) {
                        random = random * 1103515245 + 12345;
                        image[i] = (uint8_t)(random >> 16);
                }
                /* 4 KiB of anything, and then what gets it past the first checks. */
                ck_assert_int_eq(parse(), -EBADMSG);
                fake_put(image + 0x1fe, 0xaa55, 2);
                memcpy(image + 0x202, "HdrS", 4);
                fake_put(image + 0x206, 0x20f, 2);
                fake_put(image + 0x211, 1, 1);
                fake_put(image + 0x236, 3, 2);
                if (parse() == 0)
                        ck_assert_uint_lt(strlen(parsed.release), KERNEL_RELEASE_MAX);
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, good);
        ADD_TEST(s, every_length);
        ADD_TEST(s, hostile_values);
        ADD_TEST(s, tolerated_values);
        ADD_TEST(s, release);
        ADD_TEST(s, signature);
        ADD_TEST(s, not_a_kernel);
}

TEST_MAIN("bzimage", add_cases)
