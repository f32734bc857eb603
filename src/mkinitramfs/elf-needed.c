/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program or shared library says that it needs at run time. */
#include "mkinitramfs/elf-needed.h"

#include <errno.h>
#include <gelf.h>

#include "base/array.h"
#include "base/string-util.h"

#define SEGMENTS_MOST 1024u
#define DYNAMIC_MOST  65536u

typedef struct Reader {
        const char *data;
        size_t size;
        Elf *elf;
        size_t n_segments;
        uint64_t strings, strings_size; /* of the dynamic section: offset in the file */
} Reader;

void elf_needed_done(ElfNeeded *e) {
        for (size_t i = 0; i < e->n_needed; i++)
                free(e->needed[i]);
        free(e->needed);
        free(e->interpreter);
        free(e->run_path);
        *e = (ElfNeeded){ 0 };
}

static void elf_endp(Elf **elf) {
        if (*elf)
                (void)elf_end(*elf);
}

static bool in_file(const Reader *r, uint64_t offset, uint64_t size) {
        return offset <= r->size && size <= r->size - offset;
}

/* A fresh copy of the string at an offset of the file that must end before limit. */
static int copy_string(const Reader *r, uint64_t offset, uint64_t limit, char **ret) {
        size_t room, length;

        if (limit > r->size || offset >= limit)
                return -EBADMSG;
        room = MIN((size_t)(limit - offset), (size_t)ELF_STRING_LONGEST + 1);
        length = strnlen(r->data + offset, room);
        if (length == room || length == 0)
                return -EBADMSG;
        free(*ret);
        *ret = strndup(r->data + offset, length);
        return *ret ? 0 : -ENOMEM;
}

/* Where the memory at an address comes from in the file. */
static int file_offset(const Reader *r, uint64_t address, uint64_t *ret) {
        for (size_t i = 0; i < r->n_segments; i++) {
                GElf_Phdr p;

                if (!gelf_getphdr(r->elf, (int)i, &p))
                        return -EBADMSG;
                if (p.p_type != PT_LOAD || address < p.p_vaddr || address - p.p_vaddr >= p.p_filesz)
                        continue;
                if (__builtin_add_overflow(p.p_offset, address - p.p_vaddr, ret))
                        return -EBADMSG;
                return 0;
        }
        return -EBADMSG;
}

static int add_needed(const Reader *r, uint64_t at, ElfNeeded *e) {
        char **name;

        if (e->n_needed >= ELF_NEEDED_MOST)
                return -EBADMSG;
        name = ARRAY_ADD(e->needed, e->n_needed);
        if (!name)
                return -ENOMEM;
        return copy_string(r, at, r->strings + r->strings_size, name);
}

/* One entry of the dynamic section, when it is known where its strings are. */
static int take_entry(const Reader *r, const GElf_Dyn *entry, bool *has_runpath, ElfNeeded *e) {
        uint64_t at;

        if (entry->d_tag != DT_NEEDED && entry->d_tag != DT_RUNPATH && entry->d_tag != DT_RPATH)
                return 0;
        if (entry->d_un.d_val >= r->strings_size)
                return -EBADMSG;
        at = r->strings + entry->d_un.d_val;
        if (entry->d_tag == DT_NEEDED)
                return add_needed(r, at, e);
        if (entry->d_tag == DT_RPATH && *has_runpath)
                return 0;
        if (entry->d_tag == DT_RUNPATH)
                *has_runpath = true;
        if (r->data[at] == '\0') /* an empty list */
                return 0;
        return copy_string(r, at, r->strings + r->strings_size, &e->run_path);
}

/* Returns 1 with entry i of n, 0 behind the last one, -EBADMSG. */
static int get_entry(Elf_Data *dynamic, size_t n, size_t i, GElf_Dyn *ret) {
        if (i == n)
                return 0;
        if (!gelf_getdyn(dynamic, (int)i, ret))
                return -EBADMSG;
        return ret->d_tag != DT_NULL;
}

