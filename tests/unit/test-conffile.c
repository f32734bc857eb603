/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/conffile: which files count, in which order, and what is said of what is wrong in them. */
#include "test.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "sys/conffile.h"
#include "tree.h"

#define ETC    KDUMPD_SYSCONFDIR "/kdumpd"
#define VENDOR KDUMPD_VENDORDIR "/kdumpd"
#define RUN    "/run/kdumpd"

static Tree tree;
static Settings settings;
static char warnings[16384], origins[16384]; /* a line for each */

static void setup(void) {
        tree_init(&tree);
        settings = (Settings){ 0 };
}

static void teardown(void) {
        settings_done(&settings);
        tree_done(&tree);
}

static void note_warning(void *userdata, const char *file, unsigned line, const char *text,
                         const char *told) {
        size_t used = strlen(warnings);

        /* Whoever has it told gets no value. */
        ck_assert_ptr_null(strstr(told, "secret"));
        ck_assert(!isempty(told));
        ck_assert_ptr_eq(userdata, &tree);
        strscpyf(warnings + used, sizeof(warnings) - used, "%s:%u: %s\n", file, line, text);
}

static void note_origin(void *userdata, const char *section, const char *key, const char *file) {
        size_t used = strlen(origins);

        ck_assert_ptr_eq(userdata, &tree);
        strscpyf(origins + used, sizeof(origins) - used, "%s.%s %s\n", section, key, file);
}

static Error error;

static void read_all(void) {
        warnings[0] = origins[0] = '\0';
        ck_assert_int_eq(
                conffile_read(tree.path, &settings, note_warning, note_origin, &tree, &error), 0);
}

START_TEST(no_files) {
        Settings presets;
        char a[SETTINGS_VALUE_MAX], b[SETTINGS_VALUE_MAX];

        read_all();
        ck_assert_str_eq(warnings, "");
        ck_assert_str_eq(origins, "");
        ck_assert_int_eq(settings_init(&presets), 0);
        for (size_t i = 0; settings_key(i, NULL, NULL, NULL); i++)
                ck_assert_str_eq(settings_format(&settings, i, a), settings_format(&presets, i, b));
        settings_done(&presets);
        ck_assert_int_eq(
                conffile_read("/no/such/root", &settings, note_warning, NULL, &tree, &error), 0);
        ck_assert_ptr_nonnull(strstr(warnings, "/no/such/root:0: "));
}
END_TEST

