/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dump of a fake kernel: an ELF core file of a few hundred KiB whose memory has a log in a
 * ring of records, laid out in a way that no kernel has, so that only VMCOREINFO tells how. */
#pragma once

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define FAKE_PHYSICAL UINT64_C(0x1000000)
#define FAKE_TEXT     UINT64_C(0xffffffff81000000) /* where the kernel's own image is seen */
#define FAKE_DIRECT   UINT64_C(0xffff888000000000)
#define FAKE_MEMORY   (384u * 1024u)
#define FAKE_CPUS     3u
#define FAKE_CRASHED  UINT64_C(1700000000) /* seconds */

/* In the memory. */
enum {
        FAKE_PRB = 0x40,
        FAKE_RING = 0x100,
        FAKE_DESCS = 0x1000,
        FAKE_INFOS = 0x3000,
        FAKE_DATA = 0x5000,
        FAKE_OLD = 0x8000,
        FAKE_LAST = FAKE_MEMORY - 4096, /* a page that is not zero */
};

enum {
        FAKE_COUNT_BITS = 4,
        FAKE_COUNT = 1 << FAKE_COUNT_BITS,
        FAKE_SIZE_BITS = 10,
        FAKE_SIZE = 1 << FAKE_SIZE_BITS,
        FAKE_DESC = 48,
        FAKE_INFO = 40,
};

typedef struct FakeVmcore {
        unsigned char memory[FAKE_MEMORY];
        char info[4096];
        uint64_t head, tail;               /* of the ring: identifiers */
        uint64_t position, first_position; /* of its text: where it goes, and where the oldest is */
        bool ends_at_end; /* since Linux 6.18 a block that ends where the buffer does fits there */
        unsigned char *file;
        size_t size;
} FakeVmcore;

static inline void fake_put(FakeVmcore *v, size_t at, uint64_t value, size_t width) {
        memcpy(v->memory + at, &value, width);
}

_printf_(2, 3) static inline void fake_info(FakeVmcore *v, const char *format, ...) {
        size_t n = strlen(v->info);
        va_list ap;

        va_start(ap, format);
        vsnprintf(v->info + n, sizeof(v->info) - n, format, ap);
        va_end(ap);
}

static inline void fake_ring_pointers(FakeVmcore *v) {
        fake_put(v, FAKE_PRB, FAKE_TEXT + FAKE_RING, 8);
        fake_put(v, FAKE_RING + 16 + 4, FAKE_COUNT_BITS, 4);
        fake_put(v, FAKE_RING + 16 + 8, FAKE_DIRECT + FAKE_PHYSICAL + FAKE_DESCS, 8);
        fake_put(v, FAKE_RING + 16 + 16, FAKE_DIRECT + FAKE_PHYSICAL + FAKE_INFOS, 8);
        fake_put(v, FAKE_RING + 16 + 24, v->head, 8);
        fake_put(v, FAKE_RING + 16 + 32, v->tail, 8);
        fake_put(v, FAKE_RING + 80 + 8, FAKE_SIZE_BITS, 4);
        fake_put(v, FAKE_RING + 80 + 16, FAKE_DIRECT + FAKE_PHYSICAL + FAKE_DATA, 8);
}

static inline void fake_ring_info(FakeVmcore *v) {
        fake_info(v, "SYMBOL(prb)=%llx\n", (unsigned long long)(FAKE_TEXT + FAKE_PRB));
        fake_info(v, "SIZE(printk_ringbuffer)=120\nOFFSET(printk_ringbuffer.desc_ring)=16\n"
                     "OFFSET(printk_ringbuffer.text_data_ring)=80\nSIZE(prb_desc_ring)=40\n"
                     "OFFSET(prb_desc_ring.count_bits)=4\nOFFSET(prb_desc_ring.descs)=8\n"
                     "OFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"
                     "OFFSET(prb_desc_ring.tail_id)=32\n");
        fake_info(v,
                  "SIZE(prb_desc)=%d\nOFFSET(prb_desc.state_var)=8\n"
                  "OFFSET(prb_desc.text_blk_lpos)=24\nSIZE(prb_data_blk_lpos)=16\n"
                  "OFFSET(prb_data_blk_lpos.begin)=0\nOFFSET(prb_data_blk_lpos.next)=8\n",
                  FAKE_DESC);
        fake_info(v,
                  "SIZE(printk_info)=%d\nOFFSET(printk_info.ts_nsec)=16\n"
                  "OFFSET(printk_info.text_len)=30\nSIZE(prb_data_ring)=32\n"
                  "OFFSET(prb_data_ring.size_bits)=8\nOFFSET(prb_data_ring.data)=16\n",
                  FAKE_INFO);
}

