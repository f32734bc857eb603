/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/dump-level: which pages makedumpfile may leave out, by the names of four kernels. */
#include "test.h"

#include "base/string-util.h"
#include "core/dump-level.h"

/* What kernels tell, of which the first lines are for all of them. */
#define OLD_PAGES                                                      \
        "CRASHTIME=1700000000\nSYMBOL(mem_section)=ffff888000000000\n" \
        "SIZE(page)=64\nOFFSET(page.flags)=0\nNUMBER(PG_slab)=9\nNUMBER(PG_head_mask)=65536\n"
#define NEW_BUDDY "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
#define NEW_SLAB  "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-167772160\n"

static const char linux_6_1[] = "OSRELEASE=6.1.0-56-amd64\n" OLD_PAGES
                                "OFFSET(page.compound_head)=8\nNUMBER(HUGETLB_PAGE_DTOR)=2\n"
                                "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n";
static const char linux_6_5[] =
        "OSRELEASE=6.5.0-14-generic\n" OLD_PAGES "OFFSET(page.compound_head)=8\n"
        "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n";
static const char linux_6_12[] = "OSRELEASE=6.12.117+deb12-amd64\n" OLD_PAGES NEW_BUDDY NEW_SLAB
                                 "OFFSET(page.compound_head)=8\n";
static const char linux_7_2[] =
        "OSRELEASE=7.2.13-amd64\n" OLD_PAGES NEW_BUDDY NEW_SLAB
        "OFFSET(page.compound_info)=8\nNUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)=-134217728\n";

/* As they lie in makedumpfile's file. */
#define KNOWS(version, names)                                                                \
        "\177ELF\0makedumpfile: version " version " (released on some day)\n\0SIZE(page)=\0" \
        "OFFSET(page.flags)=\0NUMBER(PG_slab)=\0PG_head_mask\0PAGE_BUDDY_MAPCOUNT_VALUE\0"   \
        "HUGETLB_PAGE_DTOR\0page.compound_head\0" names

static LevelCheck check(const char *info, const char *program, size_t size) {
        LevelCheck check;

        level_check(info, program, size, &check);
        return check;
}

#define CHECK(info, version, names) \
        check(info, KNOWS(version, names), sizeof(KNOWS(version, names)) - 1)

START_TEST(safe) {
        char reason[LEVEL_REASON_MAX];
        LevelCheck checks[] = {
                CHECK(linux_6_1, "1.7.2", ""),
                CHECK(linux_6_1, "1.7.6", ""),
                CHECK(linux_6_12, "1.7.7", "PAGE_SLAB_MAPCOUNT_VALUE"),
                CHECK(linux_6_12, "1.8.0", "PAGE_SLAB_MAPCOUNT_VALUE"),
                /* With a distribution's patches. */
                CHECK(linux_7_2, "1.7.7", "PAGE_SLAB_MAPCOUNT_VALUE\0(page.compound_info)"),
                CHECK(linux_6_5, "1.7.3", ""),
                CHECK(linux_6_5, "1.10.0", ""),
                CHECK(linux_6_5, "2.0.0", ""),
        };

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                ck_assert_int_eq(checks[i].verdict, LEVEL_SAFE);
                ck_assert(!checks[i].is_blind);
                ck_assert_uint_eq(level_safe(&checks[i], 31), 31);
                ck_assert_str_eq(level_reason(&checks[i], 31, reason), "");
        }
}
END_TEST

