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
}

bool number_set_equal(const NumberSet *a, const NumberSet *b) {
        return a->count == b->count && a->sum == b->sum && a->xored == b->xored;
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
