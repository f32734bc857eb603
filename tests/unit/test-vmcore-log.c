/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture/vmcore-log: the log of a fake dump, and of damaged ones. */
#include "test.h"

#include "base/string-util.h"
#include "capture/vmcore-log.h"
#include "fake-vmcore.h"

static void open_fake(FakeVmcore *fake, Vmcore *ret) {
        fake_vmcore_finish(fake);
        ck_assert_int_eq(vmcore_open(fake_read, fake, ret), 0);
}

static void check_log(FakeVmcore *fake, const char *expected, uint64_t n, uint64_t n_lost) {
        VmcoreLog log;
        Vmcore v;

        open_fake(fake, &v);
        ck_assert_int_eq(vmcore_log_read(&v, &log), 0);
        ck_assert_str_eq(log.text, expected);
        ck_assert_uint_eq(log.size, strlen(expected));
        ck_assert_uint_eq(log.n_records, n);
        ck_assert_uint_eq(log.n_lost, n_lost);
        vmcore_log_done(&log);
        vmcore_done(&v);
}

START_TEST(log_lines) {
        FakeVmcore *fake = fake_vmcore_new(7);

        fake_log(fake, 0, "Linux version 6.9.0-fake");
        fake_log(fake, UINT64_C(12345678901234), "two\nlines");
        fake_log(fake, UINT64_C(12345678902000), "");
        fake_log(fake, UINT64_C(12345678903999),
                 "a\tb\x01"
                 "c\x1b[0m");
        check_log(fake,
                  "[    0.000000] Linux version 6.9.0-fake\n"
                  "[12345.678901] two\n"
                  "[12345.678901] lines\n"
                  "[12345.678902] \n"
                  "[12345.678903] a\tb?c?[0m\n",
                  4, 0);
        fake_vmcore_free(fake);
}
END_TEST

/* More than the ring has room for, of identifiers and of text, over the end of both. */
START_TEST(log_wraps) {
        static const uint64_t firsts[] = { 0, 5, (UINT64_C(1) << 62) - 20 };

        for (size_t f = 0; f < ELEMENTSOF(firsts); f++) {
                FakeVmcore *fake = fake_vmcore_new(firsts[f]);
                char expected[4096] = "", line[64];

                for (unsigned i = 0; i < 100; i++) {
                        strscpyf(line, sizeof(line), "record number %u of a hundred%.*s", i,
                                 (int)(i % 7), "......");
                        fake_log(fake, i * UINT64_C(1000000000), line);
                        if (i < 100 - FAKE_COUNT)
                                continue;
                        strscpyf(expected + strlen(expected), 128, "[%5u.000000] %s\n", i, line);
                }
                check_log(fake, expected, FAKE_COUNT, 0);
                fake_vmcore_free(fake);
        }
}
END_TEST

/* Blocks of a quarter of the buffer each; the last one ends where it does, which is at position 0,
 * or goes on from there. */
static FakeVmcore *new_quarters(bool ends_at_end, unsigned n) {
        FakeVmcore *fake = fake_vmcore_new(0);
        char text[FAKE_SIZE / 4 - 8 + 1] = "";

        fake->ends_at_end = ends_at_end;
        for (unsigned i = 1; i <= n; i++) {
                memset(text, 'a' + (int)i, sizeof(text) - 1);
                fake_log(fake, i * UINT64_C(1000000000), text);
        }
        return fake;
}

static char *quarters(unsigned first, unsigned last) {
        char *expected = calloc(last - first + 1, FAKE_SIZE);

        ck_assert_ptr_nonnull(expected);
        for (unsigned i = first; i <= last; i++) {
                size_t n = strlen(expected);

                snprintf(expected + n, 32, "[%5u.000000] ", i);
                n += strlen(expected + n);
                memset(expected + n, 'a' + (int)i, FAKE_SIZE / 4 - 8);
                expected[n + FAKE_SIZE / 4 - 8] = '\n';
        }
        return expected;
}

