/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much memory a capture needs, worked out beforehand. */
#include "core/estimate.h"

#include "base/macro.h"

#define MIB  (UINT64_C(1) << 20)
#define PAGE UINT64_C(4096)

/* Measured with Linux 6.12, whose init_size is 56 MiB: what is left to programs is the reservation
 * less 44 MiB, and with an initrd of 3 MiB, not compressed, 70 MiB just do. So 44 of the 56 stay
 * the kernel's, and 70 - 44 - 2 * 3 = 20 MiB go to drivers and the first programs. */
#define KERNEL_STAYS_NUMERATOR   44
#define KERNEL_STAYS_DENOMINATOR 56
#define SYSTEM                   (20 * MIB)

/* makedumpfile keeps two bits for each page, as long as there is room: it works in cycles where
 * there is not. Besides, it has buffers to compress into. */
#define BITMAPS_MOST    (16 * MIB)
#define COLLECTOR_OTHER (8 * MIB)

/* IO_TLB_DEFAULT_SIZE in include/linux/swiotlb.h: what a kernel sets aside where devices cannot do
 * without it. On x86 it is more only in much more memory than a capture has
 * (arch/x86/mm/mem_encrypt.c). */
#define BOUNCE (64 * MIB)

/* What distributions ask for at least, on machines without a desktop. */
#define SERVICES (256 * MIB)

#define RESERVE     (8 * MIB)
#define ADVICE_STEP (8 * MIB)

/* Nothing here is that large: keeps the sums far from overflow. */
#define LARGEST (UINT64_C(1) << 50)

static uint64_t bounded(uint64_t bytes) {
        return MIN(bytes, LARGEST);
}

static uint64_t round_up(uint64_t n, uint64_t step) {
        return (n + step - 1) / step * step;
}

void estimate_needs(const EstimateInput *input, Estimate *ret) {
        uint64_t kernel = bounded(input->kernel_bytes), initrd = bounded(input->initrd_bytes);
        uint64_t bitmaps = bounded(input->memory_bytes) / PAGE / 8 * 2;
        Estimate e = {
                .kernel = input->kernel_unpacks_itself
                                  ? kernel / KERNEL_STAYS_DENOMINATOR * KERNEL_STAYS_NUMERATOR
                                  : kernel,
                .initrd = initrd + bounded(input->initrd_unpacked_bytes),
                .header = bounded(input->elfcorehdr_bytes),
                .system = SYSTEM,
                .collector = MIN(bitmaps, BITMAPS_MOST) + COLLECTOR_OTHER,
                .bounce = input->is_encrypted ? BOUNCE : 0,
                .services = input->starts_system ? SERVICES : 0,
        };

        e.loaded = round_up(kernel, PAGE) + round_up(initrd, PAGE) + round_up(e.header, PAGE) +
                   bounded(input->control_bytes);
        e.needed = e.kernel + e.initrd + e.header + e.system + e.collector + e.bounce + e.services;
        e.needed = MAX(e.needed, e.loaded);
        e.advice = round_up(e.needed + RESERVE, ADVICE_STEP);
        *ret = e;
}

bool estimate_fits(const Estimate *estimate, uint64_t image_bytes, uint64_t all_bytes) {
        return image_bytes >= estimate->loaded && all_bytes >= estimate->needed;
}
