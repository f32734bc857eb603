/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel's file, of any format: what it is by its first bytes. */
#include "core/kernel-image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/string-util.h"
#include "core/bzimage.h"
#include "core/elf-kernel.h"
#include "core/little-endian.h"

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

/* Offsets in a file. */
enum {
        AT_ZBOOT_MAGIC = 4, /* zboot-header.S */
        AT_ZBOOT_OFFSET = 8,
        AT_ZBOOT_SIZE = 12,
        AT_ZBOOT_METHOD = 24,
        AT_IMAGE_SIZE = 16, /* of all three kinds of Image */
        AT_IMAGE_FLAGS = 24,
        AT_IMAGE_MAGIC = 0x38,
        AT_PE = 0x3c,
        AT_PE_MACHINE = 4, /* from the PE signature */
        AT_ELF_DATA = 5,
        AT_ELF_MACHINE = 18,
        AT_S390_NAME = 0x10008, /* arch/s390/boot/head.S */
        AT_BOOT_FLAG = 0x1fe,   /* as in core/bzimage.c */
        AT_X86_MAGIC = 0x202,
};

#define IMAGE_BIG_ENDIAN 1u /* of the flags of arm64 and riscv64 */
#define IMAGE_LARGEST    (UINT32_C(1) << 30)
#define PE_MAGIC_LINUX   0x818223cdu /* LINUX_PE_MAGIC in include/linux/pe.h, of loongarch64 */
#define LOOKED_AT        512u        /* bytes by which text is known */

/* What kexec_file_load takes (kexec_file_loaders[] of each architecture in the kernel tree). */
typedef enum Format {
        FORMAT_ELF = 1 << 0,
        FORMAT_FLAT = 1 << 1, /* Image */
        FORMAT_S390 = 1 << 2,
} Format;

typedef struct Architecture {
        const char *name; /* uname's machine */
        uint16_t elf_machine;
        uint8_t elf_data;
        uint16_t pe_machine;   /* 0: there are no PE files */
        const char *magic;     /* of its Image at AT_IMAGE_MAGIC, 4 bytes; NULL if there is none */
        unsigned formats;      /* 0: other code knows (x86_64) */
        const char *is_kernel; /* the clauses for a file of another architecture, */
        const char *is_elf;
        const char *is_packed;
        const char *no_elf; /* and why an ELF file of this one is not taken */
} Architecture;

#define CLAUSES(name)                                                                     \
        .is_kernel = "it is a kernel for " name, .is_elf = "it is an ELF file for " name, \
        .is_packed = "it is a kernel for " name " (EFI zboot)"

static const Architecture architectures[] = {
        { "x86_64", EM_X86_64, ELFDATA2LSB, 0x8664, NULL, 0, CLAUSES("x86_64"), NULL },
        { "aarch64", EM_AARCH64, ELFDATA2LSB, 0xaa64, "ARM\x64", FORMAT_FLAT, CLAUSES("arm64"),
          "it is an ELF file (vmlinux), and only an Image can be loaded on arm64" },
        { "ppc64le", EM_PPC64, ELFDATA2LSB, 0, NULL, FORMAT_ELF, CLAUSES("ppc64le"), NULL },
        { "ppc64", EM_PPC64, ELFDATA2MSB, 0, NULL, FORMAT_ELF, CLAUSES("ppc64"), NULL },
        { "s390x", EM_S390, ELFDATA2MSB, 0, NULL, FORMAT_ELF | FORMAT_S390, CLAUSES("s390x"),
          NULL },
        { "riscv64", EM_RISCV, ELFDATA2LSB, 0x5064, "RSC\x05", FORMAT_ELF | FORMAT_FLAT,
          CLAUSES("riscv64"), NULL },
        { "loongarch64", EM_LOONGARCH, ELFDATA2LSB, 0x6264, "\xcd\x23\x82\x81",
          FORMAT_ELF | FORMAT_FLAT, CLAUSES("loongarch64"), NULL },
};

