/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notes of kexec calls, in a ring that the kernel writes. */
#include "core/kexec-calls.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

/* The header of a record, and what follows it, take a multiple of this. */
#define ALIGNMENT 8u

/* The kernel writes the length last, and takes the busy bit out of it when the record is whole. */
static int read_record(const CallRing *ring, uint64_t at, uint64_t available, uint64_t *ret_size,
                       const uint8_t **ret_data) {
        const uint8_t *record = ring->data + (at & (ring->size - 1));
        uint32_t length = __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
        uint64_t size;

        if (length & BPF_RINGBUF_BUSY_BIT)
                return 0;
        size = length & ~(uint32_t)BPF_RINGBUF_DISCARD_BIT;
        size = (size + BPF_RINGBUF_HDR_SZ + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
        if (size > available)
                return -EBADMSG;
        *ret_size = size;
        *ret_data = NULL;
        if (length & BPF_RINGBUF_DISCARD_BIT)
                return 1;
        if (length != sizeof(KexecCall))
                return -EBADMSG;
        *ret_data = record + BPF_RINGBUF_HDR_SZ;
        return 1;
}

int call_ring_next(const CallRing *ring, KexecCall *ret) {
        uint64_t consumer = __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
        const uint8_t *data = NULL;

        while (!data) {
                uint64_t producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE), size;
                int r;

                if (consumer == producer)
                        return 0;
                if (consumer % ALIGNMENT != 0 || producer % ALIGNMENT != 0 ||
                    producer - consumer > ring->size)
                        return -EBADMSG;
                r = read_record(ring, consumer, producer - consumer, &size, &data);
                if (r <= 0)
                        return r;
                if (data)
                        memcpy(ret, data, sizeof(*ret));
                consumer += size;
                __atomic_store_n(ring->consumer, consumer, __ATOMIC_RELEASE);
        }
        return 1;
}
