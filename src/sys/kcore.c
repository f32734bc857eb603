/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/kcore. */
#include "sys/kcore.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/file-util.h"
#include "base/string-util.h"

/* The kernel's own mapping begins here whatever KASLR does (__START_KERNEL_map,
 * arch/x86/include/asm/page_64_types.h). */
#define KERNEL_MAP      UINT64_C(0xffffffff80000000)
#define HIGH_HALF       (UINT64_C(1) << 63)
#define HEADERS_LONGEST (sizeof(Elf64_Ehdr) + 65536 * sizeof(Elf64_Phdr))
#define NO_PHYSICAL     UINT64_MAX /* p_paddr of what has no one physical address */

static bool is_ours(const Elf64_Ehdr *header) {
        return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
               header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
               header->e_type == ET_CORE && header->e_machine == EM_X86_64 &&
               header->e_phentsize == sizeof(Elf64_Phdr);
}

static bool is_ram(const MemoryMap *memory, uint64_t address) {
        for (size_t i = 0; i < memory->n; i++)
                if (memory->ranges[i].type == MEMORY_RAM && memory->ranges[i].start <= address &&
                    address < memory->ranges[i].end)
                        return true;
        return false;
}

/* How many segments the headers have; 0 if they are none. */
static size_t count_segments(const void *data, size_t size, uint64_t *ret_offset) {
        Elf64_Ehdr header;

        if (size < sizeof(header))
                return 0;
        memcpy(&header, data, sizeof(header));
        if (!is_ours(&header) || header.e_phoff > size)
                return 0;
        *ret_offset = header.e_phoff;
        return MIN((size_t)header.e_phnum, (size - header.e_phoff) / sizeof(Elf64_Phdr));
}

static Elf64_Phdr segment_at(const void *data, uint64_t offset, size_t i) {
        Elf64_Phdr segment;

        memcpy(&segment, (const char *)data + offset + i * sizeof(segment), sizeof(segment));
        return segment;
}

int kcore_parse(const void *data, size_t size, uint64_t kernel_start, const MemoryMap *memory,
                Kcore *ret) {
        Kcore kcore = { 0 };
        uint64_t offset = 0;
        size_t n = count_segments(data, size, &offset);

        for (size_t i = 0; i < n; i++) {
                Elf64_Phdr segment = segment_at(data, offset, i);

                if (segment.p_type != PT_LOAD || segment.p_paddr == NO_PHYSICAL)
                        continue;
                if (segment.p_vaddr >= KERNEL_MAP) {
                        if (segment.p_paddr != kernel_start || segment.p_memsz == 0)
                                continue;
                        kcore.kernel_vaddr = segment.p_vaddr;
                        kcore.kernel_size = segment.p_memsz;
                } else if (kcore.page_offset == 0 && segment.p_vaddr >= HIGH_HALF &&
                           is_ram(memory, segment.p_paddr))
                        kcore.page_offset = segment.p_vaddr - segment.p_paddr;
        }
        if (kcore.kernel_vaddr == 0 || kcore.page_offset == 0)
                return -EBADMSG;
        *ret = kcore;
        return 0;
}

static int read_file(int root_fd, uint64_t kernel_start, const MemoryMap *memory, Kcore *ret) {
        _cleanup_(kcore_memory_close) KcoreMemory file = KCORE_MEMORY_INIT;
        int r;

        r = kcore_memory_open(root_fd, &file);
        return r < 0 ? r : kcore_parse(file.headers, file.size, kernel_start, memory, ret);
}

int kcore_note(int root_fd, uint64_t kernel_start, const Kcore *kcore) {
        char text[4 * 20];

        strscpyf(text, sizeof(text), "%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 "\n",
                 kernel_start, kcore->kernel_vaddr, kcore->kernel_size, kcore->page_offset);
        return write_file_below(root_fd, KCORE_NOTE_PATH, text, strlen(text));
}

