/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/: a vmlinux. */
#include "test.h"

#include <string.h>

#include "base/string-util.h"
#include "core/kernel-image.h"
#include "fake-vmlinux.h"

static uint8_t file[FAKE_VMLINUX_SIZE];
static Elf64_Ehdr *header;
static Elf64_Phdr *load; /* the first; there are four */
static KernelImage image;
static const char *why;

static void setup(void) {
        fake_vmlinux(file);
        header = fake_vmlinux_header(file);
        load = fake_vmlinux_segment(file, 1);
        why = "";
}

static void teardown(void) {
}

static int parse(size_t size, uint64_t file_size) {
        uint8_t *copy = malloc(size + 1); /* of exactly this size, for the sanitizers */
        int r;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, file, size);
        r = kernel_image_parse("x86_64", copy, size, file_size, &image, &why);
        free(copy);
        return r;
}

static void accepted(void) {
        ck_assert_msg(parse(sizeof(file), sizeof(file)) == 0, "%s", why);
        ck_assert(image.is_elf);
}

/* Says why, and is as before then. */
static void refused(const char *words) {
        ck_assert_int_eq(parse(sizeof(file), sizeof(file)), -EBADMSG);
        ck_assert_msg(strstr(why, words), "\"%s\" lacks \"%s\"", why, words);
        setup();
}

START_TEST(good) {
        static const KernelPiece pieces[] = {
                { .offset = 0x1000, .at = 0, .size = 0x1000 },
                { .offset = 0x2000, .at = 0x200000, .size = 0x1000 },
                { .offset = 0x3000, .at = 0x400000, .size = 0x800 },
                { .offset = 0x4000, .at = 0x401000, .size = 0x1000 },
        };

        accepted();
        ck_assert_uint_eq(image.n_pieces, ELEMENTSOF(pieces));
        for (size_t i = 0; i < ELEMENTSOF(pieces); i++) {
                ck_assert_uint_eq(image.pieces[i].offset, pieces[i].offset);
                ck_assert_uint_eq(image.pieces[i].size, pieces[i].size);
                ck_assert_uint_eq(image.pieces[i].at, pieces[i].at);
        }
        ck_assert_uint_eq(image.payload_size, FAKE_VMLINUX_PAYLOAD);
        ck_assert_uint_eq(image.init_size, FAKE_VMLINUX_MEMORY);
        ck_assert_uint_eq(image.entry_offset, FAKE_VMLINUX_ENTRY);
        ck_assert_uint_eq(image.kernel_alignment, 0x200000);
        ck_assert_uint_eq(image.pref_address, FAKE_VMLINUX_BASE);
        ck_assert_uint_eq(image.cmdline_size, 2047);
        ck_assert_str_eq(image.release, "");
        ck_assert(!image.has_signature);
        /* Of sections it may say anything. */
        for (uint64_t at = 0; at <= sizeof(file) + 0x1000; at += 0x800) {
                header->e_shoff = at;
                accepted();
        }
        header->e_shnum = 0;
        accepted();
        /* A segment that is only bss; one that is empty counts for nothing. */
        load[3].p_filesz = 0;
        load[1].p_memsz = load[1].p_filesz = 0;
        accepted();
        ck_assert_uint_eq(image.n_pieces, 2);
        ck_assert_uint_eq(image.payload_size, 0x400800);
        ck_assert_uint_eq(image.init_size, FAKE_VMLINUX_MEMORY);
}
END_TEST

START_TEST(others) {
        header->e_ident[EI_CLASS] = ELFCLASS32;
        refused("32 bits");
        header->e_ident[EI_DATA] = ELFDATA2MSB;
        refused("another machine");
        header->e_machine = EM_MIPS;
        refused("another machine");
        header->e_machine = EM_AARCH64;
        refused("an ELF file for arm64");
        header->e_type = ET_DYN;
        refused("no executable");
        header->e_ident[EI_VERSION] = 7;
        refused("header is damaged");
        /* A program, as any other. */
        for (size_t i = 0; i < 4; i++) {
                load[i].p_vaddr = 0x400000 + i * 0x200000;
                load[i].p_paddr = load[i].p_vaddr;
        }
        refused("no Linux kernel");
        load[0].p_paddr += 0x200000;
        refused("no Linux kernel");
        for (size_t i = 0; i < 4; i++)
                load[i].p_type = PT_NOTE;
        refused("without content");
}
END_TEST

