/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header of an x86 kernel image. */
#include "core/bzimage.h"

#include <errno.h>
#include <string.h>

#include "base/string-util.h"
#include "core/little-endian.h"

/* Offsets in the file. */
enum {
        AT_SETUP_SECTS = 0x1f1,
        AT_SYSSIZE = 0x1f4,
        AT_BOOT_FLAG = 0x1fe,
        AT_MAGIC = 0x202,
        AT_VERSION = 0x206,
        AT_KERNEL_VERSION = 0x20e,
        AT_LOADFLAGS = 0x211,
        AT_KERNEL_ALIGNMENT = 0x230,
        AT_XLOADFLAGS = 0x236,
        AT_CMDLINE_SIZE = 0x238,
        AT_PREF_ADDRESS = 0x258,
        AT_INIT_SIZE = 0x260,
        HEADER_END = 0x268, /* of protocol 2.12, the least that is accepted */
};

#define SECTOR             512u
#define ENTRY_64           0x200u /* from the payload's start */
#define PROTOCOL_LEAST     0x20cu /* 2.12 brought xloadflags */
#define LOADED_HIGH        0x01u  /* loadflags: the payload belongs above 1 MiB */
#define XLF_KERNEL_64      0x01u  /* xloadflags: has the 64-bit entry point */
#define XLF_ABOVE_4G       0x02u  /* xloadflags: it and its data may lie above 4 GiB */
#define VERSION_TEXT_FROM  0x200u /* what kernel_version counts from */
#define SYSSIZE_UNIT       16u
#define PE_AT_HEADER       0x3cu
#define PE_MAGIC_64        0x20bu
#define PE_AT_OPTIONAL     24u  /* from the PE signature */
#define PE_AT_N_TABLES     108u /* from the optional header */
#define PE_AT_CERTIFICATES 144u /* from the optional header: the fifth data directory */
#define PE_CERTIFICATE_MIN 8u   /* the header of one certificate */

/* The version text is "RELEASE (builder) #1 SMP ..."; only its first word is of use, and only if
 * it is plain text within the setup part. */
static void read_release(const Bytes *head, size_t setup_size,
                         char ret[static KERNEL_RELEASE_MAX]) {
        uint64_t offset = number_at(head, AT_KERNEL_VERSION, 2);
        size_t n = 0;

        ret[0] = '\0';
        if (offset == 0)
                return;
        for (offset += VERSION_TEXT_FROM; offset + n < setup_size; n++) {
                const uint8_t *p = bytes_at(head, offset + n, 1);

                if (!p || *p == '\0' || *p == ' ')
                        break;
                if (*p < 0x21 || *p > 0x7e || n + 1 >= KERNEL_RELEASE_MAX) {
                        ret[0] = '\0';
                        return;
                }
                ret[n] = (char)*p;
        }
        ret[n] = '\0';
}

/* Kernels for UEFI are PE files too; a certificate table in one is what secure boot tools sign
 * with. */
static bool has_certificates(const Bytes *head, uint64_t file_size) {
        uint64_t pe = number_at(head, PE_AT_HEADER, 4), optional = pe + PE_AT_OPTIONAL;
        const uint8_t *mz = bytes_at(head, 0, 2), *magic = bytes_at(head, pe, 4);
        uint64_t offset, size;

        if (!mz || memcmp(mz, "MZ", 2) != 0 || !magic || memcmp(magic, "PE\0\0", 4) != 0)
                return false;
        if (number_at(head, optional, 2) != PE_MAGIC_64 ||
            number_at(head, optional + PE_AT_N_TABLES, 4) < 5)
                return false;
        offset = number_at(head, optional + PE_AT_CERTIFICATES, 4);
        size = number_at(head, optional + PE_AT_CERTIFICATES + 4, 4);
        return offset > 0 && size >= PE_CERTIFICATE_MIN && offset + size <= file_size;
}

