/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kexec_file_load cannot do on a machine with many ranges of memory. */
#include "load/file-call.h"

#include "base/string-util.h"
#include "load/elfcorehdr.h"
#include "load/x86/e820.h"
#include "sys/iomem.h"
#include "sys/kernel-state.h"

#define LOW_MEMORY_END (UINT64_C(1) << 20)

static bool e820_has_room(const MemoryMap *memory, Error *reterr) {
        size_t n = e820_count_of_file_call(memory);

        if (n <= E820_OF_FILE_CALL)
                return true;
        return error_set(
                reterr, false,
                "the firmware's memory map has so many parts that kexec_file_load would leave out "
                "the capture kernel's memory: %zu with that, and it ends at %u",
                n, E820_OF_FILE_CALL);
}

static bool elfcorehdr_has_room(int root_fd, const MemoryMap *memory, Error *reterr) {
        _cleanup_(memory_map_done) MemoryMap dumped = { 0 };
        uint64_t wish;
        size_t n, room;

        if (memory_map_dumped(memory, LOW_MEMORY_END, &dumped) < 0)
                return true;
        if (kernel_elfcorehdr_bytes(root_fd, &wish) < 0)
                wish = 0;
        n = elfcorehdr_count(kernel_possible_cpus(root_fd), dumped.n);
        room = elfcorehdr_room(wish);
        if (n <= room)
                return true;
        return error_set(
                reterr, false,
                "the CPUs and ranges of memory of this machine are %zu, and kexec_file_load has "
                "room for %zu in the list of them (elfcorehdr)",
                n, room);
}

bool file_call_serves(int root_fd, const char *architecture, Error *reterr) {
        Iomem iomem;
        bool serves;

        if (!streq(architecture, "x86_64") || iomem_read(root_fd, &iomem) < 0)
                return true;
        /* What programs are lent is not dumped either. */
        if (iomem_add_cma(root_fd, &iomem.memory) >= 0)
                memory_map_sort(&iomem.memory);
        serves = e820_has_room(&iomem.memory, reterr) &&
                 elfcorehdr_has_room(root_fd, &iomem.memory, reterr);
        memory_map_done(&iomem.memory);
        return serves;
}
