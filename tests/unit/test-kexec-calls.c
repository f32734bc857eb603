/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/btf, core/kexec-calls: what the kernel says of its functions, and notes of kexec calls. */
#include "core/kexec-calls.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>

#include "core/btf.h"
#include "test.h"

/* --- BTF */

static const char strings[] = "\0int\0kimage_free\0do_exit";
enum { INT = 1, KIMAGE_FREE = 5, DO_EXIT = 17 };

typedef struct Btf {
        struct btf_header header;
        uint8_t bytes[1024]; /* the types, then the strings */
        size_t size;
} Btf;

static void add(Btf *b, uint32_t name, unsigned kind, unsigned n, size_t behind) {
        const struct btf_type type = { .name_off = name, .info = kind << 24 | n };

        memcpy(b->bytes + b->header.type_len, &type, sizeof(type));
        b->header.type_len += (uint32_t)(sizeof(type) + behind);
}

static void close_btf(Btf *b) {
        b->header.magic = BTF_MAGIC;
        b->header.version = BTF_VERSION;
        b->header.hdr_len = sizeof(b->header);
        b->header.str_off = b->header.type_len;
        b->header.str_len = sizeof(strings);
        memcpy(b->bytes + b->header.str_off, strings, sizeof(strings));
        b->size = sizeof(b->header) + b->header.type_len + sizeof(strings);
}

/* One of each kind before the function. */
static Btf all_kinds(void) {
        Btf b = { .size = 0 };

        add(&b, INT, BTF_KIND_INT, 0, 4);
        add(&b, 0, BTF_KIND_PTR, 0, 0);
        add(&b, 0, BTF_KIND_ARRAY, 0, 12);
        add(&b, INT, BTF_KIND_STRUCT, 2, 24);
        add(&b, INT, BTF_KIND_UNION, 1, 12);
        add(&b, INT, BTF_KIND_ENUM, 3, 24);
        add(&b, INT, BTF_KIND_FWD, 0, 0);
        add(&b, INT, BTF_KIND_TYPEDEF, 0, 0);
        add(&b, 0, BTF_KIND_VOLATILE, 0, 0);
        add(&b, 0, BTF_KIND_CONST, 0, 0);
        add(&b, 0, BTF_KIND_RESTRICT, 0, 0);
        add(&b, 0, BTF_KIND_FUNC_PROTO, 2, 16);
        add(&b, DO_EXIT, BTF_KIND_FUNC, 1, 0);
        /* The name alone makes no function. */
        add(&b, KIMAGE_FREE, BTF_KIND_VAR, 0, 4);
        add(&b, INT, BTF_KIND_DATASEC, 2, 24);
        add(&b, INT, BTF_KIND_FLOAT, 0, 0);
        add(&b, INT, BTF_KIND_DECL_TAG, 0, 4);
        add(&b, INT, BTF_KIND_TYPE_TAG, 0, 0);
        add(&b, INT, BTF_KIND_ENUM64, 2, 24);
        add(&b, KIMAGE_FREE, BTF_KIND_FUNC, 1, 0);
        return b;
}

START_TEST(function_found) {
        Btf b = all_kinds();
        uint32_t id = 0;

        close_btf(&b);
        ck_assert_int_eq(btf_find_function(&b, b.size, "kimage_free", &id), 0);
        ck_assert_uint_eq(id, 20);
        ck_assert_int_eq(btf_find_function(&b, b.size, "do_exit", &id), 0);
        ck_assert_uint_eq(id, 13);
        /* Neither the beginning of a name, nor its end. */
        ck_assert_int_eq(btf_find_function(&b, b.size, "kimage", &id), -ENOENT);
        ck_assert_int_eq(btf_find_function(&b, b.size, "int", &id), -ENOENT);
        ck_assert_uint_eq(id, 13);
}
END_TEST

START_TEST(no_btf) {
        Btf b = all_kinds();
        uint32_t id = 7;

        switch (_i) {
        case 0:
                close_btf(&b);
                b.header.magic = 0x9feb;
                break;
        case 1:
                close_btf(&b);
                b.header.version = 2;
                break;
        case 2:
                close_btf(&b);
                b.size = sizeof(b.header) - 1;
                break;
        case 3:
                close_btf(&b);
                b.header.hdr_len = (uint32_t)b.size + 1;
                break;
        case 4:
                close_btf(&b);
                b.header.type_len = (uint32_t)b.size;
                break;
        case 5:
                close_btf(&b);
                b.header.str_off = UINT32_MAX;
                break;
        case 6: /* in the middle of an entry */
                b.header.type_len -= 20;
                close_btf(&b);
                break;
        case 7: /* members beyond the end */
                b.header.type_len -= 12;
                add(&b, 0, BTF_KIND_STRUCT, 1, 4);
                close_btf(&b);
                break;
        default: /* a kind of which nobody knows how long it is */
                b.header.type_len -= 12;
                add(&b, 0, 31, 0, 0);
                add(&b, KIMAGE_FREE, BTF_KIND_FUNC, 1, 0);
                close_btf(&b);
                break;
        }
        ck_assert_int_eq(btf_find_function(&b, b.size, "kimage_free", &id), -EBADMSG);
        ck_assert_uint_eq(id, 7);
}
END_TEST

