/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/kernel-image: what a file is, on each architecture. */
#include "core/kernel-image.h"

#include <elf.h>

#include "fake-kernel.h"
#include "fake-vmlinux.h"
#include "test.h"

static const char *const all[] = {
        "x86_64", "aarch64", "ppc64le", "s390x", "riscv64", "loongarch64"
};

static KernelImage image;
static const char *why;

/* Of exactly this size, for the sanitizers. */
static int parse(const char *architecture, const void *data, size_t size) {
        uint8_t *copy = malloc(size ?: 1);
        int r;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, data, size);
        why = NULL;
        r = kernel_image_parse(architecture, copy, MIN(size, (size_t)KERNEL_HEAD_MAX), size, &image,
                               &why);
        free(copy);
        return r;
}

/* Only these take it; the others call it something that has this word. */
static void taken_by(const char *architectures, const void *data, size_t size, const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                int r = parse(all[i], data, size);

                if (strstr(architectures, all[i])) {
                        ck_assert_msg(r == 0, "%s: %s", all[i], why);
                        continue;
                }
                ck_assert_int_eq(r, -EBADMSG);
                ck_assert_msg(strstr(why, word), "%s: \"%s\" lacks \"%s\"", all[i], why, word);
        }
}

START_TEST(images) {
        static uint8_t s390[0x10010];
        uint8_t kernel[FAKE_KERNEL_SIZE], flat[FAKE_FLAT_SIZE];

        fake_kernel(kernel, "6.1.0");
        taken_by("x86_64", kernel, sizeof(kernel), "it is a kernel for x86_64");
        fake_flat(flat, FAKE_ARM64);
        taken_by("aarch64", flat, sizeof(flat), "it is a kernel for arm64");
        ck_assert_int_eq(parse("aarch64", flat, sizeof(flat)), 0);
        ck_assert(image.is_flat && !image.is_elf && !image.has_signature);
        ck_assert_uint_eq(image.init_size, FAKE_FLAT_MEMORY);
        fake_flat(flat, FAKE_RISCV64);
        taken_by("riscv64", flat, sizeof(flat), "it is a kernel for riscv64");
        fake_flat(flat, FAKE_LOONGARCH64);
        taken_by("loongarch64", flat, sizeof(flat), "it is a kernel for loongarch64");
        memcpy(&s390[0x10008], "S390EP", 6);
        taken_by("s390x", s390, sizeof(s390), "it is a kernel for s390x");
        ck_assert_int_eq(parse("s390x", s390, sizeof(s390)), 0);
        ck_assert_uint_eq(image.init_size, sizeof(s390));
        /* What the kernel would refuse when the old image is gone. */
        fake_flat(flat, FAKE_ARM64);
        fake_put(&flat[16], 0, 8);
        ck_assert_int_eq(parse("aarch64", flat, sizeof(flat)), -EBADMSG);
        fake_put(&flat[16], UINT64_MAX, 8);
        ck_assert_int_eq(parse("aarch64", flat, sizeof(flat)), -EBADMSG);
        fake_flat(flat, FAKE_ARM64);
        flat[24] = 1;
        ck_assert_int_eq(parse("aarch64", flat, sizeof(flat)), -EBADMSG);
        ck_assert_str_eq(why, "it is a big-endian kernel");
}
END_TEST

static uint8_t elf[FAKE_VMLINUX_SIZE];

static void make_elf(uint16_t machine) {
        fake_vmlinux(elf);
        fake_vmlinux_header(elf)->e_machine = machine;
}

START_TEST(elf_files) {
        Elf64_Ehdr *header = fake_vmlinux_header(elf);

        make_elf(EM_X86_64);
        taken_by("x86_64", elf, sizeof(elf), "it is an ELF file for x86_64");
        make_elf(EM_PPC64);
        taken_by("ppc64le", elf, sizeof(elf), "it is an ELF file for ppc64le");
        make_elf(EM_RISCV);
        taken_by("riscv64", elf, sizeof(elf), "it is an ELF file for riscv64");
        ck_assert_int_eq(parse("riscv64", elf, sizeof(elf)), 0);
        ck_assert(!image.is_elf && !image.is_flat);
        ck_assert_uint_eq(image.init_size, FAKE_VMLINUX_MEMORY);
        ck_assert_int_eq(parse("riscv64", elf, sizeof(elf) - 1), -EBADMSG);
        ck_assert_str_eq(why, "it is cut short");
        header->e_type = ET_DYN;
        ck_assert_int_eq(parse("riscv64", elf, sizeof(elf)), 0);
        header->e_type = ET_REL;
        ck_assert_int_eq(parse("riscv64", elf, sizeof(elf)), -EBADMSG);
        make_elf(EM_RISCV);
        fake_vmlinux_segment(elf, 1)->p_memsz = UINT64_MAX;
        ck_assert_int_eq(parse("riscv64", elf, sizeof(elf)), -EBADMSG);
        make_elf(EM_RISCV);
        fake_vmlinux_segment(elf, 1)->p_paddr = UINT64_MAX;
        ck_assert_int_eq(parse("riscv64", elf, sizeof(elf)), -EBADMSG);
        make_elf(EM_AARCH64);
        taken_by("", elf, sizeof(elf), "it is an ELF file");
        ck_assert_int_eq(parse("aarch64", elf, sizeof(elf)), -EBADMSG);
        ck_assert_ptr_nonnull(strstr(why, "only an Image can be loaded on arm64"));
        make_elf(EM_386);
        taken_by("", elf, sizeof(elf), "for another machine");
        header->e_ident[EI_DATA] = ELFDATA2MSB;
        header->e_machine = EM_S390 << 8;
        ck_assert_int_eq(parse("ppc64le", elf, sizeof(elf)), -EBADMSG);
        ck_assert_str_eq(why, "it is an ELF file for s390x");
        for (size_t n = 4; n < 64; n++)
                ck_assert_int_eq(parse("riscv64", elf, n), -EBADMSG);
}
END_TEST