/* An empty ring, with the first identifier that is to be used. */
static inline FakeVmcore *fake_vmcore_new(uint64_t first_id) {
        FakeVmcore *v = calloc(1, sizeof(FakeVmcore));

        ck_assert_ptr_nonnull(v);
        fake_info(v, "OSRELEASE=6.9.0-fake\nBUILD-ID=00\nPAGESIZE=4096\n");
        fake_ring_info(v);
        fake_info(v, "NUMBER(phys_base)=0\nCRASHTIME=%llu\n", (unsigned long long)FAKE_CRASHED);
        v->tail = first_id;
        v->head = first_id - 1;
        v->position = v->first_position = -(uint64_t)FAKE_SIZE; /* BLK0_LPOS */
        memset(v->memory + FAKE_LAST, 'L', 4096);
        return v;
}

static inline size_t fake_desc(uint64_t id) {
        return FAKE_DESCS + (id % FAKE_COUNT) * FAKE_DESC;
}

static inline size_t fake_record_info(uint64_t id) {
        return FAKE_INFOS + (id % FAKE_COUNT) * FAKE_INFO;
}

static inline uint64_t fake_get(const FakeVmcore *v, size_t at) {
        uint64_t value;

        memcpy(&value, v->memory + at, sizeof(value));
        return value;
}

static inline uint64_t fake_state(uint64_t id, unsigned state) {
        return (id & ((UINT64_C(1) << 62) - 1)) | (uint64_t)state << 62;
}

static inline uint64_t fake_lap(uint64_t position) {
        return position & ~(uint64_t)(FAKE_SIZE - 1);
}

/* data_push_tail(): the oldest records lose their text, and with it all they are. */
static inline void fake_drop_text(FakeVmcore *v, uint64_t until) {
        while ((int64_t)(until - v->first_position) > 0) {
                uint64_t id = fake_get(v, FAKE_DATA + v->first_position % FAKE_SIZE);

                fake_put(v, fake_desc(id) + 8, fake_state(id, 3), 8);
                v->first_position = fake_get(v, fake_desc(id) + 32);
        }
}

static inline void fake_drop_oldest(FakeVmcore *v) {
        size_t desc = fake_desc(v->tail++);

        if (fake_get(v, desc + 24) % 2 == 0)
                fake_drop_text(v, fake_get(v, desc + 32));
}

/* data_alloc(). Returns where the block is in the buffer. */
static inline size_t fake_alloc(FakeVmcore *v, uint64_t id, size_t block, uint64_t *ret_next) {
        uint64_t begin = v->position, next = begin + block;
        bool fits = fake_lap(begin) == fake_lap(v->ends_at_end ? next - 1 : next);

        if (!fits)
                next = fake_lap(next) + block;
        fake_drop_text(v, next - FAKE_SIZE);
        fake_put(v, FAKE_DATA + begin % FAKE_SIZE, id, 8);
        v->position = *ret_next = next;
        return fits ? begin % FAKE_SIZE : 0;
}

