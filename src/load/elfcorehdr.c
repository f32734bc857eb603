/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The elfcorehdr. */
#include "load/elfcorehdr.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>

#include "base/string-util.h"

#define PAGE 4096u

_Static_assert(ELFCOREHDR_MOST == PN_XNUM - 1u, "as elf.h has it");

static Elf64_Phdr note(const NoteArea *area) {
        return (Elf64_Phdr){ .p_type = PT_NOTE,
                             .p_offset = area->address,
                             .p_paddr = area->address,
                             .p_filesz = area->size,
                             .p_memsz = area->size };
}

static Elf64_Phdr load(uint64_t vaddr, uint64_t paddr, uint64_t size) {
        return (Elf64_Phdr){ .p_type = PT_LOAD,
                             .p_flags = PF_R | PF_W | PF_X,
                             .p_offset = paddr,
                             .p_vaddr = vaddr,
                             .p_paddr = paddr,
                             .p_filesz = size,
                             .p_memsz = size };
}

static size_t make_segments(const CrashMachine *machine, const MemoryMap *dumped, Elf64_Phdr *to) {
        size_t n = 0;

        for (size_t i = 0; i < machine->n_cpu_notes; i++)
                to[n++] = note(&machine->cpu_notes[i]);
        to[n++] = note(&machine->vmcoreinfo);
        to[n++] = load(machine->kernel_vaddr, machine->kernel_start, machine->kernel_size);
        for (size_t i = 0; i < dumped->n; i++) {
                const MemoryRange *range = &dumped->ranges[i];

                to[n++] = load(machine->page_offset + range->start, range->start,
                               range->end - range->start);
        }
        return n;
}

/* Writes them as the file has them: in the byte order of the machine, which is ours. */
static bool write_headers(unsigned elf_machine, Elf64_Phdr *segments, size_t n, void *to,
                          size_t size) {
        const unsigned encoding =
                __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
        Elf64_Ehdr header = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                             (unsigned char)encoding, EV_CURRENT },
                .e_type = ET_CORE,
                .e_machine = (Elf64_Half)elf_machine,
                .e_version = EV_CURRENT,
                .e_phoff = sizeof(Elf64_Ehdr),
                .e_ehsize = sizeof(Elf64_Ehdr),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = (Elf64_Half)n,
        };
        Elf_Data from = { .d_buf = &header,
                          .d_type = ELF_T_EHDR,
                          .d_version = EV_CURRENT,
                          .d_size = sizeof(header) };
        Elf_Data into = { .d_buf = to, .d_version = EV_CURRENT, .d_size = size };

        if (elf_version(EV_CURRENT) == EV_NONE || !elf64_xlatetof(&into, &from, encoding))
                return false;
        from = (Elf_Data){ .d_buf = segments,
                           .d_type = ELF_T_PHDR,
                           .d_version = EV_CURRENT,
                           .d_size = n * sizeof(*segments) };
        into = (Elf_Data){ .d_buf = (char *)to + sizeof(header),
                           .d_version = EV_CURRENT,
                           .d_size = size - sizeof(header) };
        return elf64_xlatetof(&into, &from, encoding);
}

size_t elfcorehdr_count(size_t n_cpus, size_t n_ranges) {
        return n_cpus + 2 + n_ranges; /* vmcoreinfo, and the kernel's text */
}

