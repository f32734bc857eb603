/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fingerprint of a machine: which memory blocks and which CPUs it has. Two fingerprints are
 * equal if the machine has the same ones; they say which of the two moved, not how. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

/* A set of numbers as its size and two sums that do not depend on the order, so that 65,536
 * directory entries need neither sorting nor memory. */
typedef struct NumberSet {
        uint64_t count;
        uint64_t sum;
        uint64_t xored;
} NumberSet;

typedef struct Fingerprint {
        NumberSet blocks; /* N of every /sys/devices/system/memory/memoryN */
        NumberSet cpus;   /* the numbers in /sys/devices/system/cpu/present */
} Fingerprint;

/* Each number may be added once. */
void number_set_add(NumberSet *set, uint64_t number);
bool number_set_equal(const NumberSet *a, const NumberSet *b) _pure_;

/* Adds the CPUs of a kernel list ("0-3,8,10-11", a newline at the end is fine; empty is the
 * empty set). Returns 0; -EINVAL if it is no list, its numbers do not ascend or exceed
 * 1,048,575. */
int number_set_add_list(NumberSet *set, const char *list) _must_check_;

/* The SUBSYSTEM_BIT()s of what differs between two fingerprints; 0 if they are equal. */
unsigned fingerprint_difference(const Fingerprint *a, const Fingerprint *b) _pure_;
