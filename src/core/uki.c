/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sections of a unified kernel image. */
#include "core/uki.h"

#include <errno.h>
#include <string.h>

#include "core/little-endian.h"

/* Offsets in a PE file ("PE Format" in Microsoft's documentation; include/linux/pe.h in the kernel
 * tree). */
enum {
        AT_PE = 0x3c,          /* in the file: where the signature "PE\0\0" is */
        AT_N_SECTIONS = 6,     /* from the signature */
        AT_OPTIONAL_SIZE = 20, /* from the signature */
        AT_OPTIONAL = 24,      /* from the signature; the table of sections follows it */
        AT_NAME = 0,           /* in a row of that table */
        AT_VIRTUAL_SIZE = 8,
        AT_RAW_SIZE = 16,
        AT_RAW_OFFSET = 20,
        ROW_SIZE = 40,
        NAME_SIZE = 8,
};

static bool is_named(const uint8_t *row, const char *name) {
        char padded[NAME_SIZE] = "";

        memcpy(padded, name, strlen(name));
        return memcmp(row + AT_NAME, padded, NAME_SIZE) == 0;
}

/* In the file a section is padded, and in memory it may go on with zeros: its content is the
 * shorter of the two. */
static UkiSection section_at(const Bytes *bytes, uint64_t row) {
        uint64_t raw = number_at(bytes, row + AT_RAW_SIZE, 4);
        uint64_t virtual_size = number_at(bytes, row + AT_VIRTUAL_SIZE, 4);

        return (UkiSection){
                .offset = number_at(bytes, row + AT_RAW_OFFSET, 4),
                .size = virtual_size > 0 ? MIN(raw, virtual_size) : raw,
        };
}

static bool is_inside(const UkiSection *section, uint64_t file_size) {
        return section->offset <= file_size && section->size <= file_size - section->offset;
}

int uki_parse(const void *head, size_t size, uint64_t file_size, Uki *ret) {
        const Bytes bytes = { .data = head, .size = size };
        const uint8_t *mz = bytes_at(&bytes, 0, 2), *magic, *row;
        uint64_t pe = number_at(&bytes, AT_PE, 4), table, n;
        Uki uki = { 0 };

        magic = bytes_at(&bytes, pe, 4);
        if (!mz || memcmp(mz, "MZ", 2) != 0 || !magic || memcmp(magic, "PE\0\0", 4) != 0)
                return -ENOEXEC;
        n = number_at(&bytes, pe + AT_N_SECTIONS, 2);
        table = pe + AT_OPTIONAL + number_at(&bytes, pe + AT_OPTIONAL_SIZE, 2);
        for (uint64_t i = 0; i < n && (row = bytes_at(&bytes, table, ROW_SIZE)); i++) {
                /* What follows belongs to one of several profiles. */
                if (is_named(row, ".profile"))
                        break;
                if (is_named(row, ".linux") && uki.kernel.size == 0)
                        uki.kernel = section_at(&bytes, table);
                else if (is_named(row, ".uname") && uki.release.size == 0)
                        uki.release = section_at(&bytes, table);
                table += ROW_SIZE;
        }
        if (uki.kernel.size == 0)
                return -ENOEXEC;
        if (!is_inside(&uki.kernel, file_size))
                return -EBADMSG;
        if (!is_inside(&uki.release, file_size))
                uki.release = (UkiSection){ 0 };
        *ret = uki;
        return 0;
}
