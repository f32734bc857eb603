/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log of a crashed kernel, out of its memory. */
#include "capture/vmcore-log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/string-util.h"

/* Lines of text. The first ones are left out until so many bytes are: why it crashed is at the
 * end. */
typedef struct Text {
        char *data;
        size_t size, room;
        uint64_t over;
} Text;

#define NO_CALLER UINT64_MAX

typedef struct Record {
        uint64_t nsec;
        uint64_t caller; /* printk_caller_id() of kernel/printk/printk.c, or NO_CALLER */
        char *text;
        size_t size;
} Record;

/* How much of a log there may be, by the size of its buffer. Damaged records may all have the same
 * text, and of that each a line for each byte. */
static uint64_t log_most(uint64_t size) {
        return MIN(2 * size, (uint64_t)VMCORE_LOG_MOST);
}

static int text_add(Text *t, const char *data, size_t size) {
        if (t->size + size + 1 > t->room) {
                size_t room = MAX(t->room * 2, t->size + size + 4096);
                char *grown = realloc(t->data, room);

                if (!grown)
                        return -ENOMEM;
                t->data = grown;
                t->room = room;
        }
        memcpy(t->data + t->size, data, size);
        t->size += size;
        t->data[t->size] = '\0';
        return 0;
}

static int text_add_line(Text *t, const char *prefix, const char *line, size_t length) {
        size_t size = strlen(prefix) + length + 1;
        int r;

        if (t->over > 0) {
                t->over -= MIN((uint64_t)size, t->over);
                return 0;
        }
        r = text_add(t, prefix, strlen(prefix));
        if (r >= 0)
                r = text_add(t, line, length);
        return r < 0 ? r : text_add(t, "\n", 1);
}

#define PREFIX_MAX 40u
#define CALLER_CPU UINT32_C(0x80000000)

static void record_prefix(const Record *record, char ret[static PREFIX_MAX]) {
        char caller[16];

        strscpyf(ret, PREFIX_MAX, "[%5" PRIu64 ".%06" PRIu64 "] ", record->nsec / 1000000000,
                 record->nsec / 1000 % 1000000);
        if (record->caller == NO_CALLER)
                return;
        strscpyf(caller, sizeof(caller), "%c%" PRIu32, record->caller & CALLER_CPU ? 'C' : 'T',
                 (uint32_t)record->caller & ~CALLER_CPU);
        strscpyf(ret + strlen(ret), PREFIX_MAX - strlen(ret), "[%6s] ", caller);
}

/* How many bytes record_add() adds. */
static uint64_t record_size(const Record *record) {
        size_t n_lines = record->size == 0 || record->text[record->size - 1] != '\n', newlines = 0;
        char prefix[PREFIX_MAX];

        for (size_t i = 0; i < record->size; i++)
                newlines += record->text[i] == '\n';
        record_prefix(record, prefix);
        n_lines += newlines;
        return n_lines * (strlen(prefix) + 1) + record->size - newlines;
}

/* Adds a record, each line of it with the time and the caller in front. What is no text becomes
 * '?'. */
static int record_add(const Record *record, Text *t, VmcoreLog *log) {
        char prefix[PREFIX_MAX], *text = record->text;
        size_t size = record->size;
        int r;

        record_prefix(record, prefix);
        for (size_t i = 0; i < size; i++)
                if ((text[i] >= 0 && text[i] < 0x20 && text[i] != '\t' && text[i] != '\n') ||
                    text[i] == 0x7f)
                        text[i] = '?';
        do {
                const char *end = memchr(text, '\n', size);
                size_t length = end ? (size_t)(end - text) : size;

                r = text_add_line(t, prefix, text, length);
                if (r < 0)
                        return r;
                text += length + (end ? 1 : 0);
                size -= length + (end ? 1 : 0);
        } while (size > 0);
        log->n_records += t->over == 0;
        log->last_nsec = record->nsec;
        return 0;
}

typedef struct Number {
        const char *key;
        size_t member;
} Number;

