/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/kexec-mark, sys/kexec-mark: the mark of the image that is loaded, read in a made-up
 * /proc/kcore. */
#include "sys/kexec-mark.h"

#include <elf.h>

#include "core/little-endian.h"
#include "sys/kcore.h"
#include "test.h"
#include "tree.h"

#define MARK  "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba98765432100123456789abcdef"

/* Where things are: the kernel itself, and the map of all RAM. */
#define KERNEL_VADDR UINT64_C(0xffffffff9a000000)
#define KERNEL_PADDR UINT64_C(0x1000000)
#define RAM_VADDR    UINT64_C(0xffff888000000000)
#define CRASH        UINT64_C(0x100000) /* of 1 MiB */
#define POINTER_AT   0x10               /* in the kernel */
#define IMAGE_AT     UINT64_C(0x8000)   /* in RAM */
#define LINE_AT      (CRASH + 0x3000)

/* The file: headers, the kernel, RAM up to the end of the reservation. */
#define HEADERS    4096u
#define KERNEL     4096u
#define RAM        0x200000u
#define KERNEL_OFF HEADERS
#define RAM_OFF    (HEADERS + KERNEL)

static Tree tree;
static uint8_t kcore[HEADERS + KERNEL + RAM];

static void put(uint64_t at, const void *data, size_t size) {
        memcpy(kcore + at, data, size);
}

static void put_number(uint64_t at, uint64_t value) {
        put_le(kcore + at, value, sizeof(value));
}

/* Segment i of the image: where its content lies, and how long that is. */
static void put_segment(size_t i, uint64_t address, uint64_t size) {
        uint64_t at = RAM_OFF + IMAGE_AT + 64 + i * KIMAGE_SEGMENT_BYTES;

        put_number(at + 8, size);
        put_number(at + 16, address);
        put_number(at + 24, (size + 4095) / 4096 * 4096);
}

static void put_text(uint64_t address, const char *text) {
        put(RAM_OFF + address, text, strlen(text) + 1);
}

static void setup(void) {
        const Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                                 ELFDATA2LSB, EV_CURRENT },
                                    .e_type = ET_CORE,
                                    .e_machine = EM_X86_64,
                                    .e_phoff = sizeof(Elf64_Ehdr),
                                    .e_phentsize = sizeof(Elf64_Phdr),
                                    .e_phnum = 4 };
        const Elf64_Phdr segments[] = {
                { .p_type = PT_NOTE, .p_filesz = 100 },
                { .p_type = PT_LOAD,
                  .p_vaddr = UINT64_C(0xffffb00000000000),
                  .p_paddr = UINT64_MAX,
                  .p_memsz = 1 << 30 },
                { .p_type = PT_LOAD,
                  .p_vaddr = KERNEL_VADDR,
                  .p_paddr = KERNEL_PADDR,
                  .p_offset = KERNEL_OFF,
                  .p_memsz = KERNEL },
                { .p_type = PT_LOAD, .p_vaddr = RAM_VADDR, .p_offset = RAM_OFF, .p_memsz = RAM },
        };

        tree_init(&tree);
        memset(kcore, 0, sizeof(kcore));
        put(0, &header, sizeof(header));
        put(sizeof(header), segments, sizeof(segments));
        put_number(KERNEL_OFF + POINTER_AT, RAM_VADDR + IMAGE_AT);
        put_number(RAM_OFF + IMAGE_AT + 56, 2);
        put_segment(0, CRASH + 0x10000, 0x20000);
        put_segment(1, CRASH + 0x3000, 0x1100);
        put_text(LINE_AT + 0x1000, "elfcorehdr=0x1 " KEXEC_MARK_WORD MARK " ro");
        tree_dir(&tree, RUN_DIRECTORY);
        tree_text(&tree, "/proc/kallsyms",
                  "0000000000000000 A fixed_percpu_data\n"
                  "ffffffff9a000000 T _stext\n"
                  "ffffffff9a000008 b not_kexec_crash_image\n"
                  "ffffffff9a000010 B kexec_crash_image\n"
                  "ffffffffc0000000 t kexec_crash_image\t[module]\n");
        tree_text(&tree, "/proc/iomem",
                  "00001000-001fffff : System RAM\n"
                  "  00100000-001fffff : Crash kernel\n");
}

static void teardown(void) {
        tree_done(&tree);
}