bool pe_has_certificates(const void *data, size_t size, uint64_t file_size) {
        const Bytes head = { .data = data, .size = size };

        return has_certificates(&head, file_size);
}

/* Why a file without an x86 boot header is none. */
static const char *other_format(const Bytes *head) {
        return head->data[0] == 'M' && head->data[1] == 'Z'
                       ? "it is a PE file without an x86 boot header"
                       : "it has no x86 boot header";
}

static const char *check_identity(const Bytes *head) {
        const uint8_t *magic = bytes_at(head, AT_MAGIC, 4);
        uint64_t version = number_at(head, AT_VERSION, 2);

        if (!magic || !bytes_at(head, 0, HEADER_END))
                return "it is too short for a kernel image";
        if (number_at(head, AT_BOOT_FLAG, 2) != 0xaa55 || memcmp(magic, "HdrS", 4) != 0)
                return other_format(head);
        if (version < PROTOCOL_LEAST)
                return "its boot protocol is older than 2.12";
        if (!(number_at(head, AT_LOADFLAGS, 1) & LOADED_HIGH))
                return "it is a zImage, not a bzImage";
        if (!(number_at(head, AT_XLOADFLAGS, 2) & XLF_KERNEL_64))
                return "it has no 64-bit entry point";
        if (!(number_at(head, AT_XLOADFLAGS, 2) & XLF_ABOVE_4G))
                return "it cannot be loaded above 4 GiB";
        return NULL;
}

/* syssize counts the payload in units of 16 bytes, the last of them perhaps not full; signatures
 * follow it. */
static const char *check_sizes(const Bytes *head, const KernelImage *image, size_t setup_size) {
        uint64_t syssize = number_at(head, AT_SYSSIZE, 4) * SYSSIZE_UNIT;

        if (head->size < setup_size || image->payload_size == 0 ||
            image->payload_size + SYSSIZE_UNIT - 1 < syssize)
                return "it is cut short";
        if (image->kernel_alignment == 0 ||
            (image->kernel_alignment & (image->kernel_alignment - 1)) != 0)
                return "its header asks for an alignment that is no power of two";
        if (image->init_size < image->payload_size)
                return "its header asks for less memory than the image has bytes";
        return NULL;
}

int bzimage_parse(const void *data, size_t size, uint64_t file_size, KernelImage *ret,
                  const char **reterr_why) {
        Bytes head = { .data = data, .size = size };
        const char *why = check_identity(&head);
        uint64_t sectors;
        size_t setup_size;
        KernelImage image;

        if (!why) {
                sectors = number_at(&head, AT_SETUP_SECTS, 1);
                setup_size = (size_t)((sectors ?: 4) + 1) * SECTOR; /* 0 means 4 */
                image = (KernelImage){
                        .protocol = (uint16_t)number_at(&head, AT_VERSION, 2),
                        .cmdline_size = (uint32_t)number_at(&head, AT_CMDLINE_SIZE, 4),
                        .init_size = (uint32_t)number_at(&head, AT_INIT_SIZE, 4),
                        .kernel_alignment = (uint32_t)number_at(&head, AT_KERNEL_ALIGNMENT, 4),
                        .pref_address = number_at(&head, AT_PREF_ADDRESS, 8),
                        .xloadflags = (uint16_t)number_at(&head, AT_XLOADFLAGS, 2),
                        .entry_offset = ENTRY_64,
                        .payload_size = sub_saturated(file_size, setup_size),
                        .pieces = { { .offset = setup_size,
                                      .size = sub_saturated(file_size, setup_size) } },
                        .n_pieces = 1,
                        .has_signature = has_certificates(&head, file_size),
                };
                why = check_sizes(&head, &image, setup_size);
        }
        if (why) {
                *reterr_why = why;
                return -EBADMSG;
        }
        read_release(&head, setup_size, image.release);
        *ret = image;
        return 0;
}
