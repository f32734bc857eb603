/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types and functions of a kernel. */
#include "core/btf.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

typedef struct Section {
        const char *start;
        size_t size;
} Section;

/* What follows an entry, for each of its members or once. Returns false for a kind that is newer
 * than this table. */
static bool bytes_behind(const struct btf_type *type, size_t *ret) {
        size_t n = BTF_INFO_VLEN(type->info);

        switch (BTF_INFO_KIND(type->info)) {
        case BTF_KIND_PTR:
        case BTF_KIND_FWD:
        case BTF_KIND_TYPEDEF:
        case BTF_KIND_VOLATILE:
        case BTF_KIND_CONST:
        case BTF_KIND_RESTRICT:
        case BTF_KIND_FUNC:
        case BTF_KIND_FLOAT:
        case BTF_KIND_TYPE_TAG:
                *ret = 0;
                return true;
        case BTF_KIND_INT:
                *ret = sizeof(uint32_t);
                return true;
        case BTF_KIND_ARRAY:
                *ret = sizeof(struct btf_array);
                return true;
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
                *ret = n * sizeof(struct btf_member);
                return true;
        case BTF_KIND_ENUM:
                *ret = n * sizeof(struct btf_enum);
                return true;
        case BTF_KIND_ENUM64:
                *ret = n * sizeof(struct btf_enum64);
                return true;
        case BTF_KIND_FUNC_PROTO:
                *ret = n * sizeof(struct btf_param);
                return true;
        case BTF_KIND_VAR:
                *ret = sizeof(struct btf_var);
                return true;
        case BTF_KIND_DATASEC:
                *ret = n * sizeof(struct btf_var_secinfo);
                return true;
        case BTF_KIND_DECL_TAG:
                *ret = sizeof(struct btf_decl_tag);
                return true;
        default:
                return false;
        }
}

static bool has_name(const Section *strings, uint32_t offset, const char *name) {
        size_t length = strlen(name);

        return offset < strings->size && length < strings->size - offset &&
               memcmp(strings->start + offset, name, length + 1) == 0;
}

/* One entry, and what is behind it. */
typedef struct Entry {
        struct btf_type type;
        const char *behind;
        size_t n_behind; /* bytes */
} Entry;

/* Takes the next entry off the types. Returns 1, 0 at their end, or -EBADMSG. */
static int next(Section *types, Entry *ret) {
        if (types->size == 0)
                return 0;
        if (types->size < sizeof(ret->type))
                return -EBADMSG;
        memcpy(&ret->type, types->start, sizeof(ret->type));
        types->start += sizeof(ret->type);
        types->size -= sizeof(ret->type);
        if (!bytes_behind(&ret->type, &ret->n_behind) || ret->n_behind > types->size)
                return -EBADMSG;
        ret->behind = types->start;
        types->start += ret->n_behind;
        types->size -= ret->n_behind;
        return 1;
}

static int parse(const void *data, size_t size, Section *ret_types, Section *ret_strings) {
        struct btf_header header;
        const char *start;
        size_t rest;

        if (size < sizeof(header) || size > BTF_LONGEST)
                return -EBADMSG;
        memcpy(&header, data, sizeof(header));
        if (header.magic != BTF_MAGIC || header.version != BTF_VERSION ||
            header.hdr_len < sizeof(header) || header.hdr_len > size)
                return -EBADMSG;
        start = (const char *)data + header.hdr_len;
        rest = size - header.hdr_len;
        if (header.type_off > rest || header.type_len > rest - header.type_off ||
            header.str_off > rest || header.str_len > rest - header.str_off)
                return -EBADMSG;
        *ret_types = (Section){ .start = start + header.type_off, .size = header.type_len };
        *ret_strings = (Section){ .start = start + header.str_off, .size = header.str_len };
        return 0;
}

int btf_find_function(const void *data, size_t size, const char *name, uint32_t *ret_id) {
        Section types, strings;
        uint32_t id = 0;
        Entry entry;
        int r;

        r = parse(data, size, &types, &strings);
        if (r < 0)
                return r;
        while ((r = next(&types, &entry)) > 0) {
                id++;
                if (BTF_INFO_KIND(entry.type.info) != BTF_KIND_FUNC ||
                    !has_name(&strings, entry.type.name_off, name))
                        continue;
                *ret_id = id;
                return 0;
        }
        return r < 0 ? r : -ENOENT;
}

/* A member of one struct, in whole bytes. */
static int find_member(const Entry *entry, const Section *strings, const char *name,
                       uint64_t *ret_offset) {
        for (size_t at = 0; at < entry->n_behind; at += sizeof(struct btf_member)) {
                struct btf_member member;
                uint32_t bits;

                memcpy(&member, entry->behind + at, sizeof(member));
                if (!has_name(strings, member.name_off, name))
                        continue;
                bits = BTF_INFO_KFLAG(entry->type.info) ? BTF_MEMBER_BIT_OFFSET(member.offset)
                                                        : member.offset;
                if (bits % 8 != 0)
                        return -EBADMSG;
                *ret_offset = bits / 8;
                return 0;
        }
        return -ENOENT;
}

int btf_find_member(const void *data, size_t size, const char *type, const char *member,
                    uint64_t *ret_offset) {
        Section types, strings;
        Entry entry;
        int r;

        r = parse(data, size, &types, &strings);
        if (r < 0)
                return r;
        while ((r = next(&types, &entry)) > 0)
                if (BTF_INFO_KIND(entry.type.info) == BTF_KIND_STRUCT &&
                    has_name(&strings, entry.type.name_off, type))
                        return find_member(&entry, &strings, member, ret_offset);
        return r < 0 ? r : -ENOENT;
}
