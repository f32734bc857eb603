/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a ring of notes: the two positions, and the data behind them. */
#include "fuzz.h"

#include <string.h>

#include "core/kexec-calls.h"

#define RING_SIZE 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static _Alignas(8) uint8_t bytes[2 * RING_SIZE];
        uint64_t consumer, producer, before;
        const CallRing ring = {
                .consumer = &consumer, .producer = &producer, .data = bytes, .size = RING_SIZE
        };
        KexecCall call;
        unsigned n = 0;

        if (size < 2 * sizeof(uint64_t))
                return 0;
        memcpy(&consumer, data, sizeof(consumer));
        memcpy(&producer, data + sizeof(consumer), sizeof(producer));
        data += 2 * sizeof(uint64_t);
        size -= 2 * sizeof(uint64_t);
        memset(bytes, 0, sizeof(bytes));
        for (size_t i = 0; i < RING_SIZE && i < size; i++)
                bytes[i] = bytes[RING_SIZE + i] = data[i];
        before = consumer;
        while (call_ring_next(&ring, &call) > 0)
                FUZZ_CHECK(++n <= RING_SIZE / 8);
        FUZZ_CHECK(consumer - before <= RING_SIZE);
        return 0;
}
