/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the parts of an x86_64 crash kernel image go. From the bottom of the reservation: free
 * pages, of which the running kernel takes some for its page tables; the kernel, and the memory
 * that it needs for unpacking itself; the purgatory, the boot parameters, the initrd; the
 * elfcorehdr at the top.  What a segment claims the kernel fills with zeros, while the machine has
 * no image. So the memory for unpacking, several times as large as what is in the file, is not
 * claimed: the free pages below are more than enough for whoever takes the lowest, and nobody comes
 * that far. Nor has it to be zero: the boot protocol does not promise that, and boot loaders do not
 * do it. Only in a reservation that is too small for that, the kernel is at the bottom and claims
 * all it needs. So does a vmlinux, in which everything is where it belongs: what an ELF file has no
 * content for is zero. */
#include "load/x86/image.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>

#include "base/string-util.h"
#include "core/x86-control.h"
#include "load/x86/boot.h"
#include "load/x86/e820.h"
#include "load/x86/efi.h"
#include "purgatory/blob.h"
#include "purgatory/parameters.h"

#define PAGE           UINT64_C(4096)
#define MIB            (UINT64_C(1) << 20)
#define LOW_MEMORY_END MIB
#define KEXEC_X86_64   (62ul << 16)
#define XLF_5LEVEL     0x20u /* xloadflags: it can be entered with five-level page tables */
/* With four levels, the kernel's half of the address space begins here. */
#define HALF_OF_4LEVEL UINT64_C(0xffff800000000000)
/* How many times what the running kernel takes at most has to be free below memory that is not
 * claimed. */
#define MARGIN 2u
/* Far more than a kernel has room for (E820_MAX_ENTRIES), so that what is passed over is not the
 * memory that it runs in. A kernel reads those that are not in boot_params through a window of
 * 256 KiB (early_memremap()), which is 13,107 of them. */
#define N_E820_MOST               8192u
#define COMMAND_LINE_ADDS         "elfcorehdr=0x%" PRIx64 " "
#define COMMAND_LINE_ADDS_LONGEST 30u

static uint64_t page_up(uint64_t value) {
        return add_saturated(value, PAGE - 1) & ~(PAGE - 1);
}

/* The free part of the reservation. */
typedef struct Gap {
        uint64_t start, end;
} Gap;

static bool take_top(Gap *gap, Segment *segment) {
        if (segment->memory_size > gap->end - gap->start)
                return false;
        gap->end -= segment->memory_size;
        segment->address = gap->end;
        return true;
}

/* As high as it can be, claiming no more than is in the file if that is a bzImage. */
static bool put_kernel_high(const Gap *gap, const KernelImage *header, uint64_t own,
                            CrashImage *image) {
        Segment *kernel = &image->segments[SEGMENT_KERNEL];
        uint64_t start, alignment = header->kernel_alignment;

        if (image->kernel_memory > gap->end - gap->start)
                return false;
        start = (gap->end - image->kernel_memory) & ~(alignment - 1);
        if (start < gap->start || start < header->pref_address || start - gap->start < own * MARGIN)
                return false;
        kernel->address = start;
        kernel->memory_size = header->is_elf ? image->kernel_memory : page_up(kernel->size);
        return true;
}

/* As low as it can be, with all that it needs. */
static bool put_kernel_low(const Gap *gap, const KernelImage *header, uint64_t own,
                           CrashImage *image) {
        Segment *kernel = &image->segments[SEGMENT_KERNEL];
        uint64_t least = MAX(gap->start, header->pref_address);
        uint64_t alignment = header->kernel_alignment;
        uint64_t start = add_saturated(least, alignment - 1) & ~(alignment - 1);

        /* At the end of the address space, rounding up comes out below. */
        if (start < least || start >= gap->end || image->kernel_memory > gap->end - start ||
            gap->end - start - image->kernel_memory < own)
                return false;
        kernel->address = start;
        kernel->memory_size = image->kernel_memory;
        return true;
}

