/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bare PC. */
#include "purgatory/machine.h"

#include <stdint.h>

#define COM1         0x3f8u
#define LINE_STATUS  5u    /* from COM1 */
#define SEND_EMPTY   0x20u /* line status: the next byte may be sent */
#define NO_PORT      0xffu /* what a port reads as where there is none */
#define SEND_TRIES   100000u
#define KEYBOARD     0x64u
#define PULSE_RESET  0xfeu
#define RESET_PORT   0xcf9u /* of the chipset */
#define RESET_FULL   0x02u
#define RESET_GO     0x06u
#define WAIT_CYCLES  (UINT64_C(25) * 1000 * 1000 * 1000) /* ten seconds at 2.5 GHz */
#define SHORT_CYCLES (UINT64_C(250) * 1000 * 1000)

static inline void out(uint16_t port, uint8_t value) {
        __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in(uint16_t port) {
        uint8_t value;

        __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
        return value;
}

static inline uint64_t cycles(void) {
        uint32_t low, high;

        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        return (uint64_t)high << 32 | low;
}

static void wait_cycles(uint64_t n) {
        uint64_t start = cycles();

        while (cycles() - start < n)
                __asm__ volatile("pause");
}

void machine_copy(void *to, const void *from, size_t size) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

void machine_fill(void *to, unsigned char value, size_t size) {
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
}

void machine_say(const char *text) {
        for (; *text; text++) {
                uint8_t status = 0;

                for (unsigned i = 0; i < SEND_TRIES && !(status & SEND_EMPTY); i++)
                        status = in(COM1 + LINE_STATUS);
                if (status == NO_PORT || !(status & SEND_EMPTY))
                        return;
                out(COM1, (uint8_t)*text);
        }
}

void machine_wait(void) {
        wait_cycles(WAIT_CYCLES);
}

void machine_stop(void) {
        for (;;)
                __asm__ volatile("cli; hlt");
}

/* The ways to reset a PC, the cleanest first. The last is an exception without a table of
 * handlers, which no processor survives. */
void machine_reset(void) {
        static const struct __attribute__((packed)) {
                uint16_t limit;
                uint64_t base;
        } none = { 0, 0 };

        out(RESET_PORT, RESET_FULL);
        out(RESET_PORT, RESET_GO);
        wait_cycles(SHORT_CYCLES);
        out(KEYBOARD, PULSE_RESET);
        wait_cycles(SHORT_CYCLES);
        __asm__ volatile("lidt %0; int3" : : "m"(none));
        machine_stop();
}