static MarkAnswer look(void) {
        MarkAnswer answer;

        tree_bytes(&tree, "/proc/kcore", kcore, sizeof(kcore));
        kexec_mark_read(tree.fd, &answer);
        return answer;
}

static void is_unknown(const char *part) {
        MarkAnswer answer = look();

        ck_assert_int_eq(answer.kind, MARK_UNKNOWN);
        ck_assert_msg(strstr(answer.why, part), "\"%s\" is not in: %s", part, answer.why);
}

START_TEST(found) {
        MarkAnswer answer = look();

        ck_assert_int_eq(answer.kind, MARK_FOUND);
        ck_assert_str_eq(answer.mark, MARK);
        /* The first counts, which is ours. */
        put_text(LINE_AT + 0x1000, KEXEC_MARK_WORD OTHER " " KEXEC_MARK_WORD MARK);
        answer = look();
        ck_assert_str_eq(answer.mark, OTHER);
}
END_TEST

/* The place is noted, and then the symbols are not read again. */
START_TEST(noted) {
        struct stat st;

        ck_assert_int_eq(look().kind, MARK_FOUND);
        ck_assert_int_eq(stat_below(tree.fd, KEXEC_MARK_NOTE_PATH, &st), 0);
        tree_unlink(&tree, "/proc/kallsyms");
        ck_assert_int_eq(look().kind, MARK_FOUND);
        static const char *const bad[] = { "", "x 38 40", "ffffffff9a000010 38",
                                           "ffffffff9a000010 38 40 1" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                tree_text(&tree, KEXEC_MARK_NOTE_PATH, bad[i]);
                is_unknown("/proc/kallsyms");
        }
}
END_TEST

/* What another image has left in the reservation is no part of this one. */
START_TEST(not_live) {
        put_segment(1, CRASH + 0x5000, 0x1100);
        ck_assert_int_eq(look().kind, MARK_NONE);
        put_segment(1, CRASH + 0x3000, 0x1000);
        ck_assert_int_eq(look().kind, MARK_NONE);
        put_segment(1, CRASH + 0x3000, 0x1100);
        ck_assert_int_eq(look().kind, MARK_FOUND);
        put_text(LINE_AT + 0x1000, KEXEC_MARK_WORD "0123456789abcdef0123456789abcde ");
        ck_assert_int_eq(look().kind, MARK_NONE);
        put_text(LINE_AT + 0x1000, KEXEC_MARK_WORD MARK "0 ");
        ck_assert_int_eq(look().kind, MARK_NONE);
        put_number(KERNEL_OFF + POINTER_AT, 0);
        ck_assert_int_eq(look().kind, MARK_NOTHING);
}
END_TEST

START_TEST(cannot_be_known) {
        put_number(RAM_OFF + IMAGE_AT + 56, 17);
        is_unknown("no image that is known here");
        put_number(RAM_OFF + IMAGE_AT + 56, 0);
        is_unknown("no image that is known here");
        put_number(RAM_OFF + IMAGE_AT + 56, 2);
        put_segment(1, 0x3000, 0x1100);
        is_unknown("no image that is known here");
        put_segment(1, CRASH + 0xff000, 0x1001);
        is_unknown("no image that is known here");
        put_segment(1, CRASH + 0x3000, 0x1100);
        put_number(KERNEL_OFF + POINTER_AT, 0x1000);
        is_unknown("cannot be read in /proc/kcore");
        put_number(KERNEL_OFF + POINTER_AT, RAM_VADDR + RAM - 64);
        is_unknown("cannot be read in /proc/kcore");
        tree_text(&tree, "/proc/iomem", "00000000-00000000 : System RAM\n");
        is_unknown("/proc/iomem");
        tree_unlink(&tree, KEXEC_MARK_NOTE_PATH);
        tree_text(&tree, "/proc/kallsyms", "0000000000000000 B kexec_crash_image\n");
        is_unknown("shows no addresses");
        tree_text(&tree, "/proc/kallsyms", "ffffffff9a000010 B kexec_image\n");
        is_unknown("CONFIG_KALLSYMS_ALL");
        kcore[18] = EM_AARCH64;
        is_unknown("/proc/kcore cannot be read");
}
END_TEST

