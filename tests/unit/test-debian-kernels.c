/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/: what is read in the headers of Debian's kernels, and where these kernels go. */
#include "test.h"

#include <inttypes.h>
#include <stdio.h>

#include "crash-image.h"

#define HEADER_AT  0x1f1u
#define START_SIZE 64u

typedef struct Expected {
        const char *name;
        const char *why; /* part of why it is refused; NULL: it is not */
        uint32_t init_size;
        uint64_t payload_size;
        uint64_t address; /* in a reservation from 1824 to 2016 MiB */
} Expected;

/* Of all of these: protocol 2.15, 39 sectors of setup code, command lines of 2047 bytes, alignment
 * 2 MiB, at 16 MiB if they could choose. */
static const Expected expected[] = {
        { "6.1.0-56-amd64", NULL, 0x3f98000, 8225280, 0x7a000000 },
        { "6.1.0-56-cloud-amd64", NULL, 0x3378000, 14164480, 0x7ac00000 },
        { "6.1.0-56-rt-amd64", NULL, 0x3f98000, 8176128, 0x7a000000 },
        { "6.12.117+deb12-amd64", NULL, 0x37ee000, 12063232, 0x7a800000 },
        { "6.12.117+deb12-cloud-amd64", NULL, 0x37dc000, 11633152, 0x7a800000 },
        { "6.12.117+deb12-rt-amd64", NULL, 0x37ec000, 12009984, 0x7a800000 },
        { "6.1.0-50-686", "no 64-bit entry", 0, 0, 0 },
        { "6.1.0-50-686-pae", "no 64-bit entry", 0, 0, 0 },
        { "6.1.0-50-rt-686-pae", "no 64-bit entry", 0, 0, 0 },
        { "6.1.0-56-arm64", "arm64", 0, 0, 0 },
};

static uint8_t head[KERNEL_HEAD_MAX];
static uint64_t file_size;

static void from_hex(const char *text, uint8_t *to) {
        for (; text[0] != '\n' && text[0] != '\0'; text += 2) {
                unsigned byte;

                ck_assert_int_eq(sscanf(text, "%2x", &byte), 1);
                *to++ = (uint8_t)byte;
        }
}

/* Lines: package, version and architecture; bytes of the file; its first 64 bytes; its header. */
static void read_kernel(const char *name) {
        const char *srcdir = getenv("srcdir");
        char path[4096], line[1024];
        FILE *f;

        strscpyf(path, sizeof(path), "%s/tests/data/bzimage/%s", srcdir ?: ".", name);
        f = fopen(path, "re");
        ck_assert_msg(f, "%s", path);
        memset(head, 0, sizeof(head));
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
        ck_assert_ptr_nonnull(strstr(line, name));
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
        ck_assert_int_eq(sscanf(line, "%" SCNu64, &file_size), 1);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
        ck_assert_uint_eq(strlen(line), 2 * START_SIZE + 1);
        from_hex(line, head);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
        from_hex(line, head + HEADER_AT);
        (void)fclose(f);
}

static void check_place(const Expected *e) {
        uint32_t init = (e->init_size + 4095u) & ~4095u;

        files.head = head;
        files.head_size = sizeof(head);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address, e->address);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].memory_size,
                          (e->payload_size + 4095) / 4096 * 4096);
        ck_assert_uint_eq(image.kernel_memory, init);
        ck_assert_uint_le(e->address + init, image.segments[SEGMENT_PURGATORY].address);
        /* What the loader takes over into the boot parameters. */
        ck_assert_mem_eq(image.boot + 0x230, head + 0x230, 4);
        ck_assert_mem_eq(image.boot + 0x258, head + 0x258, 12);

        /* Two MiB more than it takes are too little for leaving any of it unclaimed. */
        set_reservation(0x72000000, init + 2 * MIB);
        ck_assert_uint_eq(plan(), FAILURE_NONE);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].address, 0x72000000);
        ck_assert_uint_eq(image.segments[SEGMENT_KERNEL].memory_size, init);
        set_reservation(0x72000000, init + MIB);
        ck_assert_uint_eq(plan(), FAILURE_TOO_SMALL);
}

START_TEST(kernels) {
        const Expected *e = &expected[_i];
        const char *why = NULL;

        read_kernel(e->name);
        if (e->why) {
                ck_assert_int_eq(
                        kernel_image_parse("x86_64", head, sizeof(head), file_size, &header, &why),
                        -EBADMSG);
                ck_assert_msg(strstr(why, e->why), "%s: %s", e->name, why);
                return;
        }
        ck_assert_int_eq(kernel_image_parse("x86_64", head, sizeof(head), file_size, &header, &why),
                         0);
        ck_assert_uint_eq(header.protocol, 0x20f);
        ck_assert_uint_eq(header.cmdline_size, 2047);
        ck_assert_uint_eq(header.kernel_alignment, 2 * MIB);
        ck_assert_uint_eq(header.pref_address, 16 * MIB);
        ck_assert_uint_eq(header.xloadflags, 0x7f);
        ck_assert_uint_eq(header.pieces[0].offset, 40 * 512);
        ck_assert_uint_eq(header.init_size, e->init_size);
        ck_assert_uint_eq(header.payload_size, e->payload_size);
        check_place(e);
}
END_TEST

static void add_cases(Suite *s) {
        TCase *each = tcase_create("each");

        tcase_add_checked_fixture(each, setup, teardown);
        tcase_add_loop_test(each, kernels, 0, ELEMENTSOF(expected));
        suite_add_tcase(s, each);
}

TEST_MAIN("debian-kernels", add_cases)