/* As kernel/printk/printk_ringbuffer.c does it: what is oldest goes when its place is needed. */
static inline uint64_t fake_log_add(FakeVmcore *v, uint64_t nsec, const char *text, size_t size) {
        size_t block = (8 + size + 7) & ~(size_t)7, at;
        uint64_t id = v->head + 1, begin = v->position, next;

        if (id - v->tail >= FAKE_COUNT)
                fake_drop_oldest(v);
        v->head = id;
        if (size == 0)
                begin = next = 3; /* no text */
        else {
                at = fake_alloc(v, id, block, &next);
                fake_put(v, FAKE_DATA + at, id, 8);
                memcpy(v->memory + FAKE_DATA + at + 8, text, size);
        }
        fake_put(v, fake_desc(id) + 8, fake_state(id, 2), 8);
        fake_put(v, fake_desc(id) + 24, begin, 8);
        fake_put(v, fake_desc(id) + 32, next, 8);
        fake_put(v, fake_record_info(id) + 16, nsec, 8);
        fake_put(v, fake_record_info(id) + 30, size, 2);
        return id;
}

static inline void fake_log(FakeVmcore *v, uint64_t nsec, const char *text) {
        (void)fake_log_add(v, nsec, text, strlen(text));
}

static inline size_t fake_note(unsigned char *to, const char *name, unsigned type, const void *data,
                               size_t size) {
        Elf64_Nhdr note = { (Elf64_Word)strlen(name) + 1, (Elf64_Word)size, type };
        size_t at = sizeof(note);

        memcpy(to, &note, sizeof(note));
        memcpy(to + at, name, note.n_namesz);
        at += (note.n_namesz + 3) & ~3u;
        memcpy(to + at, data, size);
        return at + ((size + 3) & ~(size_t)3);
}

static inline size_t fake_notes(const FakeVmcore *v, unsigned char *to) {
        unsigned char registers[336] = { 1 };
        size_t at = 0;

        for (unsigned i = 0; i < FAKE_CPUS; i++)
                at += fake_note(to + at, "CORE", NT_PRSTATUS, registers, sizeof(registers));
        return at + fake_note(to + at, "VMCOREINFO", 0, v->info, strlen(v->info));
}

/* Makes the file of it: headers, notes, and the memory in two pieces, whose border lies in the
 * middle of the ring's text. */
static inline void fake_vmcore_finish(FakeVmcore *v) {
        const size_t border = FAKE_DATA + 100, notes_at = 4096, memory_at = 16384;
        Elf64_Ehdr header = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                             EV_CURRENT },
                .e_type = ET_CORE,
                .e_machine = EM_X86_64,
                .e_version = EV_CURRENT,
                .e_phoff = sizeof(Elf64_Ehdr),
                .e_ehsize = sizeof(Elf64_Ehdr),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = 4,
        };
        Elf64_Phdr segments[4] = {
                { .p_type = PT_NOTE, .p_offset = notes_at },
                { PT_LOAD, 7, memory_at, FAKE_TEXT, FAKE_PHYSICAL, 4096, 4096, 0 },
                { PT_LOAD, 7, memory_at, FAKE_DIRECT + FAKE_PHYSICAL, FAKE_PHYSICAL, border, border,
                  0 },
                { PT_LOAD, 7, memory_at + border, FAKE_DIRECT + FAKE_PHYSICAL + border,
                  FAKE_PHYSICAL + border, FAKE_MEMORY - border, FAKE_MEMORY - border, 0 },
        };

        fake_ring_pointers(v);
        free(v->file);
        v->size = memory_at + FAKE_MEMORY;
        v->file = calloc(1, v->size);
        ck_assert_ptr_nonnull(v->file);
        segments[0].p_filesz = segments[0].p_memsz = fake_notes(v, v->file + notes_at);
        memcpy(v->file, &header, sizeof(header));
        memcpy(v->file + sizeof(header), segments, sizeof(segments));
        memcpy(v->file + memory_at, v->memory, FAKE_MEMORY);
}

/* A VmcoreRead of it. */
static inline int fake_read(void *userdata, uint64_t offset, void *buf, size_t size) {
        const FakeVmcore *v = userdata;

        if (offset > v->size || size > v->size - offset)
                return -ENXIO;
        memcpy(buf, v->file + offset, size);
        return 0;
}

static inline void fake_vmcore_free(FakeVmcore *v) {
        free(v->file);
        free(v);
}