START_TEST(loses_pages) {
        char reason[LEVEL_REASON_MAX];
        const struct {
                LevelCheck check;
                const char *name;
        } cases[] = {
                { CHECK(linux_6_12, "1.7.2", ""), "PAGE_SLAB_MAPCOUNT_VALUE" },
                { CHECK(linux_7_2, "1.7.8", "PAGE_SLAB_MAPCOUNT_VALUE"), "page.compound_info" },
                /* A part of a name is another one. */
                { CHECK(linux_7_2, "1.7.8",
                        "PAGE_SLAB_MAPCOUNT_VALUE\0page.compound_info2\0a.page.compound_info"),
                  "page.compound_info" },
                { CHECK(linux_6_12, "1.7.6", "_PAGE_SLAB_MAPCOUNT_VALUE"),
                  "PAGE_SLAB_MAPCOUNT_VALUE" },
                { CHECK(linux_6_5, "1.7.2", ""), "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const LevelCheck *c = &cases[i].check;

                ck_assert_int_eq(c->verdict, LEVEL_LOSES_PAGES);
                ck_assert_str_eq(c->unknown, cases[i].name);
                ck_assert_uint_eq(level_safe(c, 31), 23);
                ck_assert_uint_eq(level_safe(c, 17), 17);
                ck_assert_ptr_nonnull(strstr(level_reason(c, 31, reason), cases[i].name));
                ck_assert_ptr_nonnull(strstr(reason, "those of programs are kept"));
                ck_assert_str_eq(level_reason(c, 1, reason), "");
        }
}
END_TEST

START_TEST(blind) {
        LevelCheck c = CHECK(linux_6_12, "1.7.6", "PAGE_SLAB_MAPCOUNT_VALUE");
        char reason[LEVEL_REASON_MAX];

        ck_assert_int_eq(c.verdict, LEVEL_SAFE);
        ck_assert(c.is_blind);
        ck_assert_uint_eq(level_safe(&c, 31), 31);
        ck_assert_ptr_nonnull(strstr(level_reason(&c, 31, reason), "free pages"));
        ck_assert_str_eq(level_reason(&c, 15, reason), "");
        c = CHECK(linux_7_2, "1.7.6", "PAGE_SLAB_MAPCOUNT_VALUE");
        ck_assert(c.is_blind);
        ck_assert_ptr_nonnull(strstr(level_reason(&c, 31, reason), "page.compound_info"));
        ck_assert_ptr_nonnull(strstr(reason, "; makedumpfile 1.7.6 does not recognize"));
        ck_assert(!CHECK(linux_6_1, "1.7.6", "").is_blind);
        ck_assert(!CHECK(linux_6_12, "1.7.2", "").is_blind);
}
END_TEST

START_TEST(not_known) {
        static const char script[] = "#!/bin/sh\nexec /opt/makedumpfile.bin \"$@\"\n";
        static const char *const infos[] = { "",
                                             "\n",
                                             "OSRELEASE=6.1.0\n",
                                             "NUMBER(PG_",
                                             "NUMBER(VMALLOC_START)=1\n",
                                             "=\n(PG_slab)\n" };
        LevelCheck c = check(linux_6_12, script, sizeof(script) - 1);

        ck_assert_int_eq(c.verdict, LEVEL_NOT_KNOWN);
        ck_assert_uint_eq(level_safe(&c, 31), 31);
        ck_assert_int_eq(check(linux_6_12, "", 0).verdict, LEVEL_NOT_KNOWN);
        /* Without a version, the names tell. */
        ck_assert_int_eq(CHECK(linux_6_1, "of today", "").verdict, LEVEL_SAFE);
        ck_assert_int_eq(CHECK(linux_6_12, "of today", "").verdict, LEVEL_LOSES_PAGES);
        for (size_t i = 0; i < ELEMENTSOF(infos); i++)
                ck_assert_int_eq(CHECK(infos[i], "1.7.2", "").verdict, LEVEL_NOT_KNOWN);
}
END_TEST

/* No address is in what is left for others to read, and it tells the same. */
START_TEST(info) {
        _cleanup_free_ char *text = NULL, *again = NULL;

        ck_assert_int_eq(level_info(linux_6_12, &text), 0);
        ck_assert_ptr_null(strstr(text, "SYMBOL"));
        ck_assert_ptr_null(strstr(text, "CRASHTIME"));
        ck_assert_ptr_nonnull(strstr(text, "OSRELEASE=6.12.117+deb12-amd64\n"));
        ck_assert_ptr_nonnull(strstr(text, "NUMBER(PG_head_mask)=65536\n"));
        ck_assert_int_eq(level_info(text, &again), 0);
        ck_assert_str_eq(text, again);
        ck_assert(CHECK(text, "1.7.6", "PAGE_SLAB_MAPCOUNT_VALUE").is_blind);
        ck_assert_int_eq(CHECK(text, "1.7.2", "").verdict, LEVEL_LOSES_PAGES);
}
END_TEST

START_TEST(contents) {
        char text[LEVEL_CONTENTS_MAX];

        ck_assert_str_eq(level_contents(31, false, text), "the kernel's memory");
        ck_assert_str_eq(level_contents(29, false, text), "the kernel's memory");
        ck_assert_str_eq(level_contents(31, true, text), "the kernel's memory and free memory");
        ck_assert_str_eq(level_contents(23, false, text),
                         "the kernel's memory and that of programs");
        ck_assert_str_eq(level_contents(27, false, text),
                         "the kernel's memory and some cached files");
        ck_assert_str_eq(level_contents(0, false, text), "the kernel's memory, that of programs, "
                                                         "cached files and free memory");
}
END_TEST

START_TEST(size) {
        const MemoryUse use = { .total = 1000, .free = 100, .cache = 20, .user = 3 };

        ck_assert_uint_eq(level_dump_bytes(&use, 0, false), 1000);
        ck_assert_uint_eq(level_dump_bytes(&use, 1, false), 1000);
        ck_assert_uint_eq(level_dump_bytes(&use, 31, false), 877);
        ck_assert_uint_eq(level_dump_bytes(&use, 31, true), 977);
        ck_assert_uint_eq(level_dump_bytes(&use, 23, false), 880);
        ck_assert_uint_eq(level_dump_bytes(&use, 8, false), 997);
        ck_assert_uint_eq(level_dump_bytes(&(MemoryUse){ .total = 5, .free = 9 }, 16, false), 0);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, safe);
        ADD_TEST(s, loses_pages);
        ADD_TEST(s, blind);
        ADD_TEST(s, not_known);
        ADD_TEST(s, info);
        ADD_TEST(s, contents);
        ADD_TEST(s, size);
}

TEST_MAIN("dump-level", add_cases)