static uint64_t segment_bytes(uint64_t headers) {
        return add_saturated(headers, sizeof(Elf64_Ehdr) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

size_t elfcorehdr_room(uint64_t bytes) {
        if (bytes == 0)
                return ELFCOREHDR_MOST;
        return (size_t)MIN((segment_bytes(bytes) - sizeof(Elf64_Ehdr)) / sizeof(Elf64_Phdr),
                           (uint64_t)ELFCOREHDR_MOST);
}

/* The kernel writes one for all CPUs that there can be. */
static bool is_updatable(const CrashMachine *machine, size_t n_ranges) {
        size_t n_cpus = MAX(machine->n_cpu_notes, machine->n_possible_cpus);

        return machine->elfcorehdr_bytes > 0 &&
               elfcorehdr_count(n_cpus, n_ranges) <= elfcorehdr_room(machine->elfcorehdr_bytes);
}

int elfcorehdr_assemble(const CrashMachine *machine, unsigned elf_machine, uint64_t low,
                        Elfcorehdr *ret, size_t *ret_needed) {
        _cleanup_(memory_map_done) MemoryMap dumped = { 0 };
        _cleanup_free_ Elf64_Phdr *segments = NULL;
        uint64_t memory_size;
        bool updatable;
        size_t n, size;
        void *data;
        int r;

        r = memory_map_dumped(&machine->memory, low, &dumped);
        if (r < 0)
                return r;
        n = elfcorehdr_count(machine->n_cpu_notes, dumped.n);
        if (n > ELFCOREHDR_MOST) {
                *ret_needed = n;
                return -E2BIG;
        }
        updatable = is_updatable(machine, dumped.n);
        size = sizeof(Elf64_Ehdr) + n * sizeof(Elf64_Phdr);
        memory_size = segment_bytes(n * sizeof(Elf64_Phdr));
        if (updatable)
                memory_size = MAX(memory_size, segment_bytes(machine->elfcorehdr_bytes));
        segments = calloc(n, sizeof(*segments));
        data = calloc(1, size);
        if (!segments || !data || make_segments(machine, &dumped, segments) != n ||
            !write_headers(elf_machine, segments, n, data, size)) {
                free(data);
                return -ENOMEM;
        }
        *ret = (Elfcorehdr){ .data = data,
                             .size = size,
                             .memory_size = (size_t)memory_size,
                             .is_updatable = updatable };
        return 0;
}

static void elf_endp(Elf **elf) {
        if (*elf)
                (void)elf_end(*elf);
}

static int add_segment(const GElf_Phdr *segment, ElfcorehdrContent *content) {
        uint64_t end;
        int r;

        if (segment->p_type == PT_NOTE) {
                content->notes[content->n_notes++] =
                        (NoteArea){ .address = segment->p_paddr, .size = segment->p_memsz };
                return 0;
        }
        if (segment->p_type != PT_LOAD)
                return 0;
        if (__builtin_add_overflow(segment->p_paddr, segment->p_memsz, &end))
                return -EBADMSG;
        r = memory_map_add(&content->memory, segment->p_paddr, end, MEMORY_RAM);
        return r == -EINVAL ? -EBADMSG : r;
}

int elfcorehdr_read(const void *data, size_t size, ElfcorehdrContent *ret) {
        _cleanup_(elfcorehdr_content_done) ElfcorehdrContent content = { 0 };
        _cleanup_(elf_endp) Elf *elf = NULL;
        _cleanup_free_ char *copy = NULL;
        GElf_Ehdr header;
        size_t n;
        int r;

        if (elf_version(EV_CURRENT) == EV_NONE)
                return -EBADMSG;
        copy = malloc(size + 1); /* libelf takes what may be written to */
        if (!copy)
                return -ENOMEM;
        memcpy(copy, data, size);
        elf = elf_memory(copy, size);
        if (!elf || !gelf_getehdr(elf, &header) || header.e_type != ET_CORE ||
            gelf_getclass(elf) != ELFCLASS64 || elf_getphdrnum(elf, &n) != 0)
                return -EBADMSG;
        content.elf_machine = header.e_machine;
        content.notes = calloc(n + 1, sizeof(*content.notes));
        if (!content.notes)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                GElf_Phdr segment;

                if (!gelf_getphdr(elf, (int)i, &segment))
                        return -EBADMSG;
                r = add_segment(&segment, &content);
                if (r < 0)
                        return r;
        }
        *ret = content;
        content = (ElfcorehdrContent){ 0 };
        return 0;
}
