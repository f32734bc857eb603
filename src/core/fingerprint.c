/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fingerprint of a machine: which memory blocks and which CPUs it has. */
#include "core/fingerprint.h"

#include <errno.h>

#include "core/hotplug.h"

/* More than any kernel's NR_CPUS; bounds the work that a hostile list can ask for. */
#define LIST_NUMBER_MAX 1048575u

/* The finalizer of splitmix64 spreads neighbouring numbers over all 64 bits, so that {1, 4} and
 * {2, 3} do not sum up alike. */
static uint64_t mix(uint64_t x) {
        x += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

void number_set_add(NumberSet *set, uint64_t number) {
        set->count++;
        set->sum += mix(number);
        set->xored ^= mix(~number);
        number %= NUMBER_SET_RESIDUES;
        set->residues[number / 64] |= UINT64_C(1) << number % 64;
}

bool number_set_equal(const NumberSet *a, const NumberSet *b) {
        return a->count == b->count && a->sum == b->sum && a->xored == b->xored;
}

uint64_t number_set_missing(const NumberSet *before, const NumberSet *after) {
        uint64_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(before->residues); i++)
                for (uint64_t bits = before->residues[i] & ~after->residues[i]; bits;
                     bits &= bits - 1)
                        n++;
        return MAX(n, sub_saturated(before->count, after->count));
}

void number_set_format(const NumberSet *set, char ret[static NUMBER_SET_TEXT_MAX]) {
        size_t end = 0;

        for (size_t i = 0; i < NUMBER_SET_RESIDUES / 4; i++) {
                ret[i] = "0123456789abcdef"[set->residues[i / 16] >> 4 * (i % 16) & 15];
                if (ret[i] != '0')
                        end = i + 1;
        }
        ret[end] = '\0';
}

int number_set_parse(NumberSet *set, const char *text) {
        uint64_t residues[ELEMENTSOF(set->residues)] = { 0 };
        size_t n = strlen(text);

        if (n >= NUMBER_SET_TEXT_MAX || strspn(text, "0123456789abcdef") != n)
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                residues[i / 16] |= (uint64_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10)
                                    << 4 * (i % 16);
        memcpy(set->residues, residues, sizeof(residues));
        return 0;
}

static int parse_number(const char **s, uint32_t *ret) {
        uint32_t value = 0;
        const char *p = *s;

        for (; *p >= '0' && *p <= '9'; p++) {
                value = value * 10 + (uint32_t)(*p - '0');
                if (value > LIST_NUMBER_MAX)
                        return -EINVAL;
        }
        if (p == *s)
                return -EINVAL;
        *s = p;
        *ret = value;
        return 0;
}

int number_set_add_list(NumberSet *set, const char *list) {
        NumberSet sum = *set;
        uint32_t next = 0;
        int r;

        if (*list == '\0' || streq(list, "\n"))
                return 0;
        for (;;) {
                uint32_t first, last;

                r = parse_number(&list, &first);
                if (r < 0)
                        return r;
                last = first;
                if (*list == '-') {
                        list++;
                        r = parse_number(&list, &last);
                        if (r < 0)
                                return r;
                }
                if (first < next || last < first)
                        return -EINVAL;
                for (uint32_t n = first; n <= last; n++)
                        number_set_add(&sum, n);
                next = last + 1;
                if (*list != ',')
                        break;
                list++;
        }
        if (*list != '\0' && !streq(list, "\n"))
                return -EINVAL;
        *set = sum;
        return 0;
}

unsigned fingerprint_difference(const Fingerprint *a, const Fingerprint *b) {
        return (number_set_equal(&a->cpus, &b->cpus) ? 0 : SUBSYSTEM_BIT(SUBSYSTEM_CPU)) |
               (number_set_equal(&a->blocks, &b->blocks) ? 0 : SUBSYSTEM_BIT(SUBSYSTEM_MEMORY));
}
