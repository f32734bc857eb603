/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a kernel as an ELF core file, which is what /proc/vmcore is, and /proc/kcore. Reads
 * through a callback; the file is never mapped. All that it says is taken for hostile: it comes out
 * of the memory of a kernel that has just failed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* Reads exactly size bytes at an offset of the file. Returns 0 or negative errno. */
typedef int (*VmcoreRead)(void *userdata, uint64_t offset, void *buf, size_t size);

typedef struct VmcoreLoad {
        uint64_t physical, virtual, size; /* bytes */
        uint64_t offset;                  /* in the file */
} VmcoreLoad;

typedef struct Vmcore {
        VmcoreRead read;
        void *userdata;
        VmcoreLoad *loads;
        size_t n_loads;
        uint64_t n_cpus;  /* notes with a CPU's registers */
        char *info;       /* the text of the VMCOREINFO note, "KEY=VALUE\n" ...; "" if none */
        uint64_t machine; /* EM_X86_64 ... */
        uint64_t size;    /* of the file as its headers tell, bytes */
} Vmcore;

#define VMCORE_LOADS_MOST 65536u
#define VMCORE_NOTES_MOST (64u * 1024u * 1024u) /* bytes of all notes */
#define VMCORE_INFO_MOST  (64u * 1024u)         /* bytes of VMCOREINFO */

/* Reads the headers and notes. Returns 0; -EBADMSG (no 64-bit little-endian ELF core file, or its
 * headers contradict each other), -EFBIG (beyond a limit), -ENOMEM, or what read says. Notes that
 * make no sense only end the list of notes. */
int vmcore_open(VmcoreRead read, void *userdata, Vmcore *ret) _must_check_;

/* Frees; accepts a zeroed one. */
void vmcore_done(Vmcore *v);

/* The value of a key of VMCOREINFO, "OSRELEASE" or "SYMBOL(prb)", into size bytes at buf. Returns
 * 0; -ENOENT, or -EFBIG if it does not fit. */
int vmcore_info_text(const Vmcore *v, const char *key, char *buf, size_t size) _must_check_;

/* The same as a number; base 10 or 16. Returns also -EBADMSG if it is none. */
int vmcore_info_number(const Vmcore *v, const char *key, unsigned base, uint64_t *ret) _must_check_;

/* Reads memory by its physical or virtual address. Returns 0; -ENXIO if it is not all in the dump,
 * or what read says. */
int vmcore_read_physical(const Vmcore *v, uint64_t address, void *buf, size_t size) _must_check_;
int vmcore_read_virtual(const Vmcore *v, uint64_t address, void *buf, size_t size) _must_check_;