START_TEST(damaged) {
        header->e_phoff = sizeof(file) - 100;
        refused("header");
        header->e_phoff = UINT64_MAX - 8;
        refused("header");
        header->e_phnum = 1000;
        refused("header");
        load[0].p_offset = 0;
        refused("begins with the ELF header");
        load[2].p_filesz = 0x801;
        refused("more bytes in the file");
        load[3].p_offset = 0x4001;
        refused("cut short");
        load[3].p_offset = UINT64_MAX;
        refused("cut short");
        for (size_t i = 0; i < 4; i++)
                load[i].p_paddr += 0x1000;
        load[0].p_vaddr += 0x1000;
        refused("multiple of 2 MiB");
        load[1].p_paddr -= 0x200000;
        refused("overlap");
        load[1].p_paddr = 0;
        refused("overlap");
        load[2].p_memsz = 0x1001;
        refused("overlap");
        load[3].p_paddr = FAKE_VMLINUX_BASE + (UINT64_C(1) << 30);
        refused("further apart");
        load[3].p_memsz = UINT64_MAX;
        refused("further apart");
        load[3].p_paddr = UINT64_MAX - 0xfff;
        refused("further apart");
        header->e_entry = FAKE_VMLINUX_BASE - 1;
        refused("entry point");
        header->e_entry = FAKE_VMLINUX_BASE + 0x1000;
        refused("entry point");
        header->e_entry = load[3].p_paddr + 0x1000; /* in the bss */
        refused("entry point");
        header->e_entry = load[1].p_paddr + 0xfff;
        accepted();
        ck_assert_uint_eq(image.entry_offset, 0x200fff);
}
END_TEST

/* Any cut of it; its first bytes, as they are read, of a whole file. */
START_TEST(cut) {
        size_t headers = sizeof(Elf64_Ehdr) + FAKE_VMLINUX_N * sizeof(Elf64_Phdr);

        for (size_t size = SELFMAG; size < 0x500; size++) {
                ck_assert_int_eq(parse(size, size), -EBADMSG);
                ck_assert_int_eq(parse(size, sizeof(file)), size < headers ? -EBADMSG : 0);
        }
        ck_assert_int_eq(parse(sizeof(file) - 1, sizeof(file) - 1), -EBADMSG);
        ck_assert_str_eq(why, "it is cut short");
}
END_TEST

START_TEST(many_segments) {
        static uint8_t large[0x10000];
        Elf64_Ehdr *h = fake_vmlinux_header(large);

        memcpy(large, file, sizeof(file));
        h->e_phnum = KERNEL_PIECES_MAX + 1;
        for (unsigned i = 0; i < h->e_phnum; i++)
                *fake_vmlinux_segment(large, i) =
                        fake_vmlinux_load(FAKE_VMLINUX_MAP + FAKE_VMLINUX_BASE + i * 0x1000, 0x1000,
                                          i * 0x1000, 0x1000, 0x1000);
        ck_assert_int_eq(
                kernel_image_parse("x86_64", large, sizeof(large), sizeof(large), &image, &why),
                -EBADMSG);
        ck_assert_ptr_nonnull(strstr(why, "more segments"));
        h->e_phnum--;
        ck_assert_int_eq(
                kernel_image_parse("x86_64", large, sizeof(large), sizeof(large), &image, &why), 0);
        ck_assert_uint_eq(image.n_pieces, KERNEL_PIECES_MAX);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, good);
        ADD_FIXTURE_TEST(s, others);
        ADD_FIXTURE_TEST(s, damaged);
        ADD_FIXTURE_TEST(s, cut);
        ADD_FIXTURE_TEST(s, many_segments);
}

TEST_MAIN("elf-kernel", add_cases)
