/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long to wait before the next try: 1, 2, 4 ... 60 seconds, with jitter, for ever. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

typedef struct Backoff {
        unsigned failures; /* in a row; saturates */
} Backoff;

/* The wait in microseconds after one more failure: min(2^failures, 60) seconds, of which up to a
 * tenth is taken off by random (all of its 32 bits count), so that machines that failed together do
 * not try again together. */
uint64_t backoff_next(Backoff *b, uint32_t random);

static inline void backoff_reset(Backoff *b) {
        *b = (Backoff){ 0 };
}

/* Whether the n-th failure in a row is to be told, or only counted: the first, second, fourth and
 * so on, so that one that lasts is told of at growing distances. */
static inline bool backoff_tells(uint64_t n) {
        return (n & (n - 1)) == 0;
}

/* The wait in microseconds between tries for the kernel's kexec lock, which is held for as long as
 * one hotplug update or one foreign load takes: 50 to 100 ms. */
uint64_t busy_wait(uint32_t random) _const_;

/* How many times the lock is tried before EBUSY counts as a failure: about 3 s in all. */
#define BUSY_TRIES 40
