/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/fingerprint: sets of numbers, kernel lists, differences. */
#include "test.h"

#include <stdio.h>

#include "core/fingerprint.h"
#include "core/hotplug.h"

static NumberSet set_of(const char *list) {
        NumberSet set = { 0 };

        ck_assert_int_eq(number_set_add_list(&set, list), 0);
        return set;
}

static bool equal(const char *a, const char *b) {
        NumberSet x = set_of(a), y = set_of(b);

        return number_set_equal(&x, &y);
}

START_TEST(lists) {
        NumberSet set;

        ck_assert_uint_eq(set_of("").count, 0);
        ck_assert_uint_eq(set_of("\n").count, 0);
        ck_assert_uint_eq(set_of("0").count, 1);
        ck_assert_uint_eq(set_of("0-3,8,10-11\n").count, 7);
        ck_assert_uint_eq(set_of("5-5").count, 1);
        ck_assert(equal("0-3", "0,1,2-3\n"));
        ck_assert(!equal("0-3", "0-2,4"));
        ck_assert(!equal("", "0"));
        set = set_of("0-1048575");
        ck_assert_uint_eq(set.count, 1048576);
}
END_TEST

START_TEST(no_lists) {
        static const char *const bad[] = {
                " ",          "a",
                "-1",         "1-",
                "1--2",       "3-1",
                "1,1",        "2,1",
                "1-3,2",      "1,",
                ",1",         "1,,2",
                "1 ,2",       "1\n2",
                "1\n\n",      "\n1",
                "0-1048576",  "1048576",
                "0x1",        "1-2-3",
                "1,\n",       "+1",
                "1;2",        "99999999999999999999",
                "0-",         "0-4294967295",
                "4294967296",
        };
        const NumberSet before = set_of("7,9");

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                NumberSet set = before;

                ck_assert_int_eq(number_set_add_list(&set, bad[i]), -EINVAL);
                ck_assert_mem_eq(&set, &before, sizeof(set));
        }
}
END_TEST

/* Whatever the order, a set is a set. */
START_TEST(order) {
        NumberSet up = { 0 }, down = { 0 }, mixed = { 0 };

        for (uint64_t i = 0; i < 65536; i++) {
                number_set_add(&up, i);
                number_set_add(&down, 65535 - i);
                number_set_add(&mixed, (i * 40503) & 65535);
        }
        ck_assert(number_set_equal(&up, &down));
        ck_assert(number_set_equal(&up, &mixed));
}
END_TEST

/* Every two subsets of 12 blocks differ, at both ends of the range of numbers. */
START_TEST(subsets) {
        static const uint64_t bases[] = { 0, 32768, UINT64_MAX - 11 };
        static NumberSet sets[4096];

        for (size_t b = 0; b < ELEMENTSOF(bases); b++) {
                for (unsigned i = 0; i < ELEMENTSOF(sets); i++) {
                        sets[i] = (NumberSet){ 0 };
                        for (unsigned n = 0; n < 12; n++)
                                if (i >> n & 1)
                                        number_set_add(&sets[i], bases[b] + n);
                }
                for (unsigned i = 0; i < ELEMENTSOF(sets); i++)
                        for (unsigned j = 0; j < i; j++)
                                if (number_set_equal(&sets[i], &sets[j]))
                                        ck_abort_msg("%u and %u look alike", i, j);
        }
}
END_TEST

/* A block that goes while another one comes is the commonest change of the same size. */
START_TEST(exchanges) {
        NumberSet all = { 0 };

        for (uint64_t i = 0; i < 2048; i++)
                number_set_add(&all, i);
        for (uint64_t gone = 0; gone < 2048; gone += 97)
                for (uint64_t come = 2048; come < 4096; come++) {
                        NumberSet set = { 0 };

                        for (uint64_t i = 0; i < 2048; i += 1)
                                if (i != gone)
                                        number_set_add(&set, i);
                        number_set_add(&set, come);
                        ck_assert(!number_set_equal(&all, &set));
                        come += 100;
                }
}
END_TEST

START_TEST(differences) {
        const Fingerprint a = { .blocks = set_of("0-7"), .cpus = set_of("0-1") };
        Fingerprint b = a;

        ck_assert_uint_eq(fingerprint_difference(&a, &b), 0);
        b.cpus = set_of("0-2");
        ck_assert_uint_eq(fingerprint_difference(&a, &b), SUBSYSTEM_BIT(SUBSYSTEM_CPU));
        b.blocks = set_of("0-6");
        ck_assert_uint_eq(fingerprint_difference(&a, &b), SUBSYSTEMS_ALL);
        b.cpus = a.cpus;
        ck_assert_uint_eq(fingerprint_difference(&a, &b), SUBSYSTEM_BIT(SUBSYSTEM_MEMORY));
        ck_assert_uint_eq(fingerprint_difference(&b, &a), SUBSYSTEM_BIT(SUBSYSTEM_MEMORY));
}
END_TEST

START_TEST(missing) {
        NumberSet a = { 0 }, b = { 0 }, back = { 0 };
        char text[NUMBER_SET_TEXT_MAX];

        ck_assert_uint_eq(number_set_missing(&a, &b), 0);
        number_set_format(&a, text);
        ck_assert_str_eq(text, "");
        for (uint64_t i = 0; i < 40; i++)
                number_set_add(&a, 3 * i);
        for (uint64_t i = 0; i < 40; i++)
                number_set_add(&b, 2 * i);
        /* Those below 120 that 3 divides and 2 does not, and the even ones from 80 on. */
        ck_assert_uint_eq(number_set_missing(&a, &b), 20 + 6);
        ck_assert_uint_eq(number_set_missing(&a, &a), 0);
        number_set_add(&a, NUMBER_SET_RESIDUES - 1);
        number_set_format(&a, text);
        ck_assert_uint_eq(strlen(text), NUMBER_SET_TEXT_MAX - 1);
        ck_assert_int_eq(number_set_parse(&back, text), 0);
        ck_assert_mem_eq(back.residues, a.residues, sizeof(a.residues));
        /* Beyond the residues, as many as the set has shrunk by. */
        for (uint64_t i = 0; i < 3 * NUMBER_SET_RESIDUES; i++)
                number_set_add(&back, 1000000 + i);
        b = (NumberSet){ 0 };
        for (uint64_t i = 0; i < 2 * NUMBER_SET_RESIDUES; i++)
                number_set_add(&b, 1000000 + i);
        ck_assert_uint_eq(number_set_missing(&back, &b), NUMBER_SET_RESIDUES);
        /* Known from an older record by its sums only. */
        memset(back.residues, 0, sizeof(back.residues));
        ck_assert_uint_eq(number_set_missing(&back, &b), NUMBER_SET_RESIDUES);
        ck_assert_int_eq(number_set_parse(&back, "0g"), -EINVAL);
        ck_assert_int_eq(number_set_parse(&back, "A"), -EINVAL);
        char longer[NUMBER_SET_TEXT_MAX + 1];

        memset(longer, 'f', sizeof(longer));
        longer[NUMBER_SET_TEXT_MAX] = '\0';
        ck_assert_int_eq(number_set_parse(&back, longer), -EINVAL);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, missing);
        ADD_TEST(s, lists);
        ADD_TEST(s, no_lists);
        ADD_TEST(s, order);
        ADD_TEST(s, subsets);
        ADD_TEST(s, exchanges);
        ADD_TEST(s, differences);
}

TEST_MAIN("fingerprint", add_cases)