/* Sizes are there, addresses are not. */
static Failure place(const CrashMachine *machine, const CrashFiles *files, CrashImage *image,
                     Error *reterr) {
        const MemoryRange *region = memory_map_highest(&machine->memory, MEMORY_CRASH);
        uint64_t own = x86_control_bytes(&machine->memory, machine->has_1g_pages),
                 needed = own + image->kernel_memory;
        Segment *s = image->segments;
        Gap gap;

        if (!region)
                return error_set(
                        reterr, FAILURE_NO_RESERVATION,
                        "no memory is reserved for a capture kernel: /proc/iomem has no line "
                        "\"Crash kernel\"");
        gap = (Gap){ .start = page_up(region->start), .end = region->end & ~(PAGE - 1) };
        if (gap.start < gap.end && take_top(&gap, &s[SEGMENT_ELFCOREHDR]) &&
            take_top(&gap, &s[SEGMENT_INITRD]) && take_top(&gap, &s[SEGMENT_BOOT]) &&
            take_top(&gap, &s[SEGMENT_PURGATORY]) &&
            (put_kernel_high(&gap, files->header, own, image) ||
             put_kernel_low(&gap, files->header, own, image)))
                return FAILURE_NONE;
        for (size_t i = 0; i < _SEGMENT_MAX; i++)
                if (i != SEGMENT_KERNEL)
                        needed = add_saturated(needed, s[i].memory_size);
        return error_set(
                reterr, FAILURE_TOO_SMALL,
                "the image takes %" PRIu64 " MiB, and does not fit into the reservation of "
                "%" PRIu64 " MiB: boot with a larger crashkernel= (\"kdumpctl estimate\" says "
                "how much)",
                page_up(needed) / MIB + 1, (region->end - region->start) / MIB);
}

static Failure check_machine(const CrashMachine *machine, const CrashFiles *files, Error *reterr) {
        if (!machine->boot_params)
                return error_set(reterr, FAILURE_SYSTEM,
                                 "the running kernel does not show its boot parameters in "
                                 "/sys/kernel/boot_params");
        if (!files->header->is_elf && !x86_boot_has_header(files->head, files->head_size))
                return error_set(reterr, FAILURE_BAD_KERNEL,
                                 "the kernel's boot header is cut short");
        if (machine->page_offset < HALF_OF_4LEVEL && !(files->header->xloadflags & XLF_5LEVEL))
                return error_set(
                        reterr, FAILURE_BAD_KERNEL,
                        "this machine uses five-level page tables, and the kernel of the image "
                        "cannot be started in that mode");
        return FAILURE_NONE;
}

static Failure make_elfcorehdr(const ImageArchitecture *architecture, const CrashMachine *machine,
                               CrashImage *image, Error *reterr) {
        size_t needed;
        int r;

        /* Nothing that the kernel owns is below 1 MiB (reserve_real_mode(),
         * arch/x86/realmode/init.c, unconditional since 5.13). */
        r = elfcorehdr_assemble(machine, architecture->elf_machine, LOW_MEMORY_END,
                                &image->elfcorehdr, &needed);
        if (r == -E2BIG)
                return error_set(
                        reterr, FAILURE_SYSTEM,
                        "the CPUs and ranges of memory of this machine are %zu, and a list of "
                        "them (elfcorehdr) ends at %u",
                        needed, ELFCOREHDR_MOST);
        if (r < 0)
                return error_set(reterr, FAILURE_SYSTEM, "out of memory");
        image->segments[SEGMENT_ELFCOREHDR] = (Segment){
                .data = image->elfcorehdr.data,
                .size = image->elfcorehdr.size,
                .memory_size = image->elfcorehdr.memory_size,
        };
        return FAILURE_NONE;
}

static Failure make_purgatory(const CrashFiles *files, CrashImage *image, Error *reterr) {
        PurgatoryParameters parameters;

        image->purgatory = malloc(purgatory_x86_64_size);
        if (!image->purgatory)
                return error_set(reterr, FAILURE_SYSTEM, "out of memory");
        memcpy(image->purgatory, purgatory_x86_64, purgatory_x86_64_size);
        memcpy(&parameters, image->purgatory + PURGATORY_AT, sizeof(parameters));
        if (parameters.magic != PURGATORY_MAGIC)
                return error_set(reterr, FAILURE_SYSTEM,
                                 "this build of kdump-load is broken: its "
                                 "purgatory is none");
        image->segments[SEGMENT_PURGATORY] = (Segment){
                .data = image->purgatory,
                .size = purgatory_x86_64_size,
                .memory_size = page_up(purgatory_x86_64_size + PURGATORY_STACK),
        };
        parameters.stay = files->halt_on_damage;
        memcpy(image->purgatory + PURGATORY_AT, &parameters, sizeof(parameters));
        return FAILURE_NONE;
}

/* Entry and argument, which the places decide. */
static void address_purgatory(const CrashFiles *files, CrashImage *image) {
        PurgatoryParameters parameters;

        memcpy(&parameters, image->purgatory + PURGATORY_AT, sizeof(parameters));
        parameters.entry = image->segments[SEGMENT_KERNEL].address + files->header->entry_offset;
        parameters.argument = image->segments[SEGMENT_BOOT].address;
        memcpy(image->purgatory + PURGATORY_AT, &parameters, sizeof(parameters));
        image->entry = image->segments[SEGMENT_PURGATORY].address;
}

