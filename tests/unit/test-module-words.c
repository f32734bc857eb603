/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/module-words: parameters of modules on a command line. */
#include "test.h"

#include "base/string-util.h"
#include "core/module-words.h"

START_TEST(words) {
        static const struct {
                const char *line, *module, *wanted;
        } cases[] = {
                { "", "disk", "" },
                { "root=/dev/x disk.queue_depth=8 nr_cpus=1", "disk", "queue_depth=8" },
                { "disk.a disk.b=1\tdisk.b=2\n", "disk", "a b=1 b=2" },
                { "nvme-core.x=1 nvme_core.y-z=a.b", "nvme_core", "x=1 y-z=a.b" },
                { "nvme_core.x=1", "nvme-core", "x=1" },
                { "adisk.a=1 diska.b=1 disk=c.d disk. .disk=1", "disk", "" },
                { "x=disk.a=1 x.disk.a=1", "disk", "" },
                { "disk.a=\"b c\" disk.d=1", "disk", "a=\"b c\" d=1" },
                { "disk.a=\"b disk.c=1", "disk", "a=\"b disk.c=1" },
                { "disk.a=1 -- disk.b=1", "disk", "a=1" },
                { "\"disk.a=b c\" \"xdisk.a=1\" disk.d=1", "disk", "\"a=b c\" d=1" },
                { "\"disk.a\" \"disk\" \"\"", "disk", "\"a\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *found = NULL;

                ck_assert_int_eq(module_words(cases[i].line, cases[i].module, &found), 0);
                ck_assert_str_eq(found, cases[i].wanted);
        }
}
END_TEST

START_TEST(cut) {
        static const struct {
                const char *options, *words, *left;
        } cases[] = {
                { "a=1 b=2", "b=2", "a=1" },     { "b=2", "b=2", "" },        { "a=1", "", "a=1" },
                { "xb=2", "b=2", "xb=2" },       { "a=1", "b=2", "a=1" },     { "", "b=2", "" },
                { "b=2 a=1", "b=2", "b=2 a=1" }, { "b=2 b=2", "b=2", "b=2" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char options[32];

                strscpy(options, sizeof(options), cases[i].options);
                module_words_cut(options, cases[i].words);
                ck_assert_str_eq(options, cases[i].left);
        }
}
END_TEST

START_TEST(forbidden) {
        static const char line[] = "quiet modprobe.blacklist=a,b-c modprobe.blacklist=d "
                                   "xmodprobe.blacklist=e modprobe.blacklist= -- "
                                   "modprobe.blacklist=f";

        ck_assert(module_words_forbid(line, "a") && module_words_forbid(line, "b_c") &&
                  module_words_forbid(line, "d"));
        ck_assert(!module_words_forbid(line, "b") && !module_words_forbid(line, "e") &&
                  !module_words_forbid(line, "f") && !module_words_forbid(line, "blacklist"));
        ck_assert(!module_words_forbid("", "a"));
}
END_TEST

START_TEST(names) {
        static const struct {
                const char *path, *name;
        } cases[] = {
                { "/usr/lib/modules/1/kernel/fs/x-y.ko.gz", "x-y" },
                { "/z.ko", "z" },
                { "plain", "plain" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *name = module_name_of_path(cases[i].path);

                ck_assert_str_eq(name, cases[i].name);
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, words);
        ADD_TEST(s, cut);
        ADD_TEST(s, forbidden);
        ADD_TEST(s, names);
}

TEST_MAIN("module-words", add_cases)