/* Fills in the uint64_t members of a struct from VMCOREINFO. */
static int read_numbers(const Vmcore *v, const Number *table, size_t n, void *ret) {
        for (size_t i = 0; i < n; i++) {
                /* Symbols are addresses in hexadecimal, everything else is decimal. */
                unsigned base = startswith(table[i].key, "SYMBOL(") ? 16 : 10;
                int r;

                r = vmcore_info_number(v, table[i].key, base,
                                       (uint64_t *)((char *)ret + table[i].member));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Takes a little-endian or big-endian number, whichever this machine has, out of a structure. */
static uint64_t get_u64(const char *structure, uint64_t offset) {
        uint64_t value;

        memcpy(&value, structure + offset, sizeof(value));
        return value;
}

static uint32_t get_u32(const char *structure, uint64_t offset) {
        uint32_t value;

        memcpy(&value, structure + offset, sizeof(value));
        return value;
}

static uint16_t get_u16(const char *structure, uint64_t offset) {
        uint16_t value;

        memcpy(&value, structure + offset, sizeof(value));
        return value;
}

#define STRUCTURE_MOST 4096u /* bytes of any structure here */

/* A member of width bytes lies in a structure of size bytes. */
static bool fits(uint64_t offset, uint64_t width, uint64_t size) {
        return size <= STRUCTURE_MOST && offset <= size && width <= size - offset;
}

/* Where the caller is in a record of size bytes: NO_CALLER if VMCOREINFO does not say it, since it
 * is not noted (of records before Linux 5.10, unless the kernel has CONFIG_PRINTK_CALLER). */
static uint64_t find_caller(const Vmcore *v, const char *key, uint64_t size) {
        uint64_t offset;

        if (vmcore_info_number(v, key, 10, &offset) < 0 || !fits(offset, 4, size))
                return NO_CALLER;
        return offset;
}

static uint64_t get_caller(const char *record, uint64_t offset) {
        return offset == NO_CALLER ? NO_CALLER : get_u32(record, offset);
}

typedef struct RingLayout {
        uint64_t prb;
        uint64_t ring_size, desc_ring, text_ring;
        uint64_t descs_size, count_bits, descs, infos, head, tail;
        uint64_t desc_size, state, lpos;
        uint64_t lpos_size, begin, next;
        uint64_t info_size, time, length, caller;
        uint64_t data_size, size_bits, data;
} RingLayout;

#define RING(key, name) \
        { key, offsetof(RingLayout, name) }
static const Number ring_table[] = {
        RING("SYMBOL(prb)", prb),
        RING("SIZE(printk_ringbuffer)", ring_size),
        RING("OFFSET(printk_ringbuffer.desc_ring)", desc_ring),
        RING("OFFSET(printk_ringbuffer.text_data_ring)", text_ring),
        RING("SIZE(prb_desc_ring)", descs_size),
        RING("OFFSET(prb_desc_ring.count_bits)", count_bits),
        RING("OFFSET(prb_desc_ring.descs)", descs),
        RING("OFFSET(prb_desc_ring.infos)", infos),
        RING("OFFSET(prb_desc_ring.head_id)", head),
        RING("OFFSET(prb_desc_ring.tail_id)", tail),
        RING("SIZE(prb_desc)", desc_size),
        RING("OFFSET(prb_desc.state_var)", state),
        RING("OFFSET(prb_desc.text_blk_lpos)", lpos),
        RING("SIZE(prb_data_blk_lpos)", lpos_size),
        RING("OFFSET(prb_data_blk_lpos.begin)", begin),
        RING("OFFSET(prb_data_blk_lpos.next)", next),
        RING("SIZE(printk_info)", info_size),
        RING("OFFSET(printk_info.ts_nsec)", time),
        RING("OFFSET(printk_info.text_len)", length),
        RING("SIZE(prb_data_ring)", data_size),
        RING("OFFSET(prb_data_ring.size_bits)", size_bits),
        RING("OFFSET(prb_data_ring.data)", data),
};

static bool ring_makes_sense(const RingLayout *l) {
        return fits(l->desc_ring, l->descs_size, l->ring_size) &&
               fits(l->text_ring, l->data_size, l->ring_size) &&
               fits(l->count_bits, 4, l->descs_size) && fits(l->descs, 8, l->descs_size) &&
               fits(l->infos, 8, l->descs_size) && fits(l->head, 8, l->descs_size) &&
               fits(l->tail, 8, l->descs_size) && fits(l->state, 8, l->desc_size) &&
               fits(l->lpos, l->lpos_size, l->desc_size) && fits(l->begin, 8, l->lpos_size) &&
               fits(l->next, 8, l->lpos_size) && fits(l->time, 8, l->info_size) &&
               fits(l->length, 2, l->info_size) && fits(l->size_bits, 4, l->data_size) &&
               fits(l->data, 8, l->data_size);
}

/* A part of a long array in the dump: the capture kernel has little memory, and a log of many
 * records has long arrays. */
#define WINDOW 256u /* elements; a power of two */

typedef struct Window {
        uint64_t address, element;
        uint64_t first; /* of the elements that are there; UINT64_MAX: none */
        char *data;
} Window;

static int window_init(Window *w, uint64_t address, uint64_t element) {
        *w = (Window){ address, element, UINT64_MAX, malloc(WINDOW * element) };
        return w->data ? 0 : -ENOMEM;
}

/* The i-th of count elements, until the next call. */
static int window_get(Window *w, const Vmcore *v, uint64_t i, uint64_t count, const char **ret) {
        uint64_t first = i - i % WINDOW;
        int r;

        if (w->first != first) {
                w->first = UINT64_MAX;
                r = vmcore_read_virtual(v, w->address + first * w->element, w->data,
                                        MIN((uint64_t)WINDOW, count - first) * w->element);
                if (r < 0)
                        return r;
                w->first = first;
        }
        *ret = w->data + (i - first) * w->element;
        return 0;
}

typedef struct Ring {
        const Vmcore *vmcore;
        RingLayout layout;
        uint64_t count, size; /* descriptors; bytes of text; both powers of two */
        uint64_t head, tail;
        Window descs, infos;
        char *data;
} Ring;

static void ring_done(Ring *ring) {
        free(ring->descs.data);
        free(ring->infos.data);
        free(ring->data);
}

static int copy_array(const Vmcore *v, uint64_t address, uint64_t size, char **ret) {
        _cleanup_free_ char *array = malloc(size + 1);
        int r;

        if (!array)
                return -ENOMEM;
        r = vmcore_read_virtual(v, address, array, size);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(array);
        return 0;
}

static int ring_copy(Ring *ring) {
        const RingLayout *l = &ring->layout;
        char buffer[STRUCTURE_MOST], *descs = buffer + l->desc_ring, *text = buffer + l->text_ring;
        uint64_t address;
        int r;

        r = vmcore_read_virtual(ring->vmcore, l->prb, &address, sizeof(address));
        if (r >= 0)
                r = vmcore_read_virtual(ring->vmcore, address, buffer, l->ring_size);
        if (r < 0)
                return r;
        if (get_u32(descs, l->count_bits) > 31 || get_u32(text, l->size_bits) > 31)
                return -EBADMSG;
        ring->count = UINT64_C(1) << get_u32(descs, l->count_bits);
        ring->size = UINT64_C(1) << get_u32(text, l->size_bits);
        if (ring->count > VMCORE_RECORDS_MOST || ring->size > VMCORE_LOG_MOST)
                return -EFBIG;
        ring->head = get_u64(descs, l->head);
        ring->tail = get_u64(descs, l->tail);
        r = window_init(&ring->descs, get_u64(descs, l->descs), l->desc_size);
        if (r >= 0)
                r = window_init(&ring->infos, get_u64(descs, l->infos), l->info_size);
        if (r >= 0)
                r = copy_array(ring->vmcore, get_u64(text, l->data), ring->size, &ring->data);
        return r;
}

/* kernel/printk/printk_ringbuffer.h: the two highest bits of a descriptor are its state. */
#define ID_BITS         62u
#define ID_MASK         ((UINT64_C(1) << ID_BITS) - 1)
#define STATE_COMMITTED 1u
#define STATE_FINALIZED 2u
#define BLOCK_HEADER    8u /* bytes: the descriptor's number, in front of the text */
#define NO_TEXT         3u /* both positions of an empty line; others that are odd: text was lost */

/* Where the lap begins that a position is in. Positions are not taken back to 0 at the end of the
 * ring: they count on modulo 2^64, from one lap before 0 (BLK0_LPOS). */
static uint64_t lap_of(const Ring *ring, uint64_t position) {
        return position & ~(ring->size - 1);
}

/* The text of a descriptor: 0 with where it is, or -EBADMSG. */
static int ring_block(const Ring *ring, const char *desc, char **ret, size_t *ret_size) {
        const char *lpos = desc + ring->layout.lpos;
        uint64_t begin = get_u64(lpos, ring->layout.begin);
        uint64_t next = get_u64(lpos, ring->layout.next);
        uint64_t start = begin % ring->size, end = (next - 1) % ring->size + 1;

        if (begin == NO_TEXT && next == NO_TEXT) {
                *ret = ring->data;
                *ret_size = 0;
                return 0;
        }
        if ((begin | next) & 1)
                return -EBADMSG;
        /* A block that ends where a lap does is in that lap (since Linux 6.18), or else it did not
         * fit there, and lies at the start of the next one, short of where it would have been. */
        if (lap_of(ring, begin) + ring->size == lap_of(ring, next - 1) && end <= start)
                start = 0;
        else if (lap_of(ring, begin) != lap_of(ring, next - 1))
                return -EBADMSG;
        if (end < start + BLOCK_HEADER)
                return -EBADMSG;
        *ret = ring->data + start + BLOCK_HEADER;
        *ret_size = end - start - BLOCK_HEADER;
        return 0;
}

/* Returns 1 with a record, valid until the next call; 0 if there is none of this number. */
static int ring_record(Ring *ring, uint64_t id, Record *ret) {
        const char *desc, *info;
        uint64_t state;
        size_t size;
        char *data;
        int r;

        r = window_get(&ring->descs, ring->vmcore, id % ring->count, ring->count, &desc);
        if (r >= 0)
                r = window_get(&ring->infos, ring->vmcore, id % ring->count, ring->count, &info);
        if (r < 0)
                return r;
        state = get_u64(desc, ring->layout.state);
        if ((state & ID_MASK) != id ||
            (state >> ID_BITS != STATE_COMMITTED && state >> ID_BITS != STATE_FINALIZED) ||
            ring_block(ring, desc, &data, &size) < 0)
                return 0;
        *ret = (Record){ get_u64(info, ring->layout.time), get_caller(info, ring->layout.caller),
                         data, MIN(size, (size_t)get_u16(info, ring->layout.length)) };
        return 1;
}

/* From the newest record back, as far as there may be text, and as it can be read: how many there
 * are, and how much is too much. */
static int ring_newest(Ring *ring, uint64_t n, uint64_t *ret_n, uint64_t *ret_over) {
        uint64_t most = log_most(ring->size), size = 0, i;

        for (i = 0; i < n && size < most; i++) {
                Record record;
                int r;

                r = ring_record(ring, (ring->head - i) & ID_MASK, &record);
                if (r < 0 && i == 0)
                        return r;
                if (r < 0)
                        break;
                if (r > 0)
                        size += record_size(&record);
        }
        *ret_n = i;
        *ret_over = size - MIN(size, most);
        return 0;
}

static int read_ring(const Vmcore *v, Text *text, VmcoreLog *log) {
        _cleanup_(ring_done) Ring ring = { .vmcore = v };
        uint64_t n;
        int r;

        r = read_numbers(v, ring_table, ELEMENTSOF(ring_table), &ring.layout);
        if (r < 0)
                return r;
        if (!ring_makes_sense(&ring.layout))
                return -EBADMSG;
        ring.layout.caller = find_caller(v, "OFFSET(printk_info.caller_id)", ring.layout.info_size);
        r = ring_copy(&ring);
        if (r < 0)
                return r;
        n = ((ring.head - ring.tail) & ID_MASK) + 1;
        if (n > ring.count)
                return -EBADMSG;
        r = ring_newest(&ring, n, &n, &text->over);
        if (r < 0)
                return r;
        while (n-- > 0) {
                Record record;

                r = ring_record(&ring, (ring.head - n) & ID_MASK, &record);
                if (r > 0)
                        r = record_add(&record, text, log);
                else if (r == 0)
                        log->n_lost++;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Before Linux 5.10: records of their own length in one buffer, struct printk_log. */
typedef struct OldLayout {
        uint64_t buffer, buffer_size, first, next;
        uint64_t record_size, time, length, text_length, caller;
} OldLayout;

#define OLD(key, name) \
        { key, offsetof(OldLayout, name) }
static const Number old_table[] = {
        OLD("SYMBOL(log_buf)", buffer),        OLD("SYMBOL(log_buf_len)", buffer_size),
        OLD("SYMBOL(log_first_idx)", first),   OLD("SYMBOL(log_next_idx)", next),
        OLD("SIZE(printk_log)", record_size),  OLD("OFFSET(printk_log.ts_nsec)", time),
        OLD("OFFSET(printk_log.len)", length), OLD("OFFSET(printk_log.text_len)", text_length),
};

typedef struct OldLog {
        OldLayout layout;
        char *buffer;
        uint32_t size, first, next;
} OldLog;

typedef struct OldPlace {
        uint32_t at;
        bool has_wrapped;
} OldPlace;

/* Returns 1 with a record and the place behind it, 0 at the end, or -EBADMSG. Damaged records may
 * lead beyond the end: none is returned twice. */
static int old_record(const OldLog *old, OldPlace *place, Record *ret) {
        const OldLayout *l = &old->layout;

        while (place->at != old->next) {
                bool wraps = old->first > old->next && !place->has_wrapped;
                uint32_t end = wraps ? old->size : MIN(old->next, old->size);
                char *record = old->buffer + place->at;
                uint16_t length, text_length;

                if (place->at > end || end - place->at < l->record_size)
                        return -EBADMSG;
                length = get_u16(record, l->length);
                text_length = get_u16(record, l->text_length);
                if (length == 0) {
                        /* The rest of the buffer is not used. */
                        if (!wraps)
                                return -EBADMSG;
                        *place = (OldPlace){ 0, true };
                        continue;
                }
                if (length < l->record_size || length > end - place->at ||
                    text_length > length - l->record_size)
                        return -EBADMSG;
                *ret = (Record){ get_u64(record, l->time), get_caller(record, l->caller),
                                 record + l->record_size, text_length };
                place->at += length;
                return 1;
        }
        return 0;
}

static int add_old_records(const OldLog *old, Text *text, VmcoreLog *log) {
        OldPlace place = { .at = old->first };
        uint64_t size = 0;
        Record record;
        int r;

        while (old_record(old, &place, &record) > 0)
                size += record_size(&record);
        text->over = size - MIN(size, log_most(old->size));
        place = (OldPlace){ .at = old->first };
        while ((r = old_record(old, &place, &record)) > 0) {
                r = record_add(&record, text, log);
                if (r < 0)
                        return r;
        }
        return r;
}

static int read_old(const Vmcore *v, Text *text, VmcoreLog *log) {
        _cleanup_free_ char *buffer = NULL;
        uint64_t address;
        OldLog old = { 0 };
        OldLayout *l = &old.layout;
        int r;

        r = read_numbers(v, old_table, ELEMENTSOF(old_table), l);
        if (r < 0)
                return r;
        if (!fits(l->time, 8, l->record_size) || !fits(l->length, 2, l->record_size) ||
            !fits(l->text_length, 2, l->record_size))
                return -EBADMSG;
        l->caller = find_caller(v, "OFFSET(printk_log.caller_id)", l->record_size);
        r = vmcore_read_virtual(v, l->buffer, &address, sizeof(address));
        if (r >= 0)
                r = vmcore_read_virtual(v, l->buffer_size, &old.size, sizeof(old.size));
        if (r >= 0)
                r = vmcore_read_virtual(v, l->first, &old.first, sizeof(old.first));
        if (r >= 0)
                r = vmcore_read_virtual(v, l->next, &old.next, sizeof(old.next));
        if (r < 0)
                return r;
        if (old.size > VMCORE_LOG_MOST)
                return -EFBIG;
        r = copy_array(v, address, old.size, &buffer);
        if (r < 0)
                return r;
        old.buffer = buffer;
        return add_old_records(&old, text, log);
}

int vmcore_log_read(const Vmcore *v, VmcoreLog *ret) {
        VmcoreLog log = { 0 };
        Text text = { 0 };
        int r;

        r = read_ring(v, &text, &log);
        if (r == -ENOENT)
                r = read_old(v, &text, &log);
        /* What could be read up to there is better than nothing. */
        if (log.n_records > 0 && r != -ENOMEM)
                r = 0;
        if (r >= 0)
                r = text_add(&text, "", 0);
        if (r < 0) {
                free(text.data);
                return r;
        }
        log.text = text.data;
        log.size = text.size;
        *ret = log;
        return 0;
}

void vmcore_log_done(VmcoreLog *log) {
        free(log->text);
        *log = (VmcoreLog){ 0 };
}