START_TEST(no_kcore) {
        MarkAnswer answer;

        kexec_mark_read(tree.fd, &answer);
        ck_assert_int_eq(answer.kind, MARK_UNKNOWN);
        ck_assert_ptr_nonnull(strstr(answer.why, "CONFIG_PROC_KCORE"));
        /* What systemd lays over it. */
        tree_text(&tree, "/proc/kcore", "");
        kexec_mark_read(tree.fd, &answer);
        ck_assert_int_eq(answer.kind, MARK_UNKNOWN);
        ck_assert_ptr_nonnull(strstr(answer.why, "may not be read"));
}
END_TEST

/* Whatever the file's headers say, nothing but its memory is read. */
START_TEST(kcore_bounds) {
        uint64_t offset, room;

        ck_assert_int_eq(kcore_find(kcore, HEADERS, RAM_VADDR + 1, false, &offset, &room), 0);
        ck_assert_uint_eq(offset, RAM_OFF + 1);
        ck_assert_uint_eq(room, RAM - 1);
        ck_assert_int_eq(kcore_find(kcore, HEADERS, 1, true, &offset, &room), 0);
        ck_assert_uint_eq(offset, RAM_OFF + 1);
        ck_assert_int_eq(kcore_find(kcore, HEADERS, RAM, true, &offset, &room), -EFAULT);
        ck_assert_int_eq(kcore_find(kcore, HEADERS, KERNEL_PADDR, true, &offset, &room), -EFAULT);
        ck_assert_int_eq(kcore_find(kcore, HEADERS, 0x1000, false, &offset, &room), -EFAULT);
        ck_assert_int_eq(kcore_find(kcore, 100, RAM_VADDR, false, &offset, &room), -EFAULT);
}
END_TEST

START_TEST(marks) {
        static const uint8_t bytes[KEXEC_MARK_BYTES] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
                                                         0xcd, 0xef, 0x01, 0x23, 0x45, 0x67,
                                                         0x89, 0xab, 0xcd, 0xef };
        char mark[KEXEC_MARK_MAX];

        kexec_mark_format(bytes, mark);
        ck_assert_str_eq(mark, MARK);
        ck_assert(kexec_mark_is(mark));
        ck_assert(!kexec_mark_is(NULL));
        ck_assert(!kexec_mark_is(&MARK[1]));
        ck_assert(!kexec_mark_is(MARK "0"));
        ck_assert(!kexec_mark_is("0123456789ABCDEF0123456789abcdef"));
        /* At the very end, without a NUL. */
        ck_assert(kexec_mark_find(KEXEC_MARK_WORD MARK, strlen(KEXEC_MARK_WORD MARK), mark));
        ck_assert(!kexec_mark_find(KEXEC_MARK_WORD MARK, strlen(KEXEC_MARK_WORD MARK) - 1, mark));
        ck_assert(!kexec_mark_find(KEXEC_MARK_WORD, strlen(KEXEC_MARK_WORD), mark));
}
END_TEST

START_TEST(answers) {
        static const MarkAnswer all[] = {
                { .kind = MARK_UNKNOWN, .why = "some file is not there" },
                { .kind = MARK_NOTHING },
                { .kind = MARK_NONE },
                { .kind = MARK_FOUND, .mark = MARK },
        };
        static const char *const bad[] = {
                "", "\n", "found", "found \n", "found 0123", "what", " "
        };
        char text[MARK_ANSWER_MAX];
        MarkAnswer answer;

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                mark_answer_format(&all[i], text);
                ck_assert(endswith(text, "\n"));
                mark_answer_parse(text, &answer);
                ck_assert_int_eq(answer.kind, all[i].kind);
                ck_assert_str_eq(answer.mark, all[i].mark);
                ck_assert_str_eq(answer.why, all[i].why);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                strscpy(text, sizeof(text), bad[i]);
                mark_answer_parse(text, &answer);
                ck_assert_int_eq(answer.kind, MARK_UNKNOWN);
                ck_assert_str_ne(answer.why, "");
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, found);
        ADD_FIXTURE_TEST(s, noted);
        ADD_FIXTURE_TEST(s, not_live);
        ADD_FIXTURE_TEST(s, cannot_be_known);
        ADD_FIXTURE_TEST(s, no_kcore);
        ADD_FIXTURE_TEST(s, kcore_bounds);
        ADD_TEST(s, marks);
        ADD_TEST(s, answers);
}

TEST_MAIN("kexec-mark", add_cases)