/* By the names of both; also where members of bits have the offset share its place. */
START_TEST(member_found) {
        static const struct btf_member members[] = {
                { .name_off = INT, .offset = 8 },
                { .name_off = DO_EXIT, .offset = 64 },
        };
        Btf b = { .size = 0 };
        uint64_t offset = 0;

        add(&b, INT, BTF_KIND_STRUCT, 0, 0);
        add(&b, DO_EXIT, BTF_KIND_UNION, 2, sizeof(members));
        add(&b, KIMAGE_FREE, BTF_KIND_STRUCT, 2, 0);
        if (_i)
                b.bytes[b.header.type_len - 5] |= 0x80; /* kind_flag, in the last byte of info */
        memcpy(b.bytes + b.header.type_len, members, sizeof(members));
        b.header.type_len += sizeof(members);
        close_btf(&b);
        ck_assert_int_eq(btf_find_member(&b, b.size, "kimage_free", "do_exit", &offset), 0);
        ck_assert_uint_eq(offset, 8);
        ck_assert_int_eq(btf_find_member(&b, b.size, "kimage_free", "int", &offset), 0);
        ck_assert_uint_eq(offset, 1);
        ck_assert_int_eq(btf_find_member(&b, b.size, "kimage_free", "exit", &offset), -ENOENT);
        ck_assert_int_eq(btf_find_member(&b, b.size, "int", "int", &offset), -ENOENT);
        ck_assert_int_eq(btf_find_member(&b, b.size, "do_exit", "int", &offset), -ENOENT);
        for (size_t size = 0; size < b.size; size++)
                ck_assert_int_eq(btf_find_member(&b, size, "kimage_free", "int", &offset),
                                 -EBADMSG);
        b.bytes[b.header.type_len - sizeof(members) + 8] = 9;
        ck_assert_int_eq(btf_find_member(&b, b.size, "kimage_free", "int", &offset), -EBADMSG);
}
END_TEST

/* A name that is not ended, or lies nowhere, is none. */
START_TEST(name_outside) {
        Btf b = { .size = 0 };
        uint32_t id;

        add(&b, _i ? 4000 : KIMAGE_FREE, BTF_KIND_FUNC, 1, 0);
        close_btf(&b);
        b.header.str_len = KIMAGE_FREE + 11;
        ck_assert_int_eq(btf_find_function(&b, b.size, "kimage_free", &id), -ENOENT);
}
END_TEST

/* --- the ring */

#define RING_SIZE 4096u
#define RECORD    (8u + sizeof(KexecCall))

static uint64_t consumer, producer;
static _Alignas(8) uint8_t data[2 * RING_SIZE];
static const CallRing ring = {
        .consumer = &consumer, .producer = &producer, .data = data, .size = RING_SIZE
};

static void put(const void *p, size_t size) {
        for (size_t i = 0; i < size; i++) {
                size_t at = (producer + i) % RING_SIZE;

                data[at] = data[RING_SIZE + at] = ((const uint8_t *)p)[i];
        }
        producer += size;
}

static void note(uint64_t count, uint32_t length) {
        const uint32_t head[] = { length, 0 };
        const KexecCall call = { .count = count, .tgid = 100 + count, .nsec = 1000 * count };

        put(head, sizeof(head));
        put(&call, sizeof(call));
}

START_TEST(notes_read) {
        KexecCall call;

        ck_assert_int_eq(call_ring_next(&ring, &call), 0);
        /* More than once around, and over its end. */
        consumer = producer = 5 * RING_SIZE - RECORD - 8;
        for (uint64_t i = 1; i < 1000; i++) {
                note(i, sizeof(KexecCall));
                ck_assert_int_eq(call_ring_next(&ring, &call), 1);
                ck_assert_uint_eq(call.count, i);
                ck_assert_uint_eq(call.tgid, 100 + i);
                ck_assert_uint_eq(call.nsec, 1000 * i);
                ck_assert_uint_eq(consumer, producer);
        }
        ck_assert_int_eq(call_ring_next(&ring, &call), 0);
}
END_TEST

/* What the kernel has begun to write is not read, and what it has thrown away is passed over. */
START_TEST(unfinished) {
        KexecCall call = { 0 };

        note(1, sizeof(KexecCall) | BPF_RINGBUF_DISCARD_BIT);
        note(2, sizeof(KexecCall));
        note(3, sizeof(KexecCall) | BPF_RINGBUF_BUSY_BIT);
        ck_assert_int_eq(call_ring_next(&ring, &call), 1);
        ck_assert_uint_eq(call.count, 2);
        ck_assert_int_eq(call_ring_next(&ring, &call), 0);
        ck_assert_uint_eq(consumer, 2 * RECORD);
}
END_TEST

START_TEST(no_ring) {
        KexecCall call;

        note(1, sizeof(KexecCall));
        switch (_i) {
        case 0: /* written backwards */
                consumer = producer + 8;
                break;
        case 1:
                producer += RING_SIZE;
                break;
        case 2:
                consumer += 4;
                break;
        case 3:
                producer += 4;
                break;
        case 4: /* longer than what was written */
                producer = 0;
                note(1, sizeof(KexecCall) + 1);
                break;
        case 5:
                producer = 0;
                note(1, (1u << 30) - 1);
                break;
        default: /* no note of ours */
                producer = 0;
                note(1, sizeof(KexecCall) - 8);
                break;
        }
        ck_assert_int_eq(call_ring_next(&ring, &call), -EBADMSG);
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, no_btf, 0, 9);
        tcase_add_loop_test(each, member_found, 0, 2);
        tcase_add_loop_test(each, name_outside, 0, 2);
        tcase_add_loop_test(each, no_ring, 0, 7);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, function_found);
        ADD_TEST(suite, notes_read);
        ADD_TEST(suite, unfinished);
}

TEST_MAIN("kexec-calls", add_cases)
