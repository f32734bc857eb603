/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/uki: sections that are found, and files that are none or damaged. */
#include "test.h"

#include <errno.h>

#include "core/uki.h"
#include "fake-uki.h"

static uint8_t file[16384];
static Uki uki;

static int parse(size_t size) {
        uki = (Uki){ .kernel = { 7, 7 }, .release = { 7, 7 } };
        return uki_parse(file, size, size, &uki);
}

static size_t usual(void) {
        size_t size = fake_uki(file);

        size = fake_uki_add(file, size, ".osrel", "ID=x\n", 5);
        size = fake_uki_add(file, size, ".uname", "6.12.1-x", 8);
        size = fake_uki_add(file, size, ".linux", "kernel", 6);
        return fake_uki_add(file, size, ".initrd", "initrd", 6);
}

START_TEST(sections) {
        ck_assert_int_eq(parse(usual()), 0);
        ck_assert_uint_eq(uki.kernel.size, 6);
        ck_assert_int_eq(memcmp(file + uki.kernel.offset, "kernel", 6), 0);
        ck_assert_uint_eq(uki.release.size, 8);
        ck_assert_int_eq(memcmp(file + uki.release.offset, "6.12.1-x", 8), 0);
}
END_TEST

/* Tools of other makers write no virtual size, or more of it than there is in the file. */
START_TEST(sizes) {
        size_t size = usual();
        uint8_t *row = file + FAKE_UKI_SECTIONS + 2 * 40;

        put_le(row + 8, 0, 4);
        ck_assert_int_eq(parse(size), 0);
        ck_assert_uint_eq(uki.kernel.size, FAKE_UKI_ALIGN);
        put_le(row + 8, 0x100000, 4);
        ck_assert_int_eq(parse(size), 0);
        ck_assert_uint_eq(uki.kernel.size, FAKE_UKI_ALIGN);
}
END_TEST

/* A kernel of a profile is not the one that all have, and the first of several counts. */
START_TEST(profiles) {
        size_t size = fake_uki(file);

        size = fake_uki_add(file, size, ".uname", "6.12.1-x", 8);
        size = fake_uki_add(file, size, ".profile", "ID=a\n", 5);
        size = fake_uki_add(file, size, ".linux", "kernel", 6);
        ck_assert_int_eq(parse(size), -ENOEXEC);

        size = fake_uki(file);
        size = fake_uki_add(file, size, ".linux", "first", 5);
        size = fake_uki_add(file, size, ".linux", "second", 6);
        size = fake_uki_add(file, size, ".profile", "ID=a\n", 5);
        size = fake_uki_add(file, size, ".uname", "6.12.1-x", 8);
        ck_assert_int_eq(parse(size), 0);
        ck_assert_uint_eq(uki.kernel.size, 5);
        ck_assert_uint_eq(uki.release.size, 0);
}
END_TEST

START_TEST(others) {
        size_t size = fake_uki(file);

        ck_assert_int_eq(parse(size), -ENOEXEC);
        size = fake_uki_add(file, size, ".linuxes", "kernel", 6);
        size = fake_uki_add(file, size, ".linux", "", 0);
        ck_assert_int_eq(parse(size), -ENOEXEC);
        ck_assert_uint_eq(uki.kernel.size, 7);
        size = usual();
        file[0] = 'L';
        ck_assert_int_eq(parse(size), -ENOEXEC);
        size = usual();
        put_le(file + 0x3c, UINT32_MAX, 4);
        ck_assert_int_eq(parse(size), -ENOEXEC);
        for (size_t n = 0; n < FAKE_UKI_SECTIONS; n++) {
                usual();
                ck_assert_int_eq(uki_parse(file, n, size, &uki), -ENOEXEC);
        }
}
END_TEST

START_TEST(damaged) {
        size_t size = usual();
        uint8_t *row = file + FAKE_UKI_SECTIONS + 2 * 40;

        put_le(row + 20, size - 5, 4);
        ck_assert_int_eq(parse(size), -EBADMSG);
        put_le(row + 20, size - 6, 4);
        ck_assert_int_eq(parse(size), 0);
        put_le(row + 20, UINT32_MAX, 4);
        ck_assert_int_eq(parse(size), -EBADMSG);
        put_le(row + 8, UINT32_MAX, 4);
        put_le(row + 16, UINT32_MAX, 4);
        ck_assert_int_eq(parse(size), -EBADMSG);
        /* What tells the release is not needed for the kernel. */
        size = usual();
        put_le(file + FAKE_UKI_SECTIONS + 40 + 20, size, 4);
        ck_assert_int_eq(parse(size), 0);
        ck_assert_uint_eq(uki.release.size, 0);
        /* More sections than there are. */
        put_le(file + FAKE_UKI_PE + 6, UINT16_MAX, 2);
        ck_assert_int_eq(parse(size), 0);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, sections);
        ADD_TEST(s, sizes);
        ADD_TEST(s, profiles);
        ADD_TEST(s, others);
        ADD_TEST(s, damaged);
}

TEST_MAIN("uki", add_cases)