/* What of EFI goes along; NULL: nothing but the place of the ACPI tables. */
static const EfiRuntime *handed_over(const CrashMachine *machine, const CrashFiles *files) {
        return x86_efi_is_safe(machine, files) ? &machine->efi : NULL;
}

/* The command line and the memory map tell where the elfcorehdr is, so all has its place by now. */
static Failure make_boot(const CrashMachine *machine, const CrashFiles *files, CrashImage *image,
                         Error *reterr) {
        const Segment *elfcorehdr = &image->segments[SEGMENT_ELFCOREHDR];
        Segment *segment = &image->segments[SEGMENT_BOOT];
        _cleanup_free_ char *command_line = NULL;
        _cleanup_free_ E820Entry *e820 = NULL;
        size_t room = strlen(files->command_line) + COMMAND_LINE_ADDS_LONGEST + 1, n_e820;
        X86Boot boot;

        command_line = malloc(room);
        if (!command_line ||
            e820_make(&machine->memory, elfcorehdr->address,
                      elfcorehdr->address + elfcorehdr->memory_size, &e820, &n_e820) < 0)
                return error_set(reterr, FAILURE_SYSTEM, "out of memory");
        strscpyf(command_line, room, COMMAND_LINE_ADDS "%s", elfcorehdr->address,
                 files->command_line);
        boot = (X86Boot){
                .head = files->header->is_elf ? NULL : files->head,
                .head_size = files->head_size,
                .running = machine->boot_params,
                .rsdp = machine->rsdp,
                .address = segment->address,
                .initrd_address = image->segments[SEGMENT_INITRD].address,
                .initrd_size = image->segments[SEGMENT_INITRD].size,
                .command_line = command_line,
                .e820 = e820,
                .n_e820 = n_e820,
                .efi = handed_over(machine, files),
        };
        segment->size = x86_boot_size(strlen(command_line), n_e820, boot.efi);
        image->boot = calloc(1, segment->size);
        if (!image->boot)
                return error_set(reterr, FAILURE_SYSTEM, "out of memory");
        x86_boot_write(&boot, image->boot);
        segment->data = image->boot;
        return FAILURE_NONE;
}

/* The sizes of what make_boot() makes, before it can. */
static Failure measure_boot(const CrashMachine *machine, const CrashFiles *files, CrashImage *image,
                            Error *reterr) {
        size_t length = strlen(files->command_line) + COMMAND_LINE_ADDS_LONGEST, n;
        E820Entry *e820;

        if (e820_make(&machine->memory, 0, 0, &e820, &n) < 0)
                return error_set(reterr, FAILURE_SYSTEM, "out of memory");
        free(e820);
        for (size_t i = 0; i < machine->memory.n; i++) /* what the hole can split */
                n += machine->memory.ranges[i].type == MEMORY_CRASH ||
                     machine->memory.ranges[i].type == MEMORY_CRASH_CMA;
        if (n > N_E820_MOST)
                return error_set(
                        reterr, FAILURE_SYSTEM,
                        "the firmware's memory map has %zu parts, and an image has room for %u", n,
                        N_E820_MOST);
        image->segments[SEGMENT_BOOT].memory_size =
                page_up(x86_boot_size(length, n, handed_over(machine, files)));
        return FAILURE_NONE;
}

static Failure plan(const ImageArchitecture *architecture, const CrashMachine *machine,
                    const CrashFiles *files, CrashImage *image, Error *reterr) {
        Failure failure;

        image->kernel_memory = page_up(files->header->init_size);
        image->segments[SEGMENT_KERNEL].size = (size_t)files->header->payload_size;
        image->segments[SEGMENT_INITRD] = (Segment){
                .size = (size_t)files->initrd_size,
                .memory_size = page_up(files->initrd_size),
        };
        failure = check_machine(machine, files, reterr);
        if (failure == FAILURE_NONE)
                failure = make_elfcorehdr(architecture, machine, image, reterr);
        if (failure == FAILURE_NONE)
                failure = make_purgatory(files, image, reterr);
        if (failure == FAILURE_NONE)
                failure = measure_boot(machine, files, image, reterr);
        if (failure == FAILURE_NONE)
                failure = place(machine, files, image, reterr);
        if (failure != FAILURE_NONE)
                return failure;
        address_purgatory(files, image);
        return make_boot(machine, files, image, reterr);
}

const ImageArchitecture x86_image_architecture = {
        .name = "x86_64",
        .elf_machine = EM_X86_64,
        .kexec_flag = KEXEC_X86_64,
        .plan = plan,
};
