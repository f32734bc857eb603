/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a kernel as an ELF core file. */
#include "core/vmcore.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/string-util.h"

/* In the dump of a machine the structures are the machine's own, which is also ours: a capture
 * kernel is of the same architecture. */
#define BATCH 256u /* program headers read at a time */

static int read_header(VmcoreRead read, void *userdata, Elf64_Ehdr *ret) {
        int r;

        r = read(userdata, 0, ret, sizeof(*ret));
        if (r < 0)
                return r;
        if (memcmp(ret->e_ident, ELFMAG, SELFMAG) != 0 || ret->e_ident[EI_CLASS] != ELFCLASS64 ||
            ret->e_ident[EI_DATA] !=
                    (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB) ||
            ret->e_type != ET_CORE || ret->e_phentsize != sizeof(Elf64_Phdr))
                return -EBADMSG;
        return 0;
}

/* Where there are 65535 program headers or more, their number is in the first section header. */
static int count_headers(VmcoreRead read, void *userdata, const Elf64_Ehdr *header, uint64_t *ret) {
        Elf64_Shdr section;
        int r;

        *ret = header->e_phnum;
        if (header->e_phnum == PN_XNUM) {
                if (header->e_shoff == 0 || header->e_shentsize != sizeof(section))
                        return -EBADMSG;
                r = read(userdata, header->e_shoff, &section, sizeof(section));
                if (r < 0)
                        return r;
                *ret = section.sh_info;
        }
        return *ret > VMCORE_LOADS_MOST + 1 ? -EFBIG : 0;
}

static int add_load(Vmcore *v, const Elf64_Phdr *header) {
        uint64_t end;

        /* /proc/kcore says so of what has no one physical address. */
        bool is_virtual = header->p_paddr == UINT64_MAX;

        if (__builtin_add_overflow(header->p_offset, header->p_filesz, &end) ||
            (!is_virtual &&
             __builtin_add_overflow(header->p_paddr, header->p_filesz, &(uint64_t){ 0 })))
                return -EBADMSG;
        v->loads[v->n_loads++] = (VmcoreLoad){ header->p_paddr, header->p_vaddr, header->p_filesz,
                                               header->p_offset };
        v->size = MAX(v->size, end);
        return 0;
}

static size_t padded(size_t size) {
        return (size + 3) & ~(size_t)3;
}

/* Takes the notes of one segment that is in memory. */
static int take_notes(Vmcore *v, const char *notes, size_t size) {
        for (size_t at = 0; size - at >= sizeof(Elf64_Nhdr);) {
                const char *name, *description;
                Elf64_Nhdr note;

                memcpy(&note, notes + at, sizeof(note));
                at += sizeof(note);
                if (note.n_namesz > size - at || padded(note.n_namesz) > size - at)
                        break;
                name = notes + at;
                at += padded(note.n_namesz);
                if (note.n_descsz > size - at || padded(note.n_descsz) > size - at)
                        break;
                description = notes + at;
                at += padded(note.n_descsz);
                if (note.n_namesz == sizeof("CORE") && memcmp(name, "CORE", 5) == 0 &&
                    note.n_type == NT_PRSTATUS)
                        v->n_cpus++;
                else if (note.n_namesz == sizeof("VMCOREINFO") &&
                         memcmp(name, "VMCOREINFO", 11) == 0 && note.n_descsz <= VMCORE_INFO_MOST &&
                         !v->info) {
                        v->info = strndup(description, note.n_descsz);
                        if (!v->info)
                                return -ENOMEM;
                }
        }
        return 0;
}

static int read_notes(Vmcore *v, const Elf64_Phdr *header) {
        _cleanup_free_ char *notes = NULL;
        uint64_t end;
        int r;

        if (__builtin_add_overflow(header->p_offset, header->p_filesz, &end))
                return -EBADMSG;
        if (header->p_filesz > VMCORE_NOTES_MOST)
                return -EFBIG;
        v->size = MAX(v->size, end);
        notes = malloc(header->p_filesz + 1);
        if (!notes)
                return -ENOMEM;
        r = v->read(v->userdata, header->p_offset, notes, header->p_filesz);
        if (r < 0)
                return r;
        return take_notes(v, notes, header->p_filesz);
}