/* A note of another kernel is none. */
static int read_note(int root_fd, uint64_t kernel_start, Kcore *ret) {
        char text[4 * 20], *rest = text;
        uint64_t values[4];
        int r;

        r = read_line_below(root_fd, KCORE_NOTE_PATH, text, sizeof(text));
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                const char *word = strsep(&rest, " ");

                if (!word || parse_u64(word, 16, &values[i]) < 0)
                        return -EBADMSG;
        }
        if (rest || values[0] != kernel_start)
                return -EBADMSG;
        *ret = (Kcore){ .kernel_vaddr = values[1],
                        .kernel_size = values[2],
                        .page_offset = values[3] };
        return 0;
}

int kcore_read(int root_fd, uint64_t kernel_start, const MemoryMap *memory, Kcore *ret) {
        int r;

        r = read_file(root_fd, kernel_start, memory, ret);
        if ((r == -EPERM || r == -EACCES) && read_note(root_fd, kernel_start, ret) >= 0)
                return 0;
        return r;
}

/* --- what is in memory */

int kcore_find(const void *data, size_t size, uint64_t address, bool is_physical,
               uint64_t *ret_offset, uint64_t *ret_room) {
        uint64_t offset = 0;
        size_t n = count_segments(data, size, &offset);

        for (size_t i = 0; i < n; i++) {
                Elf64_Phdr segment = segment_at(data, offset, i);
                uint64_t start = is_physical ? segment.p_paddr : segment.p_vaddr, at;

                /* Physical addresses by the kernel's map of all RAM. */
                if (segment.p_type != PT_LOAD || segment.p_vaddr < HIGH_HALF ||
                    (is_physical &&
                     (segment.p_paddr == NO_PHYSICAL || segment.p_vaddr >= KERNEL_MAP)) ||
                    address < start || address - start >= segment.p_memsz ||
                    __builtin_add_overflow(segment.p_offset, address - start, &at))
                        continue;
                *ret_offset = at;
                *ret_room = segment.p_memsz - (address - start);
                return 0;
        }
        return -EFAULT;
}

int kcore_memory_open(int root_fd, KcoreMemory *ret) {
        _cleanup_free_ void *data = NULL;
        _cleanup_close_ int fd = -EBADF;
        Elf64_Ehdr header = { 0 };
        uint64_t wanted;
        size_t size;
        int r;

        fd = open_below(root_fd, "/proc/kcore", O_RDONLY);
        if (fd < 0)
                return fd;
        /* The headers come first, and how many there are stands in the very first of them. */
        r = read_at(fd, &header, sizeof(header), 0, &size);
        if (r < 0)
                return r;
        /* What systemd lays over it in a sandbox (ProtectKernelTunables=), to be opened by who has
         * CAP_DAC_READ_SEARCH. */
        if (size == 0)
                return -EACCES;
        if (size < sizeof(header) || !is_ours(&header) ||
            __builtin_add_overflow(header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr), &wanted) ||
            wanted > HEADERS_LONGEST)
                return -EBADMSG;
        data = malloc(MAX((size_t)wanted, sizeof(header)));
        if (!data)
                return -ENOMEM;
        r = read_at(fd, data, (size_t)wanted, 0, &size);
        if (r < 0)
                return r;
        *ret = (KcoreMemory){ .fd = TAKE_FD(fd), .headers = TAKE_PTR(data), .size = size };
        return 0;
}

void kcore_memory_close(KcoreMemory *memory) {
        closep(&memory->fd);
        free(memory->headers);
        *memory = KCORE_MEMORY_INIT;
}

int kcore_memory_read(const KcoreMemory *memory, uint64_t address, bool is_physical, void *ret,
                      size_t size) {
        uint64_t offset, room;
        size_t n;
        int r;

        r = kcore_find(memory->headers, memory->size, address, is_physical, &offset, &room);
        if (r < 0)
                return r;
        if (size > room)
                return -EFAULT;
        r = read_at(memory->fd, ret, size, offset, &n);
        if (r < 0)
                return r;
        return n < size ? -EFAULT : 0;
}