START_TEST(one_main_file) {
        tree_text(&tree, VENDOR "/kdumpd.conf", "[Image]\nKernel=/v\nInitrd=/v\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "/v");
        ck_assert_str_eq(origins, "Image.Kernel " VENDOR "/kdumpd.conf\n"
                                  "Image.Initrd " VENDOR "/kdumpd.conf\n");
        /* The one of /run takes its place as a whole, and that of /etc the place of both. */
        tree_text(&tree, RUN "/kdumpd.conf", "[Image]\nKernel=/r\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "/r");
        ck_assert_str_eq(settings.initrd, "auto");
        tree_text(&tree, ETC "/kdumpd.conf", "[Image]\nInitrd=/e\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "auto");
        ck_assert_str_eq(settings.initrd, "/e");
        ck_assert_str_eq(warnings, "");
}
END_TEST

START_TEST(dropins) {
        tree_text(&tree, ETC "/kdumpd.conf", "[Image]\nKernel=/main\nInitrd=/main\n");
        tree_text(&tree, VENDOR "/kdumpd.conf.d/50-a.conf", "[Image]\nKernel=/v50\n");
        tree_text(&tree, ETC "/kdumpd.conf.d/10-b.conf", "[Image]\nKernel=/e10\nInitrd=/e10\n");
        tree_text(&tree, ETC "/kdumpd.conf.d/ignored", "[Image]\nKernel=/x\n");
        tree_text(&tree, ETC "/kdumpd.conf.d/.99-hidden.conf", "[Image]\nKernel=/x\n");
        read_all();
        /* By name, whatever the directory. */
        ck_assert_str_eq(settings.kernel, "/v50");
        ck_assert_str_eq(settings.initrd, "/e10");
        ck_assert_str_eq(origins, "Image.Kernel " ETC "/kdumpd.conf\n"
                                  "Image.Initrd " ETC "/kdumpd.conf\n"
                                  "Image.Kernel " ETC "/kdumpd.conf.d/10-b.conf\n"
                                  "Image.Initrd " ETC "/kdumpd.conf.d/10-b.conf\n"
                                  "Image.Kernel " VENDOR "/kdumpd.conf.d/50-a.conf\n");
        /* The same name in /run hides it, and in /etc that. */
        tree_text(&tree, RUN "/kdumpd.conf.d/50-a.conf", "[Image]\nKernel=/r50\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "/r50");
        tree_text(&tree, ETC "/kdumpd.conf.d/50-a.conf", "");
        read_all();
        ck_assert_str_eq(settings.kernel, "/e10");
        tree_unlink(&tree, ETC "/kdumpd.conf.d/50-a.conf");
        tree_link(&tree, ETC "/kdumpd.conf.d/50-a.conf", "/dev/null");
        read_all();
        ck_assert_str_eq(settings.kernel, "/e10");
        ck_assert_str_eq(warnings, "");
        /* An empty value is the default again. */
        tree_text(&tree, ETC "/kdumpd.conf.d/60.conf", "[Image]\nKernel=\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "auto");
}
END_TEST

START_TEST(grammar) {
        tree_text(&tree, ETC "/kdumpd.conf",
                  "# comment\n"
                  "; comment\n"
                  "\r\n"
                  "  [Image] # comment\n"
                  "\tKernel =  /boot/a b  \r\n"
                  "Initrd=/i#1 # comment\n"
                  "[Service]\n"
                  "UnloadOnStop=yes\n"
                  "[Image]\n"
                  "CommandLine=a=b=c # \"d\n"
                  "[Hotplug]\n"
                  "Settle=1s");
        read_all();
        ck_assert_str_eq(warnings, "");
        /* Each key once, although libeconf lists a section for each of its headings. */
        ck_assert_str_eq(origins, "Image.Kernel " ETC "/kdumpd.conf\n"
                                  "Image.Initrd " ETC "/kdumpd.conf\n"
                                  "Image.CommandLine " ETC "/kdumpd.conf\n"
                                  "Service.UnloadOnStop " ETC "/kdumpd.conf\n"
                                  "Hotplug.Settle " ETC "/kdumpd.conf\n");
        ck_assert_str_eq(settings.kernel, "/boot/a b");
        ck_assert_str_eq(settings.initrd, "/i#1");
        ck_assert_str_eq(settings.command_line, "a=b=c");
        ck_assert(settings.unload_on_stop);
        ck_assert_uint_eq(settings.settle_usec, 1000000);
}
END_TEST

START_TEST(quotes) {
        static const struct {
                const char *line, *value;
        } cases[] = {
                { "foo=\"a b\" bar", "foo=\"a b\" bar" },
                { "\"foo=a b\" \"c d\"", "\"foo=a b\" \"c d\"" },
                { "\"foo=a b\"", "foo=a b" },
                { "\"foo a#b\" # c", "foo a#b" },
                { "\"\"", "" },
                { "a=\"x # y\" # z", "a=\"x # y\"" },
                { "a#b #c", "a#b" },
                { "#c", "" },
                { "a=\"x # y", "a=\"x # y" },
                { "'a b'", "a b" },
                { "a\\", "a\\" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[256];

                strscpyf(text, sizeof(text), "[Image]\nCommandLineAppend=%s\nCommandLineRemove=r\n",
                         cases[i].line);
                tree_text(&tree, ETC "/kdumpd.conf", text);
                read_all();
                ck_assert_str_eq(settings.command_line_append, cases[i].value);
                ck_assert_str_eq(settings.command_line_remove, "r");
                ck_assert_str_eq(warnings, "");
        }
}
END_TEST

START_TEST(bad_lines) {
        tree_text(&tree, ETC "/kdumpd.conf",
                  "Kernel=/no/section\n"
                  "[Image]\n"
                  "Kernel=relative\n"
                  "a line of text\n"
                  "Kernal=/x\n"
                  "Initrd=/i\n"
                  "  continued\n"
                  "=x\n"
                  "Ker nel=/x\n"
                  "[Hotplug\n"
                  "Settle=2s\n"
                  "[Nothing]\n"
                  "Settle=3s\n"
                  "[]\n"
                  "Settle=4s\n"
                  "[Hotplug]\n"
                  "MaxDelay=5s\n");
        tree_text(&tree, ETC "/kdumpd.conf.d/a.conf", "[Service]\nForeign=adopt\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "auto");
        ck_assert_str_eq(settings.initrd, "/i");
        ck_assert_uint_eq(settings.settle_usec, 500000);
        ck_assert_uint_eq(settings.max_delay_usec, 5000000);
        ck_assert_uint_eq(settings.foreign, FOREIGN_ADOPT);
        static const struct {
                unsigned line;
                const char *part;
        } expected[] = {
                { 1, "Kernel=, which is in no section" },
                { 3, "ignoring Kernel=relative: it takes auto" },
                { 4, "neither [Section] nor Key=value" },
                { 5, "section [Image] has no key Kernal=" },
                { 7, "neither [Section] nor Key=value" },
                { 8, "neither [Section] nor Key=value" },
                { 9, "neither [Section] nor Key=value" },
                { 10, "neither [Section] nor Key=value" },
                { 11, "Settle=, which is in no section" },
                { 13, "there is no section [Nothing]" },
                { 14, "neither [Section] nor Key=value" },
                { 15, "Settle=, which is in no section" },
        };
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                char where[128];
                const char *found;

                strscpyf(where, sizeof(where), ETC "/kdumpd.conf:%u: ", expected[i].line);
                found = strstr(warnings, where);
                ck_assert_msg(found, "nothing on line %u", expected[i].line);
                found += strlen(where);
                ck_assert_msg(memmem(found, strcspn(found, "\n"), expected[i].part,
                                     strlen(expected[i].part)),
                              "line %u: %s", expected[i].line, found);
        }
        size_t lines = 0;
        for (const char *p = warnings; (p = strchr(p, '\n')); p++)
                lines++;
        ck_assert_uint_eq(lines, ELEMENTSOF(expected));
}
END_TEST

START_TEST(repeated) {
        tree_text(&tree, ETC "/kdumpd.conf",
                  "[Image]\nKernel=/1\nInitrd=/i\nKernel=/2\n[Service]\nForeign=adopt\n"
                  "[Image]\nKernel=/3\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "/3");
        ck_assert_str_eq(settings.initrd, "/i");
        ck_assert_str_eq(warnings,
                         ETC "/kdumpd.conf:2: Kernel= is set again in line 4, which counts\n" ETC
                             "/kdumpd.conf:4: Kernel= is set again in line 8, which counts\n");
}
END_TEST

START_TEST(bad_files) {
        _cleanup_free_ char *big = malloc(CONFFILE_LONGEST + 2);

        ck_assert_ptr_nonnull(big);
        memset(big, '\n', CONFFILE_LONGEST + 1);
        memcpy(big, "[Image]\nKernel=/k\n", 18);
        tree_bytes(&tree, ETC "/kdumpd.conf.d/a.conf", big, CONFFILE_LONGEST + 1);
        tree_bytes(&tree, ETC "/kdumpd.conf.d/b.conf", "[Image]\nKernel=/\0\n", 18);
        tree_dir(&tree, ETC "/kdumpd.conf.d/c.conf");
        tree_link(&tree, ETC "/kdumpd.conf.d/d.conf", "nowhere");
        ck_assert_int_eq(mkfifoat(tree.fd, &(ETC "/kdumpd.conf.d/e.conf")[1], 0644), 0);
        tree_text(&tree, ETC "/kdumpd.conf.d/f.conf", "[Image]\nInitrd=/f\n");
        read_all();
        ck_assert_str_eq(settings.kernel, "auto");
        ck_assert_str_eq(settings.initrd, "/f");
        ck_assert_ptr_nonnull(strstr(warnings, "a.conf:0: ignoring the file: it is longer"));
        ck_assert_ptr_nonnull(strstr(warnings, "b.conf:0: ignoring the file: it is not text"));
        ck_assert_ptr_nonnull(strstr(warnings, "c.conf:0: ignoring the file: it is no regular"));
        ck_assert_ptr_nonnull(strstr(warnings, "d.conf:0: ignoring the file: No such file"));
        ck_assert_ptr_nonnull(strstr(warnings, "e.conf:0: ignoring the file: it is no regular"));
        /* Just at the limit is all right, but for the number of lines. */
        tree_bytes(&tree, ETC "/kdumpd.conf.d/a.conf", big, CONFFILE_LONGEST);
        read_all();
        ck_assert_str_eq(settings.kernel, "/k");
        ck_assert_ptr_nonnull(strstr(warnings, "a.conf:4096: ignoring all that follows"));
}
END_TEST

START_TEST(many_dropins) {
        for (unsigned i = 0; i < CONFFILE_FILES_MAX + 1; i++) {
                char path[128];

                strscpyf(path, sizeof(path), ETC "/kdumpd.conf.d/%03u.conf", i);
                tree_text(&tree, path, "[Image]\nKernel=/k\n");
        }
        read_all();
        ck_assert_str_eq(settings.kernel, "/k");
        ck_assert_str_eq(warnings, ETC "/kdumpd.conf.d:0: ignoring drop-ins: there are more than "
                                       "256\n");
}
END_TEST

START_TEST(combination) {
        tree_text(&tree, ETC "/kdumpd.conf", "[Hotplug]\nMaxDelay=1ms\n");
        read_all();
        ck_assert_uint_eq(settings.max_delay_usec, settings.settle_usec);
        ck_assert_ptr_nonnull(strstr(warnings, "MaxDelay="));
}
END_TEST

/* Reads in vain: what was in force stays. */
static void check_kept(int wanted, const char *part) {
        warnings[0] = error.text[0] = '\0';
        ck_assert_int_eq(conffile_read(tree.path, &settings, note_warning, NULL, &tree, &error),
                         wanted);
        ck_assert_str_eq(settings.kernel, "/e");
        ck_assert_msg(strstr(error.text, part) && strstr(error.text, strerror(-wanted)), "%s",
                      error.text);
}

/* Whether anything was changed is seen without reading it: files that come and go, and one in the
 * place of another, as editors and packages put them. */
START_TEST(identity) {
        uint64_t none = conffile_identity(tree.fd), one, other;
        struct stat st;

        tree_text(&tree, ETC "/kdumpd.conf", "[Image]\nKernel=/e\n");
        one = conffile_identity(tree.fd);
        ck_assert_uint_ne(one, none);
        ck_assert_uint_eq(conffile_identity(tree.fd), one);
        ck_assert_int_eq(fstatat(tree.fd, &(ETC "/kdumpd.conf")[1], &st, 0), 0);
        /* Of the same size and time. */
        tree_text(&tree, ETC "/new", "[Image]\nKernel=/f\n");
        ck_assert_int_eq(utimensat(tree.fd, &(ETC "/new")[1],
                                   (struct timespec[]){ st.st_mtim, st.st_mtim }, 0),
                         0);
        ck_assert_int_eq(renameat(tree.fd, &(ETC "/new")[1], tree.fd, &(ETC "/kdumpd.conf")[1]), 0);
        other = conffile_identity(tree.fd);
        ck_assert_uint_ne(other, one);
        /* And the same one with another time. */
        ck_assert_int_eq(utimensat(tree.fd, &(ETC "/kdumpd.conf")[1],
                                   (struct timespec[]){ { 1, 0 }, { 1, 0 } }, 0),
                         0);
        ck_assert_uint_ne(conffile_identity(tree.fd), other);
        tree_text(&tree, RUN "/kdumpd.conf.d/x.conf", "");
        one = conffile_identity(tree.fd);
        tree_text(&tree, RUN "/kdumpd.conf.d/x.txt", "");
        ck_assert_uint_eq(conffile_identity(tree.fd), one);
        tree_unlink(&tree, RUN "/kdumpd.conf.d/x.conf");
        ck_assert_uint_ne(conffile_identity(tree.fd), one);
        tree_unlink(&tree, ETC "/kdumpd.conf");
        ck_assert_uint_eq(conffile_identity(tree.fd), none);
}
END_TEST

START_TEST(not_now) {
        tree_text(&tree, ETC "/kdumpd.conf", "[Image]\nKernel=/e\n");
        read_all();
        /* A loop is not what somebody has written down. */
        tree_unlink(&tree, ETC "/kdumpd.conf");
        tree_link(&tree, ETC "/kdumpd.conf", "kdumpd.conf");
        check_kept(-ELOOP, "\"" ETC "/kdumpd.conf\"");
        tree_unlink(&tree, ETC "/kdumpd.conf");
        tree_text(&tree, ETC "/kdumpd.conf", "[Image]\nKernel=/e\n");
        tree_link(&tree, RUN "/kdumpd.conf.d/x.conf", "x.conf");
        check_kept(-ELOOP, "\"" RUN "/kdumpd.conf.d/x.conf\"");
        tree_unlink(&tree, RUN "/kdumpd.conf.d/x.conf");
        tree_link(&tree, VENDOR "/kdumpd.conf.d", "kdumpd.conf.d");
        check_kept(-ELOOP, "\"" VENDOR "/kdumpd.conf.d\"");
        tree_unlink(&tree, VENDOR "/kdumpd.conf.d");
        tree_close(&tree, ETC "/kdumpd.conf");
        check_kept(-EACCES, "\"" ETC "/kdumpd.conf\"");
        tree_reopen(&tree, ETC "/kdumpd.conf");
        read_all();
        ck_assert_str_eq(warnings, "");
}
END_TEST

/* With descriptors for the first steps only, whichever is the one that fails: all or nothing. */
START_TEST(no_descriptors) {
        struct rlimit limit, small;
        unsigned n_failed = 0;
        int lowest, r = -EMFILE;

        tree_text(&tree, ETC "/kdumpd.conf", "[Image]\nKernel=/e\nInitrd=/e\n");
        tree_text(&tree, RUN "/kdumpd.conf.d/x.conf", "[Image]\nInitrd=/x\n");
        read_all();
        lowest = dup(STDERR_FILENO);
        ck_assert_int_ge(lowest, 0);
        (void)close(lowest);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        for (unsigned i = 0; r < 0 && i < 20; i++) {
                warnings[0] = '\0';
                small = limit;
                small.rlim_cur = (rlim_t)lowest + i;
                ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &small), 0);
                r = conffile_read(tree.path, &settings, note_warning, NULL, &tree, &error);
                ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
                n_failed += r < 0;
                ck_assert_msg(r >= 0 || r == -EMFILE, "%d: %s", r, error.text);
                ck_assert_str_eq(warnings, "");
                ck_assert_str_eq(settings.kernel, "/e");
                ck_assert_str_eq(settings.initrd, "/x");
        }
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n_failed, 3);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, no_files);
        ADD_FIXTURE_TEST(s, one_main_file);
        ADD_FIXTURE_TEST(s, dropins);
        ADD_FIXTURE_TEST(s, grammar);
        ADD_FIXTURE_TEST(s, quotes);
        ADD_FIXTURE_TEST(s, bad_lines);
        ADD_FIXTURE_TEST(s, repeated);
        ADD_FIXTURE_TEST(s, bad_files);
        ADD_FIXTURE_TEST(s, many_dropins);
        ADD_FIXTURE_TEST(s, combination);
        ADD_FIXTURE_TEST(s, identity);
        ADD_FIXTURE_TEST(s, not_now);
        ADD_FIXTURE_TEST(s, no_descriptors);
}

TEST_MAIN("conffile", add_cases)