/* None of these is loaded anywhere, not even where it is not known what kernels are like. */
START_TEST(no_kernels) {
        static const struct {
                const char *bytes;
                size_t n;
                const char *is;
        } cases[] = {
                { "\x1f\x8b\x08", 3, "compressed with gzip" },
                { "\3757zXZ", 6, "compressed with xz" },
                { "\x28\xb5\x2f\xfd", 4, "compressed with zstd" },
                { "BZh9", 4, "compressed with bzip2" },
                { "\x04\x22\x4d\x18\x64\x40", 6, "compressed with lz4" },
                { "\x02\x21\x4c\x18\x64\x40", 6, "compressed with lz4" },
                { "\x5d\0\0\x80\x01", 5, "compressed with lzma" },
                { "\x89LZO\x01", 5, "compressed with lzo" },
                { "PK\x03\x04\x14", 5, "a zip archive" },
                { "\xed\xab\xee\xdb\x03", 5, "an RPM package" },
                { "\x27\x05\x19\x56\x01", 5, "uImage" },
                { "\xd0\x0d\xfe\xed\x01", 5, "a device tree" },
                { "hsqs\x01", 5, "squashfs" },
                { "<!DOCTYPE html><html>", 21, "a web page" },
                { "\xef\xbb\xbf\n \t<HTML lang=en>", 20, "a web page" },
                { "<?xml version='1.0'?>", 21, "a web page" },
                { "#!/bin/sh\n", 10, "a script" },
                { "404: Not Found", 14, "text" },
                { "070701000000", 12, "a cpio archive" },
                { "!<arch>\ndebian-binary", 21, "an archive" },
                { "\0\0\0\0\0\0\0\0", 8, "nothing but zeros" },
        };
        uint8_t file[2 * FAKE_ZBOOT_HEAD];
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                taken_by("", cases[i].bytes, cases[i].n, cases[i].is);
                ck_assert_int_eq(parse("mips64", cases[i].bytes, cases[i].n), -EBADMSG);
        }
        n = fake_zboot(file, "zstd22", 0xaa64, "x", 1);
        ck_assert_int_eq(parse("aarch64", file, n), -EBADMSG);
        ck_assert_ptr_nonnull(strstr(why, "EFI zboot image compressed with zstd"));
        ck_assert_int_eq(parse("x86_64", file, n), -EBADMSG);
        ck_assert_str_eq(why, "it is a kernel for arm64 (EFI zboot)");
        n = fake_zboot(file, "new", 0x6264, "x", 1);
        ck_assert_int_eq(parse("loongarch64", file, n), -EBADMSG);
        ck_assert_ptr_nonnull(strstr(why, "in a way that is not known"));
        /* An architecture that is not known here may have its own. */
        ck_assert_int_eq(parse("mips64", "\1\2\3\4", 4), 0);
        ck_assert_int_eq(parse("aarch64", "\1\2\3\4", 4), -EBADMSG);
}
END_TEST

START_TEST(zboot) {
        uint8_t file[2 * FAKE_ZBOOT_HEAD];
        size_t n = fake_zboot(file, "gzip", 0xaa64, "packed", 6);
        KernelPiece piece;

        ck_assert_int_eq(kernel_zboot_parse(file, n, n, &piece), 0);
        ck_assert_uint_eq(piece.offset, FAKE_ZBOOT_HEAD);
        ck_assert_uint_eq(piece.size, 6);
        ck_assert_int_eq(kernel_zboot_parse(file, n, n - 1, &piece), -EBADMSG);
        fake_put(&file[12], UINT32_MAX, 4);
        ck_assert_int_eq(kernel_zboot_parse(file, n, n, &piece), -EBADMSG);
        fake_put(&file[8], UINT32_MAX, 4);
        ck_assert_int_eq(kernel_zboot_parse(file, n, n, &piece), -EBADMSG);
        memcpy(&file[24], "gzip2", 5);
        ck_assert_int_eq(kernel_zboot_parse(file, n, n, &piece), -ENOEXEC);
        for (size_t i = 0; i < 29; i++)
                ck_assert_int_eq(kernel_zboot_parse(file, i, i, &piece), -ENOEXEC);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, images);
        ADD_TEST(s, elf_files);
        ADD_TEST(s, no_kernels);
        ADD_TEST(s, zboot);
}

TEST_MAIN("kernel-image", add_cases)