typedef struct Magic {
        const char *bytes;
        uint8_t n;
        const char *is;
} Magic;

/* What can be where a kernel should be, by its first bytes. */
static const Magic others[] = {
        { "\x1f\x8b", 2, "it is compressed with gzip: unpack it" },
        { "\3757zXZ", 5, "it is compressed with xz: unpack it" },
        { "\x28\xb5\x2f\xfd", 4, "it is compressed with zstd: unpack it" },
        { "BZh", 3, "it is compressed with bzip2: unpack it" },
        { "\x04\x22\x4d\x18", 4, "it is compressed with lz4: unpack it" },
        { "\x02\x21\x4c\x18", 4, "it is compressed with lz4: unpack it" },
        { "\x5d\0\0", 3, "it is compressed with lzma: unpack it" },
        { "\x89LZO", 4, "it is compressed with lzo: unpack it" },
        { "PK\x03\x04", 4, "it is a zip archive" },
        { "0707", 4, "it is a cpio archive, as initrds are" },
        { "\xc7\x71", 2, "it is a cpio archive, as initrds are" },
        { "!<arch>\n", 8, "it is an archive, such as a package of Debian's" },
        { "\xed\xab\xee\xdb", 4, "it is an RPM package" },
        { "\x27\x05\x19\x56", 4, "it is an image for U-Boot (uImage)" },
        { "\xd0\x0d\xfe\xed", 4, "it is a device tree, or an image for U-Boot (FIT)" },
        { "hsqs", 4, "it is a file system (squashfs)" },
        { "#!", 2, "it is a script" },
};

static const struct {
        const char *method, *is;
} zboot_methods[] = {
        { "gzip", "it is an EFI zboot image whose kernel is damaged" },
        { "zstd", "it is an EFI zboot image compressed with zstd, and only gzip can be unpacked" },
        { "xz", "it is an EFI zboot image compressed with xz, and only gzip can be unpacked" },
        { "lz4", "it is an EFI zboot image compressed with lz4, and only gzip can be unpacked" },
        { "lzma", "it is an EFI zboot image compressed with lzma, and only gzip can be unpacked" },
        { "lzo", "it is an EFI zboot image compressed with lzo, and only gzip can be unpacked" },
        { "", "it is an EFI zboot image compressed in a way that is not known" },
};

static const Architecture *find_architecture(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(architectures); i++)
                if (streq(architectures[i].name, name))
                        return &architectures[i];
        return NULL;
}

static bool has_at(const Bytes *head, uint64_t offset, const char *bytes, size_t n) {
        const uint8_t *p = bytes_at(head, offset, n);

        return p && memcmp(p, bytes, n) == 0;
}

/* The machine of a PE file; 0 if it is none. */
static uint64_t pe_machine(const Bytes *head) {
        uint64_t pe = number_at(head, AT_PE, 4);

        if (!has_at(head, 0, "MZ", 2) || !has_at(head, pe, "PE\0", 4))
                return 0;
        return number_at(head, pe + AT_PE_MACHINE, 2);
}

static bool is_zboot(const Bytes *head) {
        return has_at(head, 0, "MZ", 2) && has_at(head, AT_ZBOOT_MAGIC, "zimg", 4);
}

static bool is_bzimage(const Bytes *head) {
        return has_at(head, AT_X86_MAGIC, "HdrS", 4) && number_at(head, AT_BOOT_FLAG, 2) == 0xaa55;
}

/* What kernel of which architecture a file is without a doubt, and by which format; NULL if it is
 * none of these. */