static void check_quarters(bool ends_at_end, unsigned n, unsigned first, unsigned n_lost) {
        FakeVmcore *fake = new_quarters(ends_at_end, n);
        char *expected = quarters(first, n);

        check_log(fake, expected, n - first + 1, n_lost);
        free(expected);
        fake_vmcore_free(fake);
}

/* The first block that ends at the end has position 0 - FAKE_SIZE / 4, and ends at 0; before Linux
 * 6.18 it goes to the start, and the first record with it. */
START_TEST(log_ends_at_the_end) {
        check_quarters(true, 3, 1, 0);
        check_quarters(true, 4, 1, 0);
        check_quarters(true, 5, 2, 1);
        check_quarters(true, 8, 5, 4);
        check_quarters(false, 3, 1, 0);
        check_quarters(false, 4, 2, 1);
        check_quarters(false, 5, 3, 2);
        check_quarters(false, 8, 6, 5);
}
END_TEST

#define WRAPS 6u

/* Records of any length, round and round: whenever a kernel panics, what it has not dropped is
 * there. */
static void check_rounds(bool ends_at_end, unsigned step) {
        FakeVmcore *fake = fake_vmcore_new((UINT64_C(1) << 62) - FAKE_COUNT);
        char lines[FAKE_COUNT][FAKE_SIZE] = { 0 };
        unsigned n_exact = 0;

        fake->ends_at_end = ends_at_end;
        for (unsigned i = 0; fake->position + FAKE_SIZE < WRAPS * FAKE_SIZE; i++) {
                char expected[2 * FAKE_SIZE + FAKE_COUNT * 32] = "", text[FAKE_SIZE] = "";
                uint64_t n_lost = 0, id;

                memset(text, 'a' + (int)(i % 26), 1 + i * step % 200);
                id = fake_log_add(fake, i * UINT64_C(1000000000), text, strlen(text));
                snprintf(lines[id % FAKE_COUNT], FAKE_SIZE, "[%5u.000000] %.*s\n", i,
                         (int)strlen(text), text);
                n_exact += fake->position % FAKE_SIZE == 0;
                for (uint64_t at = fake->tail; at != fake->head + 1; at++) {
                        if (fake_get(fake, fake_desc(at) + 8) >> 62 == 3)
                                n_lost++;
                        else
                                strcat(expected, lines[at % FAKE_COUNT]);
                }
                check_log(fake, expected, fake->head - fake->tail + 1 - n_lost, n_lost);
        }
        if (step == 39 || !ends_at_end)
                ck_assert_uint_eq(n_exact > 0, ends_at_end);
        fake_vmcore_free(fake);
}

START_TEST(log_of_any_round) {
        static const unsigned steps[] = { 0, 1, 37, 39, 91, 127 };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                check_rounds(false, steps[i]);
                check_rounds(true, steps[i]);
        }
}
END_TEST

