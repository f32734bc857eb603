/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/vmcore: headers and memory of a fake dump, and of damaged ones. */
#include "test.h"

#include "base/string-util.h"
#include "core/vmcore.h"
#include "fake-vmcore.h"

static void open_fake(FakeVmcore *fake, Vmcore *ret) {
        fake_vmcore_finish(fake);
        ck_assert_int_eq(vmcore_open(fake_read, fake, ret), 0);
}

START_TEST(headers) {
        FakeVmcore *fake = fake_vmcore_new(0);
        char text[32];
        uint64_t number;
        Vmcore v;

        open_fake(fake, &v);
        ck_assert_uint_eq(v.n_cpus, FAKE_CPUS);
        ck_assert_uint_eq(v.n_loads, 3);
        ck_assert_uint_eq(v.loads[0].virtual, FAKE_TEXT);
        ck_assert_uint_eq(v.loads[0].physical, FAKE_PHYSICAL);
        ck_assert_uint_eq(v.size, fake->size);
        ck_assert_int_eq(vmcore_info_text(&v, "OSRELEASE", text, sizeof(text)), 0);
        ck_assert_str_eq(text, "6.9.0-fake");
        ck_assert_int_eq(vmcore_info_text(&v, "OSRELEASE", text, 11), 0);
        ck_assert_int_eq(vmcore_info_text(&v, "OSRELEASE", text, 10), -EFBIG);
        ck_assert_int_eq(vmcore_info_text(&v, "RELEASE", text, sizeof(text)), -ENOENT);
        ck_assert_int_eq(vmcore_info_text(&v, "OSREL", text, sizeof(text)), -ENOENT);
        ck_assert_int_eq(vmcore_info_number(&v, "CRASHTIME", 10, &number), 0);
        ck_assert_uint_eq(number, FAKE_CRASHED);
        ck_assert_int_eq(vmcore_info_number(&v, "OSRELEASE", 10, &number), -EBADMSG);
        vmcore_done(&v);
        fake_vmcore_free(fake);
}
END_TEST

START_TEST(memory) {
        FakeVmcore *fake = fake_vmcore_new(0);
        char buf[256], expected[256];
        Vmcore v;

        for (size_t i = 0; i < sizeof(expected); i++)
                expected[i] = (char)i;
        /* Over the border between two segments. */
        memcpy(fake->memory + FAKE_DATA, expected, sizeof(expected));
        open_fake(fake, &v);
        ck_assert_int_eq(vmcore_read_physical(&v, FAKE_PHYSICAL + FAKE_DATA, buf, 256), 0);
        ck_assert_mem_eq(buf, expected, 256);
        ck_assert_int_eq(vmcore_read_virtual(&v, FAKE_DIRECT + FAKE_PHYSICAL + FAKE_DATA, buf, 256),
                         0);
        ck_assert_mem_eq(buf, expected, 256);
        /* The image's segment ends before that; the kernel's base says where it goes on. */
        memset(buf, 0, sizeof(buf));
        ck_assert_int_eq(vmcore_read_virtual(&v, FAKE_TEXT + FAKE_DATA, buf, 256), 0);
        ck_assert_mem_eq(buf, expected, 256);
        ck_assert_int_eq(vmcore_read_physical(&v, FAKE_PHYSICAL - 1, buf, 2), -ENXIO);
        ck_assert_int_eq(vmcore_read_physical(&v, FAKE_PHYSICAL + FAKE_MEMORY - 1, buf, 2), -ENXIO);
        ck_assert_int_eq(vmcore_read_physical(&v, UINT64_MAX, buf, 2), -ENXIO);
        ck_assert_int_eq(vmcore_read_virtual(&v, 0, buf, 1), -ENXIO);
        vmcore_done(&v);
        fake_vmcore_free(fake);
}
END_TEST

static int open_file(FakeVmcore *fake) {
        Vmcore v = { .n_cpus = 9 };
        int r;

        r = vmcore_open(fake_read, fake, &v);
        ck_assert_uint_eq(v.n_cpus, r < 0 ? 9 : FAKE_CPUS);
        if (r >= 0)
                vmcore_done(&v);
        return r;
}

START_TEST(no_vmcore) {
        FakeVmcore *fake = fake_vmcore_new(0);
        static const struct {
                size_t at;
                unsigned char byte;
        } damages[] = { { 0, 0 },
                        { EI_CLASS, ELFCLASS32 },
                        { EI_DATA, ELFDATA2MSB },
                        { 16, ET_EXEC },
                        { 54, 57 } };

        for (size_t i = 0; i < ELEMENTSOF(damages); i++) {
                fake_vmcore_finish(fake);
                fake->file[damages[i].at] = damages[i].byte;
                ck_assert_int_eq(open_file(fake), -EBADMSG);
        }
        fake_vmcore_finish(fake);
        ck_assert_int_eq(open_file(fake), 0);
        fake->size = 63;
        ck_assert_int_eq(open_file(fake), -ENXIO);
        fake->size = 64 + 3 * sizeof(Elf64_Phdr);
        ck_assert_int_eq(open_file(fake), -ENXIO);
        fake_vmcore_free(fake);
}
END_TEST

START_TEST(hostile_segments) {
        FakeVmcore *fake = fake_vmcore_new(0);
        Elf64_Phdr *segments;

        fake_vmcore_finish(fake);
        segments = (Elf64_Phdr *)(void *)(fake->file + sizeof(Elf64_Ehdr));
        segments[1].p_offset = UINT64_MAX - 10;
        ck_assert_int_eq(open_file(fake), -EBADMSG);
        fake_vmcore_finish(fake);
        segments = (Elf64_Phdr *)(void *)(fake->file + sizeof(Elf64_Ehdr));
        segments[2].p_paddr = UINT64_MAX - 10;
        ck_assert_int_eq(open_file(fake), -EBADMSG);
        fake_vmcore_finish(fake);
        segments = (Elf64_Phdr *)(void *)(fake->file + sizeof(Elf64_Ehdr));
        segments[0].p_filesz = VMCORE_NOTES_MOST + 1;
        ck_assert_int_eq(open_file(fake), -EFBIG);
        fake_vmcore_free(fake);
}
END_TEST

/* 65535 segments and more: their number is in a section header. */
START_TEST(many_segments) {
        FakeVmcore *fake = fake_vmcore_new(0);
        Elf64_Shdr section = { .sh_info = 4 };
        Elf64_Ehdr *header;

        fake_vmcore_finish(fake);
        header = (Elf64_Ehdr *)(void *)fake->file;
        header->e_phnum = PN_XNUM;
        ck_assert_int_eq(open_file(fake), -EBADMSG);
        header->e_shoff = 2048;
        header->e_shentsize = sizeof(section);
        memcpy(fake->file + 2048, &section, sizeof(section));
        ck_assert_int_eq(open_file(fake), 0);
        section.sh_info = UINT32_MAX;
        memcpy(fake->file + 2048, &section, sizeof(section));
        ck_assert_int_eq(open_file(fake), -EFBIG);
        fake_vmcore_free(fake);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, headers);
        ADD_TEST(s, memory);
        ADD_TEST(s, no_vmcore);
        ADD_TEST(s, hostile_segments);
        ADD_TEST(s, many_segments);
}

TEST_MAIN("vmcore", add_cases)