static const Architecture *whose_image(const Bytes *head, Format *ret) {
        for (size_t i = 0; i < ELEMENTSOF(architectures); i++) {
                const Architecture *a = &architectures[i];

                *ret = FORMAT_FLAT;
                /* Two kinds of files have what loongarch64 has there: it is a PE file at least. */
                if (a->magic && has_at(head, AT_IMAGE_MAGIC, a->magic, 4) && !is_zboot(head) &&
                    (a->elf_machine != EM_LOONGARCH || pe_machine(head) == a->pe_machine))
                        return a;
                if (streq(a->name, "x86_64") && is_bzimage(head))
                        return a;
                *ret = FORMAT_S390;
                if ((a->formats & FORMAT_S390) && has_at(head, AT_S390_NAME, "S390EP", 6))
                        return a;
        }
        return NULL;
}

static const Architecture *whose_elf(const Bytes *head) {
        bool is_lsb = number_at(head, AT_ELF_DATA, 1) == ELFDATA2LSB;
        uint64_t machine = number_at(head, AT_ELF_MACHINE, 2);

        if (!is_lsb)
                machine = machine >> 8 | (machine & 0xff) << 8;
        for (size_t i = 0; i < ELEMENTSOF(architectures); i++)
                if (architectures[i].elf_machine == machine &&
                    (architectures[i].elf_data == ELFDATA2LSB) == is_lsb)
                        return &architectures[i];
        return NULL;
}

static const Architecture *whose_pe(const Bytes *head) {
        uint64_t machine = pe_machine(head);

        for (size_t i = 0; i < ELEMENTSOF(architectures); i++)
                if (machine != 0 && architectures[i].pe_machine == machine)
                        return &architectures[i];
        return NULL;
}

static const char *describe_zboot(const Bytes *head, const Architecture *own) {
        const Architecture *whose = whose_pe(head);

        if (whose && whose != own)
                return whose->is_packed;
        for (size_t i = 0;; i++)
                if (has_at(head, AT_ZBOOT_METHOD, zboot_methods[i].method,
                           strlen(zboot_methods[i].method)) ||
                    isempty(zboot_methods[i].method))
                        return zboot_methods[i].is;
}

static bool is_text(const Bytes *head, size_t n) {
        for (size_t i = 0; i < n; i++)
                if ((head->data[i] < 0x20 && !strchr("\t\n\v\f\r\x1b", head->data[i])) ||
                    head->data[i] == 0)
                        return false;
        return n > 0;
}

static bool is_web_page(const Bytes *head, size_t n) {
        static const char *const begins[] = { "<!doctype", "<html", "<head", "<?xml", "<!--" };
        size_t i = has_at(head, 0, "\xef\xbb\xbf", 3) ? 3 : 0;

        while (i < n && strchr(" \t\r\n", head->data[i]) && head->data[i] != 0)
                i++;
        for (size_t k = 0; k < ELEMENTSOF(begins); k++)
                if (n - i >= strlen(begins[k]) &&
                    strncasecmp((const char *)head->data + i, begins[k], strlen(begins[k])) == 0)
                        return true;
        return false;
}

/* What a file is that is a kernel of no architecture; NULL if there is no word for it. */
static const char *describe_other(const Bytes *head, const Architecture *own) {
        size_t n = MIN(head->size, (size_t)LOOKED_AT), zeros = 0;

        if (is_zboot(head))
                return describe_zboot(head, own);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (has_at(head, 0, others[i].bytes, others[i].n))
                        return others[i].is;
        if (is_web_page(head, n))
                return "it is a web page";
        if (is_text(head, n))
                return "it is text";
        while (zeros < head->size && head->data[zeros] == 0)
                zeros++;
        return zeros == head->size ? "it has nothing but zeros" : NULL;
}

/* An Image; its header has what it takes in memory, with what it does not have in the file. */
static const char *parse_flat(const Bytes *head, const Architecture *own, uint64_t file_size,
                              KernelImage *image) {
        uint64_t size = number_at(head, AT_IMAGE_SIZE, 8);

        if (size == 0)
                return "its header does not say how much memory it takes";
        if (size > IMAGE_LARGEST || file_size > IMAGE_LARGEST)
                return "its header asks for more memory than a kernel takes";
        /* loongarch64 has something else there. */
        if (own->elf_machine != EM_LOONGARCH &&
            (number_at(head, AT_IMAGE_FLAGS, 8) & IMAGE_BIG_ENDIAN))
                return "it is a big-endian kernel";
        image->is_flat = true;
        image->init_size = (uint32_t)MAX(size, file_size);
        image->has_signature = pe_has_certificates(head->data, head->size, file_size);
        return NULL;
}

