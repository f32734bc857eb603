/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/: numbers, strings cut at characters, time spans, small files. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"

START_TEST(numbers) {
        uint64_t v = 7;
        uint32_t w = 7;

        ck_assert_int_eq(parse_u64("0", 10, &v), 0);
        ck_assert_uint_eq(v, 0);
        ck_assert_int_eq(parse_u64("18446744073709551615", 10, &v), 0);
        ck_assert_uint_eq(v, UINT64_MAX);
        ck_assert_int_eq(parse_u64("18446744073709551616", 10, &v), -ERANGE);
        ck_assert_int_eq(parse_u64("0xffff880000000000", 16, &v), 0);
        ck_assert_uint_eq(v, UINT64_C(0xffff880000000000));
        ck_assert_int_eq(parse_u64("Ff", 16, &v), 0);
        ck_assert_uint_eq(v, 255);
        static const char *const bad[] = { "", " 1", "1 ", "-1", "+1", "0x1", "1a" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(parse_u64(bad[i], 10, &v), -EINVAL);
        ck_assert_int_eq(parse_u64("0x", 16, &v), -EINVAL);
        ck_assert_uint_eq(v, 255);
        ck_assert_int_eq(parse_u32("4294967295", 10, &w), 0);
        ck_assert_int_eq(parse_u32("4294967296", 10, &w), -ERANGE);
        ck_assert_uint_eq(w, UINT32_MAX);
        ck_assert_int_eq(parse_boolean("YES"), 1);
        ck_assert_int_eq(parse_boolean("off"), 0);
        ck_assert_int_eq(parse_boolean("2"), -EINVAL);
}
END_TEST

START_TEST(cutting) {
        char buf[6];

        strscpy(buf, sizeof(buf), "abcde");
        ck_assert_str_eq(buf, "abcde");
        strscpy(buf, sizeof(buf), "abcdefg");
        ck_assert_str_eq(buf, "abcde");
        strscpy(buf, sizeof(buf), "abcd\u00e9");
        ck_assert_str_eq(buf, "abcd");
        strscpyf(buf, sizeof(buf), "%s", "abcd\u00e9");
        ck_assert_str_eq(buf, "abcd");
        strscpyf(buf, sizeof(buf), "%s", "abc\u00e9x");
        ck_assert_str_eq(buf, "abc\u00e9");
        strscpyf(buf, sizeof(buf), "%s", "abc\u20acx");
        ck_assert_str_eq(buf, "abc");
        strscpyf(buf, 1, "%d", 12);
        ck_assert_str_eq(buf, "");

        char blank[] = " \t a b \r\n";
        ck_assert_str_eq(strstrip(blank), "a b");
        char nothing[] = "  ";
        ck_assert_str_eq(strstrip(nothing), "");
}
END_TEST

START_TEST(mending) {
        static const struct {
                const char *text, *mended;
        } cases[] = {
                { "", "" },
                { "plain ~", "plain ~" },
                { "a\tb\nc\x7f\x1b", "a\tb?c??" },
                { "gr\u00fcn \u20ac \U0001f600", "gr\u00fcn \u20ac \U0001f600" },
                /* No lead, no continuation, cut off by the end. */
                { "\x80x\xfcx\xffx", "?x?x?x" },
                { "\xc3.\xe2\x82.\xf0\x9f\x98.", "?.??.???." },
                { "\xe2\x82", "??" },
                { "\xf0\x9f\x98", "???" },
                /* Longer than need be, controls, surrogates, no characters, beyond Unicode. */
                { "\xc0\xaf\xe0\x80\xaf", "?????" },
                { "\xc2\x85", "??" },
                { "\xed\xa0\x80", "???" },
                { "\xef\xb7\x90\xef\xbf\xbf", "??????" },
                { "\xf4\x90\x80\x80\xf8\x88\x80\x80\x80", "?????????" },
                { "\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd" },
                /* U+202E, U+2066, U+2069, U+200E, U+200F, U+061C */
                { "a\u202eb\u2066\u2069", "a???b??????" },
                { "\u200e\u200f\u061c\u202a", "????????"
                                              "???" },
                /* A line's end, what has no width, a byte order mark, tags. */
                { "\u2028\u2029\u200b\u2060\ufeff\u00ad", "?????????????????" },
                { "\U000e0041\ufff9", "???????" },
                /* Letters of scripts that run from right to left, and what joins them. */
                { "\u05d0\u0627\u200d\u200c\u0600\u2027\u2030",
                  "\u05d0\u0627\u200d\u200c\u0600\u2027\u2030" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strdup(cases[i].text);

                ck_assert_ptr_nonnull(text);
                utf8_mend(text);
                ck_assert_str_eq(text, cases[i].mended);
        }
}
END_TEST

START_TEST(timespans) {
        static const struct {
                const char *text;
                uint64_t usec;
        } good[] = {
                { "0", 0 },
                { "500ms", 500000 },
                { "500 ms", 500000 },
                { "10", 10000000 },
                { "10s", 10000000 },
                { "2.5s", 2500000 },
                { "0.0000019s", 1 },
                { "1min 30s", 90000000 },
                { "1h1min1s1ms1us", UINT64_C(3661001001) },
                { " 1 min ", 60000000 },
        };
        static const char *const bad[] = { "",    " ",     "s",   "1x",  "-1s",
                                           "1.s", "1..2s", "ms5", "1e3", "infinity" };
        uint64_t usec;
        char buf[TIMESPAN_MAX];

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                ck_assert_int_eq(parse_timespan(good[i].text, &usec), 0);
                ck_assert_uint_eq(usec, good[i].usec);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(parse_timespan(bad[i], &usec), -EINVAL);
        ck_assert_int_eq(parse_timespan("99999999999999999999s", &usec), -ERANGE);
        ck_assert_int_eq(parse_timespan("9999999999999999h", &usec), -ERANGE);

        ck_assert_str_eq(format_timespan(buf, 850), "850 us");
        ck_assert_str_eq(format_timespan(buf, 27312), "27.3 ms");
        ck_assert_str_eq(format_timespan(buf, 1312345), "1.31 s");
        ck_assert_str_eq(format_timespan(buf, 1002), "1.00 ms");
        ck_assert_str_eq(format_timespan(buf, 125 * USEC_PER_SEC), "2 min 5 s");
        ck_assert_str_eq(format_timespan(buf, 3720 * USEC_PER_SEC), "1 h 2 min");
        ck_assert_str_eq(format_timespan(buf, USEC_INFINITY), "never");
}
END_TEST

START_TEST(files) {
        char template[] = "/tmp/kdumpd-test-XXXXXX", line[8];
        _cleanup_close_ int root = -EBADF;
        _cleanup_free_ char *text = NULL;
        uint64_t v;
        size_t n;

        ck_assert_ptr_nonnull(mkdtemp(template));
        root = open_root(template);
        ck_assert_int_ge(root, 0);
        ck_assert_int_eq(write_file_below(root, "/a", "12345\n", 6), 0);
        ck_assert_int_eq(write_file_below(root, "a", "123456\n", 7), 0);
        ck_assert(exists_below(root, "/a"));
        ck_assert(!exists_below(root, "/a.new"));
        ck_assert_int_eq(read_u64_below(root, "/a", &v), 0);
        ck_assert_uint_eq(v, 123456);
        ck_assert_int_eq(read_line_below(root, "/a", line, sizeof(line)), 0);
        ck_assert_str_eq(line, "123456");
        ck_assert_int_eq(read_line_below(root, "/a", line, 6), -EFBIG);
        ck_assert_int_eq(read_file_below(root, "/a", 6, &text, &n), -EFBIG);
        ck_assert_int_eq(read_file_below(root, "/a", 7, &text, &n), 0);
        ck_assert_uint_eq(n, 7);
        ck_assert_int_eq(read_u64_below(root, "/b", &v), -ENOENT);
        ck_assert_int_eq(write_file_below(root, "/no/such", "", 0), -ENOENT);

        /* Longer than what is read at once. */
        char big[10000];
        memset(big, 'x', sizeof(big));
        ck_assert_int_eq(write_file_below(root, "/big", big, sizeof(big)), 0);
        free(TAKE_PTR(text));
        ck_assert_int_eq(read_file_below(root, "/big", sizeof(big), &text, &n), 0);
        ck_assert_uint_eq(n, sizeof(big));
        free(TAKE_PTR(text));
        ck_assert_int_eq(read_file_below(root, "/big", sizeof(big) - 1, &text, &n), -EFBIG);
        ck_assert_int_eq(unlinkat(root, "a", 0), 0);
        ck_assert_int_eq(unlinkat(root, "big", 0), 0);
        ck_assert_int_eq(rmdir(template), 0);
}
END_TEST

static char order[64];

static void note_call(const char *call) {
        strscpyf(order + strlen(order), sizeof(order) - strlen(order), "%s ", call);
}

/* Instead of the C library's: notes when it is called, and for what. */
int fsync(int fd) {
        struct stat st;

        ck_assert_int_eq(fstat(fd, &st), 0);
        note_call(S_ISDIR(st.st_mode) ? "directory" : "file");
        return (int)syscall(SYS_fsync, fd);
}

int renameat(int old_fd, const char *old, int new_fd, const char *new) {
        note_call("rename");
        return (int)syscall(SYS_renameat2, old_fd, old, new_fd, new, 0);
}

START_TEST(durable) {
        char template[] = "/tmp/kdumpd-test-XXXXXX", line[8];
        _cleanup_close_ int root = -EBADF;

        ck_assert_ptr_nonnull(mkdtemp(template));
        root = open_root(template);
        ck_assert_int_ge(root, 0);
        ck_assert_int_eq(mkdirat(root, "d", 0755), 0);
        ck_assert_int_eq(write_durable_below(root, "/d/a", "1\n", 2), 0);
        ck_assert_str_eq(order, "file rename directory ");
        ck_assert_int_eq(read_line_below(root, "/d/a", line, sizeof(line)), 0);
        ck_assert_str_eq(line, "1");
        ck_assert_int_eq(write_durable_below(root, "/a", "2\n", 2), 0);
        ck_assert_str_eq(order, "file rename directory file rename directory ");
        order[0] = '\0';
        ck_assert_int_eq(write_durable_below(root, "/no/such", "", 0), -ENOENT);
        ck_assert_int_eq(write_file_below(root, "/a", "3\n", 2), 0);
        ck_assert_str_eq(order, "rename ");
        ck_assert_int_eq(unlinkat(root, "d/a", 0), 0);
        ck_assert_int_eq(unlinkat(root, "a", 0), 0);
        ck_assert_int_eq(unlinkat(root, "d", AT_REMOVEDIR), 0);
        ck_assert_int_eq(rmdir(template), 0);
}
END_TEST

/* Links that lead out of the root lead below it, wherever in the path they are. */
START_TEST(in_root) {
        char template[] = "/tmp/kdumpd-test-XXXXXX", outside[] = "/tmp/kdumpd-test-XXXXXX";
        char path[64], line[8];
        _cleanup_close_ int root = -EBADF, other = -EBADF;
        struct stat st;

        ck_assert_ptr_nonnull(mkdtemp(template));
        ck_assert_ptr_nonnull(mkdtemp(outside));
        root = open_root(template);
        other = open_root(outside);
        ck_assert_int_eq(write_file_below(other, "/a", "out\n", 4), 0);
        ck_assert_int_eq(symlinkat(outside, root, "link"), 0);
        ck_assert_int_eq(symlinkat("../../../../..", root, "up"), 0);
        ck_assert(!exists_below(root, "/link/a"));
        ck_assert_int_eq(stat_below(root, "/link", &st), -ENOENT);
        ck_assert_int_eq(read_line_below(root, "/link/a", line, sizeof(line)), -ENOENT);
        ck_assert_int_eq(write_file_below(root, "/link/b", "", 0), -ENOENT);
        ck_assert_int_eq(make_directory_below(root, "/link/d", 0755), -ENOENT);
        ck_assert_int_eq(remove_below(root, "/link/a"), -ENOENT);
        strscpyf(path, sizeof(path), "/up%s/a", outside);
        ck_assert(!exists_below(root, path));
        /* The same path, below the root. */
        ck_assert_int_eq(make_directory_below(root, "/tmp", 0755), 0);
        ck_assert_int_eq(make_directory_below(root, outside, 0755), 0);
        ck_assert_int_eq(make_directory_below(root, outside, 0755), -EEXIST);
        ck_assert_int_eq(write_file_below(root, "/link/a", "in\n", 3), 0);
        ck_assert_int_eq(read_line_below(root, path, line, sizeof(line)), 0);
        ck_assert_str_eq(line, "in");
        ck_assert_int_eq(read_line_below(other, "/a", line, sizeof(line)), 0);
        ck_assert_str_eq(line, "out");
        ck_assert_int_eq(remove_below(root, "/up/link/a"), 0);
        ck_assert(!exists_below(root, path) && exists_below(other, "/a"));
        ck_assert_int_eq(symlinkat("/dev/null", root, "tmp/masked"), 0);
        ck_assert(is_masked_below(root, "/up/tmp/masked"));
        ck_assert(!is_masked_below(root, "/tmp"));
        ck_assert(!is_masked_below(root, "/up"));
        (void)unlinkat(root, "tmp/masked", 0);
        (void)unlinkat(root, &outside[1], AT_REMOVEDIR);
        (void)unlinkat(root, "tmp", AT_REMOVEDIR);
        (void)unlinkat(root, "link", 0);
        (void)unlinkat(root, "up", 0);
        (void)unlinkat(other, "a", 0);
        ck_assert_int_eq(rmdir(template), 0);
        ck_assert_int_eq(rmdir(outside), 0);
}
END_TEST

START_TEST(test_all_zero) {
        char data[5] = { 0 };

        ck_assert(is_all_zero(data, sizeof(data)));
        ck_assert(is_all_zero(data, 1));
        ck_assert(!is_all_zero(data, 0));
        for (size_t i = 0; i < sizeof(data); i++) {
                data[i] = 1;
                ck_assert(!is_all_zero(data, sizeof(data)));
                ck_assert(i == 0 || is_all_zero(data, i));
                data[i] = 0;
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, test_all_zero);
        ADD_TEST(s, numbers);
        ADD_TEST(s, cutting);
        ADD_TEST(s, mending);
        ADD_TEST(s, timespans);
        ADD_TEST(s, files);
        ADD_TEST(s, durable);
        ADD_TEST(s, in_root);
}

TEST_MAIN("base", add_cases)
