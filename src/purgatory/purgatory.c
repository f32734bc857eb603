/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The purgatory runs between the kernel that crashed and the one that saves the dump. It checks
 * that the image is still what was loaded: a stray write or DMA that hit it could make the capture
 * kernel do anything, to disks too.
 *
 * Freestanding, no static data that would need relocation, no memory but its own. */
#include "base/sha256.h"
#include "purgatory/machine.h"
#include "purgatory/parameters.h"

/* Compilers make calls of these from plain C. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
/* Called from the assembly, returns if the kernel may be entered. */
void purgatory(const PurgatoryParameters *parameters);

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
        machine_copy(to, from, size);
        return to;
}

void *memset(void *to, int value, size_t size) {
        machine_fill(to, (unsigned char)value, size);
        return to;
}

static int is_intact(const PurgatoryParameters *p) {
        uint8_t digest[SHA256_SIZE];
        unsigned difference = 0;
        Sha256 sum;

        sha256_init(&sum, sha256_blocks);
        for (uint64_t i = 0; i < p->n_areas && i < PURGATORY_AREAS_MAX; i++)
                sha256_add(&sum, (const void *)(uintptr_t)p->areas[i].address, p->areas[i].size);
        sha256_end(&sum, digest);
        for (unsigned i = 0; i < SHA256_SIZE; i++)
                difference |= (unsigned)(digest[i] ^ p->digest[i]);
        return difference == 0;
}

void purgatory(const PurgatoryParameters *parameters) {
        if (parameters->n_areas == 0 || is_intact(parameters))
                return;
        machine_say(
                "\r\nkdumpd: the crash kernel image in memory is damaged, so it is not started: "
                "there will be no dump.\r\n");
        if (parameters->stay) {
                machine_say("kdumpd: stopped, as OnDamage=halt asks for\r\n");
                machine_stop();
        }
        machine_say("kdumpd: reset in about ten seconds\r\n");
        machine_wait();
        machine_reset();
}