/* On architectures whose kernels are loaded by kexec_file_load as they are. */
static const char *parse_other(const Bytes *head, const Architecture *own, uint64_t file_size,
                               KernelImage *image) {
        Format format;
        const Architecture *whose = whose_image(head, &format);

        if (whose && whose != own)
                return whose->is_kernel;
        if (whose && format == FORMAT_FLAT)
                return parse_flat(head, own, file_size, image);
        image->init_size = (uint32_t)MIN(file_size, (uint64_t)IMAGE_LARGEST);
        if (whose)
                return NULL;
        if (has_at(head, 0, ELFMAG, SELFMAG)) {
                whose = whose_elf(head);
                if (own && whose != own)
                        return whose ? whose->is_elf : "it is an ELF file for another machine";
                if (own && !(own->formats & FORMAT_ELF))
                        return own->no_elf;
                return own ? elf_kernel_measure(head->data, head->size, file_size, image) : NULL;
        }
        if (own)
                return describe_other(head, own) ?: "it is no kernel that is known here";
        return describe_other(head, own);
}

/* What a file that is no bzImage is gets its name here, too. */
static int parse_x86(const Bytes *head, uint64_t file_size, KernelImage *ret,
                     const char **reterr_why) {
        const Architecture *own = find_architecture("x86_64"), *whose;
        const char *why = NULL;
        Format format;
        int r;

        if (has_at(head, 0, ELFMAG, SELFMAG)) {
                r = elf_kernel_parse(head->data, head->size, file_size, ret, reterr_why);
                whose = whose_elf(head);
                if (r < 0 && whose && whose != own)
                        *reterr_why = whose->is_elf;
                return r;
        }
        r = bzimage_parse(head->data, head->size, file_size, ret, reterr_why);
        if (r >= 0 || is_bzimage(head))
                return r;
        whose = whose_image(head, &format);
        why = whose ? whose->is_kernel : describe_other(head, own);
        if (why)
                *reterr_why = why;
        return r;
}

int kernel_image_parse(const char *architecture, const void *data, size_t size, uint64_t file_size,
                       KernelImage *ret, const char **reterr_why) {
        const Architecture *own = find_architecture(architecture);
        const Bytes head = { .data = data, .size = size };
        KernelImage image = { 0 };
        const char *why;

        if (own && own->formats == 0)
                return parse_x86(&head, file_size, ret, reterr_why);
        why = parse_other(&head, own, file_size, &image);
        if (why) {
                *reterr_why = why;
                return -EBADMSG;
        }
        *ret = image;
        return 0;
}

bool kernel_image_may_be_packed(const char *architecture) {
        const Architecture *own = find_architecture(architecture);

        return own && (own->formats & FORMAT_FLAT);
}

bool kernel_image_is_gzip(const void *head, size_t size) {
        const Bytes bytes = { .data = head, .size = size };

        return has_at(&bytes, 0, "\x1f\x8b", 2);
}

int kernel_zboot_parse(const void *head, size_t size, uint64_t file_size, KernelPiece *ret) {
        const Bytes bytes = { .data = head, .size = size };
        KernelPiece piece = { .offset = number_at(&bytes, AT_ZBOOT_OFFSET, 4),
                              .size = number_at(&bytes, AT_ZBOOT_SIZE, 4) };

        if (!is_zboot(&bytes) || !has_at(&bytes, AT_ZBOOT_METHOD, "gzip", sizeof("gzip")))
                return -ENOEXEC;
        if (piece.offset > file_size || piece.size == 0 || piece.size > file_size - piece.offset)
                return -EBADMSG;
        *ret = piece;
        return 0;
}