static int read_segments(Vmcore *v, uint64_t at, uint64_t n) {
        Elf64_Phdr headers[BATCH];
        uint64_t notes = 0;
        int r = 0;

        while (n > 0) {
                size_t batch = MIN(n, (uint64_t)BATCH);

                r = v->read(v->userdata, at, headers, batch * sizeof(Elf64_Phdr));
                if (r < 0)
                        return r;
                for (size_t i = 0; i < batch; i++) {
                        if (headers[i].p_type == PT_LOAD)
                                r = add_load(v, &headers[i]);
                        else if (headers[i].p_type == PT_NOTE) {
                                if (__builtin_add_overflow(notes, headers[i].p_filesz, &notes) ||
                                    notes > VMCORE_NOTES_MOST)
                                        return -EFBIG;
                                r = read_notes(v, &headers[i]);
                        }
                        if (r < 0)
                                return r;
                }
                if (__builtin_add_overflow(at, batch * sizeof(Elf64_Phdr), &at))
                        return -EBADMSG;
                n -= batch;
        }
        return 0;
}

int vmcore_open(VmcoreRead read, void *userdata, Vmcore *ret) {
        Vmcore v = { .read = read, .userdata = userdata };
        Elf64_Ehdr header;
        uint64_t n;
        int r;

        r = read_header(read, userdata, &header);
        if (r < 0)
                return r;
        r = count_headers(read, userdata, &header, &n);
        if (r < 0)
                return r;
        v.machine = header.e_machine;
        v.loads = calloc(n + 1, sizeof(VmcoreLoad));
        if (!v.loads)
                return -ENOMEM;
        r = read_segments(&v, header.e_phoff, n);
        if (r >= 0 && !v.info) {
                v.info = strdup("");
                r = v.info ? 0 : -ENOMEM;
        }
        if (r < 0) {
                vmcore_done(&v);
                return r;
        }
        *ret = v;
        return 0;
}

void vmcore_done(Vmcore *v) {
        free(v->loads);
        free(v->info);
        *v = (Vmcore){ 0 };
}

int vmcore_info_text(const Vmcore *v, const char *key, char *buf, size_t size) {
        size_t n = strlen(key);

        for (const char *line = v->info; *line;) {
                size_t length = strcspn(line, "\n");

                if (length > n && line[n] == '=' && memcmp(line, key, n) == 0) {
                        if (length - n > size)
                                return -EFBIG;
                        memcpy(buf, line + n + 1, length - n - 1);
                        buf[length - n - 1] = '\0';
                        return 0;
                }
                line += length + (line[length] == '\n');
        }
        return -ENOENT;
}

int vmcore_info_number(const Vmcore *v, const char *key, unsigned base, uint64_t *ret) {
        char text[32];
        int r;

        r = vmcore_info_text(v, key, text, sizeof(text));
        if (r < 0)
                return r;
        return parse_u64(text, base, ret) < 0 ? -EBADMSG : 0;
}

static const VmcoreLoad *find_load(const Vmcore *v, uint64_t address, bool is_virtual,
                                   uint64_t *ret_rest) {
        for (size_t i = 0; i < v->n_loads; i++) {
                const VmcoreLoad *load = &v->loads[i];
                uint64_t start = is_virtual ? load->virtual : load->physical;

                if (address >= start && address - start < load->size) {
                        *ret_rest = load->size - (address - start);
                        return load;
                }
        }
        return NULL;
}

/* A range may go on in the next segment. */
static int read_memory(const Vmcore *v, uint64_t address, bool is_virtual, void *buf, size_t size) {
        int r;

        for (char *to = buf; size > 0;) {
                const VmcoreLoad *load;
                uint64_t rest;
                size_t n;

                load = find_load(v, address, is_virtual, &rest);
                if (!load)
                        return -ENXIO;
                n = MIN((uint64_t)size, rest);
                r = v->read(v->userdata, load->offset + (load->size - rest), to, n);
                if (r < 0)
                        return r;
                to += n;
                address += n;
                size -= n;
        }
        return 0;
}

int vmcore_read_physical(const Vmcore *v, uint64_t address, void *buf, size_t size) {
        return read_memory(v, address, false, buf, size);
}

/* arch/x86/include/asm/page_64_types.h: where the kernel's own image is mapped. */
#define X86_KERNEL_MAP UINT64_C(0xffffffff80000000)

int vmcore_read_virtual(const Vmcore *v, uint64_t address, void *buf, size_t size) {
        uint64_t base;
        int r;

        r = read_memory(v, address, true, buf, size);
        if (r != -ENXIO || v->machine != EM_X86_64 || address < X86_KERNEL_MAP)
                return r;
        /* Some loaders leave the segment of the kernel's image out. */
        if (vmcore_info_number(v, "NUMBER(phys_base)", 10, &base) < 0)
                return r;
        return vmcore_read_physical(v, address - X86_KERNEL_MAP + base, buf, size);
}