/* Of a record whose place makes no sense nothing else suffers. */
START_TEST(log_with_damaged_positions) {
        static const struct {
                uint64_t begin, next;
        } damages[] = {
                { 0, 0 },
                { 8, 0 },
                { 64, 56 },
                { 64, 64 },
                { 0, FAKE_SIZE + 8 },
                { 8, 2 * FAKE_SIZE },
                { 8, 2 * FAKE_SIZE + 8 },
                { -(uint64_t)FAKE_SIZE, 8 + FAKE_SIZE },
                { -(uint64_t)8, -(uint64_t)16 },
                { -(uint64_t)8, FAKE_SIZE + 8 },
                { 0, -(uint64_t)8 },
                { UINT64_MAX / 2 + 1, 0 },
                { 64, 68 },
                { 1, 1 },
                { 3, 1 },
                { 3, 64 },
                { 8, 63 },
                { UINT64_MAX, UINT64_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(damages); i++) {
                FakeVmcore *fake = fake_vmcore_new(0);
                uint64_t id;

                fake_log(fake, 1000, "one");
                id = fake_log_add(fake, 2000, "two", 3);
                fake_log(fake, 3000, "three");
                fake_put(fake, fake_desc(id) + 24, damages[i].begin, 8);
                fake_put(fake, fake_desc(id) + 32, damages[i].next, 8);
                check_log(fake, "[    0.000001] one\n[    0.000003] three\n", 2, 1);
                fake_vmcore_free(fake);
        }
}
END_TEST

/* A larger ring, in which all records have the same text: as many empty lines as are asked for. */
enum {
        MANY_COUNT_BITS = 7,
        MANY = (1 << MANY_COUNT_BITS) - 1, /* records */
        MANY_SIZE_BITS = 16,
        MANY_MOST = 2 << MANY_SIZE_BITS, /* bytes that may come of it */
        MANY_LINE = sizeof("[  126.000000] \n") - 1,
        MANY_DESCS = 0x10000,
        MANY_INFOS = 0x20000,
        MANY_DATA = 0x30000,
};

static void put_ring_number(FakeVmcore *fake, size_t at, uint64_t value, size_t width) {
        memcpy(fake->file + 16384 + FAKE_RING + at, &value, width);
}

static void open_many(FakeVmcore *fake, unsigned n_lines, Vmcore *ret) {
        fake->head = MANY - 1;
        memset(fake->memory + MANY_DATA, '\n', 1 << MANY_SIZE_BITS);
        for (uint64_t id = 0; id < MANY; id++) {
                size_t desc = MANY_DESCS + id * FAKE_DESC, info = MANY_INFOS + id * FAKE_INFO;

                fake_put(fake, desc + 8, id | UINT64_C(2) << 62, 8);
                fake_put(fake, desc + 32, 1 << MANY_SIZE_BITS, 8);
                fake_put(fake, info + 16, id * 1000000000, 8);
                fake_put(fake, info + 30, n_lines, 2);
        }
        open_fake(fake, ret);
        put_ring_number(fake, 16 + 4, MANY_COUNT_BITS, 4);
        put_ring_number(fake, 16 + 8, FAKE_DIRECT + FAKE_PHYSICAL + MANY_DESCS, 8);
        put_ring_number(fake, 16 + 16, FAKE_DIRECT + FAKE_PHYSICAL + MANY_INFOS, 8);
        put_ring_number(fake, 80 + 8, MANY_SIZE_BITS, 4);
        put_ring_number(fake, 80 + 16, FAKE_DIRECT + FAKE_PHYSICAL + MANY_DATA, 8);
}

/* Whole lines, the newest ones, in their order, as many as fit, and no more of them are looked
 * at. */
static void check_many(unsigned n_lines, uint64_t n_records) {
        FakeVmcore *fake = fake_vmcore_new(0);
        VmcoreLog log;
        Vmcore v;

        open_many(fake, n_lines, &v);
        ck_assert_int_eq(vmcore_log_read(&v, &log), 0);
        ck_assert_uint_eq(log.n_records, n_records);
        ck_assert_uint_eq(log.size, MANY_MOST / MANY_LINE * MANY_LINE);
        for (size_t i = 0; i < log.size; i += MANY_LINE) {
                unsigned line = (unsigned)((log.size - i) / MANY_LINE - 1), record;
                char expected[32];

                record = MANY - 1 - line / n_lines;
                snprintf(expected, sizeof(expected), "[%5u.000000] \n", record);
                ck_assert_mem_eq(log.text + i, expected, MANY_LINE);
        }
        vmcore_log_done(&log);
        vmcore_done(&v);
        fake_vmcore_free(fake);
}

START_TEST(log_too_long) {
        check_many(0xfff0, 1);
        check_many(4096, 2);
        check_many(1000, 9);
}
END_TEST

/* What is unreadable costs what is older, and not what is newer. */
START_TEST(log_unreadable) {
        FakeVmcore *fake = fake_vmcore_new(0);
        char expected[1024] = "";
        VmcoreLog log;
        Vmcore v;

        fake->head = 511;
        for (uint64_t id = 500; id <= fake->head; id++) {
                size_t desc = (id - 256) * FAKE_DESC, info = MANY_INFOS + id * FAKE_INFO;

                fake_put(fake, desc + 8, id | UINT64_C(2) << 62, 8);
                fake_put(fake, desc + 24, 3, 8);
                fake_put(fake, desc + 32, 3, 8);
                fake_put(fake, info + 16, id * 1000000000, 8);
                snprintf(expected + strlen(expected), 32, "[%5u.000000] \n", (unsigned)id);
        }
        open_fake(fake, &v);
        put_ring_number(fake, 16 + 4, 9, 4);
        put_ring_number(fake, 16 + 8, FAKE_DIRECT + FAKE_PHYSICAL - UINT64_C(256) * FAKE_DESC, 8);
        put_ring_number(fake, 16 + 16, FAKE_DIRECT + FAKE_PHYSICAL + MANY_INFOS, 8);
        ck_assert_int_eq(vmcore_log_read(&v, &log), 0);
        ck_assert_str_eq(log.text, expected);
        vmcore_log_done(&log);
        vmcore_done(&v);
        fake_vmcore_free(fake);
}
END_TEST

/* A panic may come while a record is being written. */
START_TEST(log_with_unfinished_records) {
        FakeVmcore *fake = fake_vmcore_new(0);
        uint64_t id;

        fake_log(fake, 1000, "one");
        id = fake_log_add(fake, 2000, "reserved", 8);
        fake_put(fake, fake_desc(id) + 8, id, 8);
        id = fake_log_add(fake, 3000, "committed", 9);
        fake_put(fake, fake_desc(id) + 8, id | UINT64_C(1) << 62, 8);
        id = fake_log_add(fake, 4000, "of another", 10);
        fake_put(fake, fake_desc(id) + 8, (id + FAKE_COUNT) | UINT64_C(2) << 62, 8);
        id = fake_log_add(fake, 5000, "outside", 7);
        fake_put(fake, fake_desc(id) + 32, UINT64_MAX - 8, 8);
        id = fake_log_add(fake, 6000, "longer than it is", 17);
        fake_put(fake, fake_record_info(id) + 30, 0xffff, 2);
        check_log(fake,
                  "[    0.000001] one\n[    0.000003] committed\n"
                  "[    0.000006] longer than it is???????\n",
                  3, 3);
        fake_vmcore_free(fake);
}
END_TEST

static void check_log_error(FakeVmcore *fake, int expected) {
        VmcoreLog log = { .n_lost = 7 };
        Vmcore v;

        open_fake(fake, &v);
        ck_assert_int_eq(vmcore_log_read(&v, &log), expected);
        ck_assert_uint_eq(log.n_lost, 7);
        vmcore_done(&v);
        fake_vmcore_free(fake);
}

START_TEST(log_hostile) {
        FakeVmcore *fake;

        fake = fake_vmcore_new(0);
        fake->info[0] = '\0';
        check_log_error(fake, -ENOENT);

        fake = fake_vmcore_new(0);
        fake->head = FAKE_COUNT; /* more records than there is room for */
        check_log_error(fake, -EBADMSG);

        fake = fake_vmcore_new(0);
        memcpy(strstr(fake->info, "desc_ring)=16"), "desc_ring)=99", 13);
        check_log_error(fake, -EBADMSG);

        fake = fake_vmcore_new(0);
        memcpy(strstr(fake->info, "SIZE(printk_info)=40"), "SIZE(printk_info)=20", 20);
        check_log_error(fake, -EBADMSG);

        fake = fake_vmcore_new(0);
        memcpy(strstr(fake->info, "SYMBOL(prb)=ffffffff81"), "SYMBOL(prb)=ffffffff01", 22);
        check_log_error(fake, -ENXIO);
}
END_TEST

/* The sizes that the ring itself gives. */
START_TEST(log_hostile_sizes) {
        static const struct {
                size_t at;
                uint64_t value;
                int expected;
        } cases[] = {
                { 16 + 4, 30, -EFBIG },    { 16 + 4, 32, -EBADMSG }, { 80 + 8, 31, -EFBIG },
                { 80 + 8, 200, -EBADMSG }, { 80 + 8, 20, -ENXIO },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FakeVmcore *fake = fake_vmcore_new(0);
                VmcoreLog log;
                Vmcore v;

                fake_log(fake, 0, "x");
                fake_vmcore_finish(fake);
                memcpy(fake->file + 16384 + FAKE_RING + cases[i].at, &cases[i].value, 4);
                ck_assert_int_eq(vmcore_open(fake_read, fake, &v), 0);
                ck_assert_int_eq(vmcore_log_read(&v, &log), cases[i].expected);
                vmcore_done(&v);
                fake_vmcore_free(fake);
        }
}
END_TEST

static size_t put_old(FakeVmcore *fake, size_t at, uint64_t nsec, const char *text) {
        size_t n = strlen(text), length = (16 + n + 3) & ~(size_t)3;

        fake_put(fake, FAKE_OLD + at, nsec, 8);
        fake_put(fake, FAKE_OLD + at + 8, length, 2);
        fake_put(fake, FAKE_OLD + at + 10, n, 2);
        memcpy(fake->memory + FAKE_OLD + at + 16, text, n);
        return at + length;
}

static FakeVmcore *new_old(uint32_t size, uint32_t first, uint32_t next) {
        FakeVmcore *fake = fake_vmcore_new(0);

        fake->info[0] = '\0';
        fake_put(fake, 0x200, FAKE_TEXT + FAKE_OLD, 8);
        fake_put(fake, 0x208, size, 4);
        fake_put(fake, 0x20c, first, 4);
        fake_put(fake, 0x210, next, 4);
        for (unsigned i = 0; i < 4; i++) {
                static const char *const names[] = { "log_buf", "log_buf_len", "log_first_idx",
                                                     "log_next_idx" };
                static const unsigned at[] = { 0x200, 0x208, 0x20c, 0x210 };

                fake_info(fake, "SYMBOL(%s)=%llx\n", names[i],
                          (unsigned long long)(FAKE_TEXT + at[i]));
        }
        fake_info(fake, "NUMBER(phys_base)=0\nSIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\n"
                        "OFFSET(printk_log.len)=8\nOFFSET(printk_log.text_len)=10\n");
        return fake;
}

START_TEST(log_of_old_kernels) {
        FakeVmcore *fake = new_old(256, 100, 0);
        size_t at;

        at = put_old(fake, 100, 1000000000, "older");
        at = put_old(fake, at, 2000000000, "next");
        fake_put(fake, FAKE_OLD + at + 8, 0, 2); /* the rest is not used */
        at = put_old(fake, 0, 3000000000, "newest");
        fake_put(fake, 0x210, at, 4);
        check_log(fake, "[    1.000000] older\n[    2.000000] next\n[    3.000000] newest\n", 3, 0);
        fake_vmcore_free(fake);
}
END_TEST

START_TEST(log_of_old_kernels_too_long) {
        char text[221], expected[512];
        FakeVmcore *fake;
        size_t at, n;

        memset(text, '\n', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        fake = new_old(256, 0, 0);
        at = put_old(fake, 0, 1000000000, text);
        fake_put(fake, 0x210, put_old(fake, at, 2000000000, "end"), 4);
        strscpy(expected, sizeof(expected), "");
        /* Lines of 16 bytes, and the last one of 19. */
        for (n = 0; n + 16 + 19 <= sizeof(expected); n += 16)
                strscpyf(expected + n, sizeof(expected) - n, "[    1.000000] \n");
        strscpyf(expected + n, sizeof(expected) - n, "[    2.000000] end\n");
        check_log(fake, expected, 2, 0);
        fake_vmcore_free(fake);
}
END_TEST

/* Damaged records lead past the end, and none is printed twice; nor are those that were there
 * before. */
START_TEST(log_of_old_kernels_once) {
        static const char log[] = "[    1.000000] one\n[    2.000000] two\n";
        static const struct {
                uint32_t first, next; /* beside the end of the second record */
                const char *log;
        } cases[] = {
                { 0, 4, log },
                { 0, (uint32_t)-4, "[    1.000000] one\n" },
                { 100, 4, "[    9.000000] old\n[    1.000000] one\n[    2.000000] two\n" },
                { 100, (uint32_t)-4, "[    9.000000] old\n[    1.000000] one\n" },
                { 0, 0, log },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FakeVmcore *fake = new_old(256, cases[i].first, 0);
                size_t at = put_old(fake, 0, 1000000000, "one");

                at = put_old(fake, at, 2000000000, "two");
                /* Nothing is there, as if the buffer ended; and in one of them, much is. */
                (void)put_old(fake, 100, UINT64_C(9000000000), "old");
                fake_put(fake, 0x210, (uint32_t)at + cases[i].next, 4);
                check_log(fake, cases[i].log, (unsigned)strlen(cases[i].log) / 19, 0);
                fake_vmcore_free(fake);
        }
}
END_TEST

/* Where VMCOREINFO says that it is noted who printed a line, it stands there as in dmesg(1). */
START_TEST(log_callers) {
        FakeVmcore *fake = fake_vmcore_new(0);
        static const uint32_t callers[] = { 0,          812,
                                            1234567,    UINT32_MAX >> 1,
                                            0x80000000, 0x80000000 + 4095 };

        fake_info(fake, "OFFSET(printk_info.caller_id)=%d\n", FAKE_INFO - 4);
        for (size_t i = 0; i < ELEMENTSOF(callers); i++) {
                uint64_t id = fake_log_add(fake, i * 1000, i == 1 ? "a\nb" : "c", i == 1 ? 3 : 1);

                fake_put(fake, fake_record_info(id) + FAKE_INFO - 4, callers[i], 4);
        }
        check_log(fake,
                  "[    0.000000] [    T0] c\n"
                  "[    0.000001] [  T812] a\n"
                  "[    0.000001] [  T812] b\n"
                  "[    0.000002] [T1234567] c\n"
                  "[    0.000003] [T2147483647] c\n"
                  "[    0.000004] [    C0] c\n"
                  "[    0.000005] [ C4095] c\n",
                  ELEMENTSOF(callers), 0);
        fake_vmcore_free(fake);
        /* It would lie outside of the record. */
        fake = fake_vmcore_new(0);
        fake_info(fake, "OFFSET(printk_info.caller_id)=%d\n", FAKE_INFO - 3);
        fake_log(fake, 1000, "c");
        check_log(fake, "[    0.000001] c\n", 1, 0);
        fake_vmcore_free(fake);
        fake = new_old(256, 0, 20);
        fake_info(fake, "OFFSET(printk_log.caller_id)=12\n");
        (void)put_old(fake, 0, 1000, "old");
        fake_put(fake, FAKE_OLD + 12, 0x80000001, 4);
        check_log(fake, "[    0.000001] [    C1] old\n", 1, 0);
        fake_vmcore_free(fake);
}
END_TEST

START_TEST(log_of_old_kernels_hostile) {
        FakeVmcore *fake = new_old(256, 0, 200);

        /* Never ends: nothing in it, and so round and round. */
        check_log_error(fake, -EBADMSG);
        check_log_error(new_old(256, 300, 0), -EBADMSG);
        check_log_error(new_old(UINT32_MAX, 0, 1), -EFBIG);
        /* What was good before it stays. */
        fake = new_old(256, 0, 200);
        (void)put_old(fake, 0, 0, "good");
        fake_put(fake, FAKE_OLD + 20 + 8, 0xfff0, 2);
        check_log(fake, "[    0.000000] good\n", 1, 0);
        fake_vmcore_free(fake);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, log_lines);
        ADD_TEST(s, log_wraps);
        ADD_TEST(s, log_ends_at_the_end);
        ADD_TEST(s, log_of_any_round);
        ADD_TEST(s, log_with_damaged_positions);
        ADD_TEST(s, log_too_long);
        ADD_TEST(s, log_unreadable);
        ADD_TEST(s, log_with_unfinished_records);
        ADD_TEST(s, log_hostile);
        ADD_TEST(s, log_hostile_sizes);
        ADD_TEST(s, log_of_old_kernels);
        ADD_TEST(s, log_of_old_kernels_too_long);
        ADD_TEST(s, log_of_old_kernels_once);
        ADD_TEST(s, log_callers);
        ADD_TEST(s, log_of_old_kernels_hostile);
}

TEST_MAIN("vmcore-log", add_cases)
