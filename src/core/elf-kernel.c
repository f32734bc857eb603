/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel as an ELF file. */
#include "core/elf-kernel.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>

#include "base/string-util.h"

#define ALIGNMENT (UINT32_C(1) << 21)
/* Where kernels are linked to, less the physical address (__START_KERNEL_map in
 * arch/x86/include/asm/page_64_types.h), and how long they can be from there on. */
#define KERNEL_MAP     UINT64_C(0xffffffff80000000)
#define KERNEL_LONGEST (UINT64_C(1) << 30)
/* COMMAND_LINE_SIZE in arch/x86/include/asm/setup.h, less the NUL; a vmlinux does not tell. */
#define COMMAND_LINE_MAX 2047u

static void elf_endp(Elf **elf) {
        if (*elf)
                (void)elf_end(*elf);
}

static const char *check_identity(const uint8_t *head, size_t size) {
        Elf64_Ehdr header;

        if (size < sizeof(header))
                return "it is cut short";
        memcpy(&header, head, sizeof(header));
        if (header.e_ident[EI_CLASS] != ELFCLASS64)
                return "it is an ELF file of 32 bits";
        if (header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
                return "it is an ELF file for another machine than x86_64";
        if (header.e_type != ET_EXEC)
                return "it is an ELF file, but no executable one";
        return NULL;
}

/* The next part of memory, which lies above all others. base is the address of the first. */
static const char *add_segment(const GElf_Phdr *segment, uint64_t base, uint64_t file_size,
                               KernelImage *image) {
        uint64_t at = segment->p_paddr - base;

        if (segment->p_filesz > segment->p_memsz)
                return "one of its segments has more bytes in the file than in memory";
        if (segment->p_offset > file_size || segment->p_filesz > file_size - segment->p_offset)
                return "it is cut short";
        if (segment->p_paddr < base || at < image->init_size)
                return "its segments overlap, or do not ascend";
        if (at > KERNEL_LONGEST || segment->p_memsz > KERNEL_LONGEST - at)
                return "its segments are further apart than those of a kernel can be";
        image->init_size = (uint32_t)(at + segment->p_memsz);
        if (segment->p_filesz == 0)
                return NULL;
        if (image->n_pieces == KERNEL_PIECES_MAX)
                return "it has more segments than a kernel has";
        image->payload_size = at + segment->p_filesz;
        image->pieces[image->n_pieces++] = (KernelPiece){
                .offset = segment->p_offset,
                .size = segment->p_filesz,
                .at = at,
        };
        return NULL;
}

static const char *read_segments(Elf *elf, size_t n, uint64_t file_size, KernelImage *image) {
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                GElf_Phdr segment;
                const char *why;

                if (!gelf_getphdr(elf, (int)i, &segment))
                        return "its program headers cannot be read";
                if (segment.p_type != PT_LOAD || segment.p_memsz == 0)
                        continue;
                if (!any) {
                        if (segment.p_vaddr < KERNEL_MAP ||
                            segment.p_vaddr - KERNEL_MAP != segment.p_paddr)
                                return "it is an ELF file, but no Linux kernel";
                        if (segment.p_paddr % ALIGNMENT != 0)
                                return "it does not begin at a multiple of 2 MiB";
                        /* The running kernel looks for the elfcorehdr, which it is to update, by
                         * what segments begin with (arch/x86/kernel/crash.c). */
                        if (segment.p_offset == 0)
                                return "its first segment begins with the ELF header";
                        image->pref_address = segment.p_paddr;
                        any = true;
                }
                why = add_segment(&segment, image->pref_address, file_size, image);
                if (why)
                        return why;
        }
        return image->n_pieces > 0 ? NULL : "it is an ELF file without content";
}

/* The entry point is a physical address. */
static const char *find_entry(uint64_t entry, KernelImage *image) {
        for (size_t i = 0; i < image->n_pieces; i++) {
                const KernelPiece *piece = &image->pieces[i];
                uint64_t offset = entry - image->pref_address;

                if (entry < image->pref_address || offset < piece->at ||
                    offset - piece->at >= piece->size)
                        continue;
                image->entry_offset = (uint32_t)offset;
                return NULL;
        }
        return "its entry point lies outside of it";
}

static const char *parse(char *copy, size_t size, uint64_t file_size, KernelImage *image) {
        _cleanup_(elf_endp) Elf *elf = NULL;
        GElf_Ehdr header;
        const char *why;
        size_t n;

        if (elf_version(EV_CURRENT) == EV_NONE)
                return "libelf is too old for it";
        elf = elf_memory(copy, size);
        if (!elf || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &n) != 0)
                return "its ELF header is damaged";
        why = read_segments(elf, n, file_size, image);
        return why ?: find_entry(header.e_entry, image);
}

int elf_kernel_parse(const void *head, size_t size, uint64_t file_size, KernelImage *ret,
                     const char **reterr_why) {
        _cleanup_free_ char *copy = NULL;
        KernelImage image = {
                .is_elf = true,
                .cmdline_size = COMMAND_LINE_MAX,
                .kernel_alignment = ALIGNMENT,
        };
        const char *why = check_identity(head, size);

        if (!why) {
                copy = malloc(size);
                if (copy) /* libelf takes what may be written to */
                        memcpy(copy, head, size);
                why = copy ? parse(copy, size, file_size, &image)
                           : "there is not enough memory for looking at it";
        }
        if (why) {
                *reterr_why = why;
                return -EBADMSG;
        }
        *ret = image;
        return 0;
}

/* The lowest and the highest address, and whether all of it is in the file. */
static const char *measure(Elf *elf, size_t n, uint64_t file_size, KernelImage *image) {
        uint64_t low = UINT64_MAX, high = 0, end;

        for (size_t i = 0; i < n; i++) {
                GElf_Phdr segment;

                if (!gelf_getphdr(elf, (int)i, &segment))
                        return "its program headers cannot be read";
                if (segment.p_type == PT_INTERP)
                        return "it is an ELF file, but no Linux kernel";
                if (segment.p_type != PT_LOAD || segment.p_memsz == 0)
                        continue;
                if (segment.p_filesz > segment.p_memsz)
                        return "one of its segments has more bytes in the file than in memory";
                if (segment.p_offset > file_size || segment.p_filesz > file_size - segment.p_offset)
                        return "it is cut short";
                if (__builtin_add_overflow(segment.p_paddr, segment.p_memsz, &end))
                        return "one of its segments lies at no address that there is";
                low = MIN(low, segment.p_paddr);
                high = MAX(high, end);
        }
        if (high == 0)
                return "it is an ELF file without content";
        if (high - low > KERNEL_LONGEST)
                return "its segments are further apart than those of a kernel can be";
        image->init_size = (uint32_t)(high - low);
        return NULL;
}

const char *elf_kernel_measure(const void *head, size_t size, uint64_t file_size,
                               KernelImage *image) {
        _cleanup_free_ char *copy = malloc(size ?: 1);
        _cleanup_(elf_endp) Elf *elf = NULL;
        GElf_Ehdr header;
        size_t n;

        if (!copy || elf_version(EV_CURRENT) == EV_NONE)
                return "there is not enough memory for looking at it";
        memcpy(copy, head, size);
        elf = elf_memory(copy, size);
        if (!elf || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &n) != 0)
                return "its ELF header is damaged";
        if (header.e_ident[EI_CLASS] != ELFCLASS64)
                return "it is an ELF file of 32 bits";
        /* ET_DYN: a kernel that can be moved. */
        if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
                return "it is an ELF file, but no executable one";
        return measure(elf, n, file_size, image);
}
