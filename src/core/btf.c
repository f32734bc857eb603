/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types and functions of a kernel. */
#include "core/btf.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

typedef struct Strings {
        const char *start;
        size_t size;
} Strings;

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

static bool has_name(const Strings *strings, const struct btf_type *type, const char *name) {
        size_t length = strlen(name);

        return type->name_off < strings->size && length < strings->size - type->name_off &&
               memcmp(strings->start + type->name_off, name, length + 1) == 0;
}

static int find(const char *types, size_t size, const Strings *strings, const char *name,
                uint32_t *ret_id) {
        uint32_t id = 0;

        while (size > 0) {
                struct btf_type type;
                size_t behind;

                if (size < sizeof(type))
                        return -EBADMSG;
                memcpy(&type, types, sizeof(type));
                types += sizeof(type);
                size -= sizeof(type);
                id++;
                if (BTF_INFO_KIND(type.info) == BTF_KIND_FUNC && has_name(strings, &type, name)) {
                        *ret_id = id;
                        return 0;
                }
                if (!bytes_behind(&type, &behind) || behind > size)
                        return -EBADMSG;
                types += behind;
                size -= behind;
        }
        return -ENOENT;
}

int btf_find_function(const void *data, size_t size, const char *name, uint32_t *ret_id) {
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
        return find(start + header.type_off, header.type_len,
                    &(Strings){ .start = start + header.str_off, .size = header.str_len }, name,
                    ret_id);
}
