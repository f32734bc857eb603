/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fingerprint of a machine: which memory blocks and which CPUs it has. Two fingerprints are
 * equal if the machine has the same ones; they say which of the two moved, not how. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

/* Memory blocks are of 128 MiB to 2 GiB: this many are more than most machines have. */
#define NUMBER_SET_RESIDUES 4096

/* A set of numbers as its size and two sums that do not depend on the order, so that 65,536
 * directory entries need neither sorting nor memory; and which residues its numbers leave, which
 * tells what is missing in another set. */
typedef struct NumberSet {
        uint64_t count;
        uint64_t sum;
        uint64_t xored;
        uint64_t residues[NUMBER_SET_RESIDUES / 64];
} NumberSet;

typedef struct Fingerprint {
        NumberSet blocks; /* N of every /sys/devices/system/memory/memoryN */
        NumberSet cpus;   /* the numbers in /sys/devices/system/cpu/present */
} Fingerprint;

/* Each number may be added once. */
void number_set_add(NumberSet *set, uint64_t number);
bool number_set_equal(const NumberSet *a, const NumberSet *b) _pure_;

/* How many numbers of before are missing in after. It can be more where numbers of one set leave
 * the same residue, or where before has no residues; as many as it has shrunk by are always
 * found. */
uint64_t number_set_missing(const NumberSet *before, const NumberSet *after) _pure_;

/* The residues as text, a bit for each in hexadecimal digits without the zeros behind the last, and
 * back. The latter returns 0; -EINVAL if it is no such text. */
#define NUMBER_SET_TEXT_MAX (NUMBER_SET_RESIDUES / 4 + 1)
void number_set_format(const NumberSet *set, char ret[static NUMBER_SET_TEXT_MAX]);
int number_set_parse(NumberSet *set, const char *text) _must_check_;

/* Adds the CPUs of a kernel list ("0-3,8,10-11", a newline at the end is fine; empty is the
 * empty set). Returns 0; -EINVAL if it is no list, its numbers do not ascend or exceed
 * 1,048,575. */
int number_set_add_list(NumberSet *set, const char *list) _must_check_;

/* The SUBSYSTEM_BIT()s of what differs between two fingerprints; 0 if they are equal. */
unsigned fingerprint_difference(const Fingerprint *a, const Fingerprint *b) _pure_;
