/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-watch has the kernel note of each call of kexec_load(2) and kexec_file_load(2),
 * whoever makes it: in a page of memory how many notes there were and what the last one was, and
 * each of them in a ring, for whoever is woken by it. Both are BPF maps, mapped into memory; this
 * is what stands there.
 *
 * A note is made when the function kimage_free() runs (kernel/kexec_core.c), with the kexec lock
 * held: in a call that loads, when it takes the old image away, and once more at its end; and once
 * in a call that unloads, or is about a kernel for "kexec -e". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* One note; the newest is the value of the array. Written by the BPF program in
 * watch/attach.c. */
typedef struct KexecCall {
        uint64_t count; /* of the notes up to this one, since the program was attached */
        uint64_t tgid;  /* the process, as the initial PID namespace numbers it */
        uint64_t nsec;  /* CLOCK_MONOTONIC, nanoseconds */
} KexecCall;

/* The notes that a load and an unload leave. */
#define KEXEC_CALL_NOTES_LOAD   2u
#define KEXEC_CALL_NOTES_UNLOAD 1u

/* A BPF ring buffer in memory (kernel/bpf/ringbuf.c): a page with the position up to which it was
 * read, which the reader writes; one with that up to which it was written; and the data, twice in a
 * row, so that no record has to be put together. Positions only grow. */
typedef struct CallRing {
        uint64_t *consumer;
        const uint64_t *producer;
        const uint8_t *data;
        size_t size; /* of the data, once: a power of two */
} CallRing;

/* Takes one note off the ring. Returns 1; 0 if there is none to be read yet; -EBADMSG if what
 * stands there can be no ring, or no note of ours: nobody is to read on then. */
int call_ring_next(const CallRing *ring, KexecCall *ret) _must_check_;
