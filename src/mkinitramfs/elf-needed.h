/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program or shared library says that it needs at run time. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

#define ELF_NEEDED_MOST    256u
#define ELF_STRING_LONGEST 4095u

typedef struct ElfNeeded {
        unsigned char elf_class; /* ELFCLASS64 or ELFCLASS32 */
        unsigned char elf_data;  /* byte order, ELFDATA2LSB or ELFDATA2MSB */
        uint16_t machine;        /* EM_X86_64, ... */
        char *interpreter;       /* the dynamic loader; NULL if it is linked statically */
        char **needed;           /* names of libraries, in the order of the search */
        size_t n_needed;
        char *run_path; /* DT_RUNPATH, or else DT_RPATH: directories with ":" between them */
} ElfNeeded;

/* Reads that out of a whole file of size bytes. Returns 0; -ENOEXEC (no ELF file, or none that is
 * a program or a shared library), -EBADMSG (a damaged one, or beyond a limit), -ENOMEM. */
int elf_needed_read(const void *data, size_t size, ElfNeeded *ret) _must_check_;

/* Frees what it holds and zeroes it; accepts a zeroed one. */
void elf_needed_done(ElfNeeded *e);