static int find_strings(Reader *r, Elf_Data *dynamic, size_t n) {
        uint64_t address = 0;
        GElf_Dyn entry;
        int k;

        r->strings_size = 0;
        for (size_t i = 0; (k = get_entry(dynamic, n, i, &entry)) > 0; i++)
                if (entry.d_tag == DT_STRTAB)
                        address = entry.d_un.d_ptr;
                else if (entry.d_tag == DT_STRSZ)
                        r->strings_size = entry.d_un.d_val;
        if (k < 0)
                return k;
        if (file_offset(r, address, &r->strings) < 0 || !in_file(r, r->strings, r->strings_size))
                return -EBADMSG;
        return 0;
}

static int read_dynamic(Reader *r, const GElf_Phdr *segment, ElfNeeded *e) {
        size_t entry_size = gelf_fsize(r->elf, ELF_T_DYN, 1, EV_CURRENT), n;
        bool has_runpath = false;
        Elf_Data *dynamic;
        GElf_Dyn entry;
        int k;

        if (!in_file(r, segment->p_offset, segment->p_filesz) || entry_size == 0)
                return -EBADMSG;
        n = segment->p_filesz / entry_size;
        if (n == 0 || n > DYNAMIC_MOST)
                return -EBADMSG;
        dynamic =
                elf_getdata_rawchunk(r->elf, (int64_t)segment->p_offset, n * entry_size, ELF_T_DYN);
        if (!dynamic)
                return -EBADMSG;
        k = find_strings(r, dynamic, n);
        for (size_t i = 0; k >= 0 && (k = get_entry(dynamic, n, i, &entry)) > 0; i++)
                k = take_entry(r, &entry, &has_runpath, e);
        return k;
}

static int read_segments(Reader *r, ElfNeeded *e) {
        int k;

        for (size_t i = 0; i < r->n_segments; i++) {
                GElf_Phdr p;

                if (!gelf_getphdr(r->elf, (int)i, &p))
                        return -EBADMSG;
                if (p.p_type == PT_INTERP) {
                        if (!in_file(r, p.p_offset, p.p_filesz))
                                return -EBADMSG;
                        k = copy_string(r, p.p_offset, p.p_offset + p.p_filesz, &e->interpreter);
                        if (k < 0)
                                return k;
                } else if (p.p_type == PT_DYNAMIC) {
                        k = read_dynamic(r, &p, e);
                        if (k < 0)
                                return k;
                }
        }
        return 0;
}

int elf_needed_read(const void *data, size_t size, ElfNeeded *ret) {
        __attribute__((cleanup(elf_endp))) Elf *elf = NULL;
        _cleanup_free_ char *copy = NULL;
        ElfNeeded e = { 0 };
        GElf_Ehdr header;
        Reader reader;
        int r;

        if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG) != 0 ||
            elf_version(EV_CURRENT) == EV_NONE)
                return -ENOEXEC;
        copy = malloc(size); /* libelf takes what may be written to */
        if (!copy)
                return -ENOMEM;
        memcpy(copy, data, size);
        elf = elf_memory(copy, size);
        if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
                return -EBADMSG;
        if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
                return -ENOEXEC;
        reader = (Reader){ .data = data, .size = size, .elf = elf };
        /* In a file that is cut off, libelf counts those that are there. */
        if (elf_getphdrnum(elf, &reader.n_segments) != 0 || reader.n_segments != header.e_phnum ||
            reader.n_segments > SEGMENTS_MOST)
                return -EBADMSG;
        e.elf_class = header.e_ident[EI_CLASS];
        e.elf_data = header.e_ident[EI_DATA];
        e.machine = header.e_machine;
        r = read_segments(&reader, &e);
        if (r < 0) {
                elf_needed_done(&e);
                return r;
        }
        *ret = e;
        return 0;
}
