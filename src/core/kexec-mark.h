/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mark of a crash kernel image: a word in the command line of the capture kernel, another one
 * at each load, which whoever may read the kernel's memory finds in the image that is loaded, or
 * does not. By it kdumpd knows its own image where the kernel does not note who loads
 * (core/kexec-calls.h). Modules' parameters have such names, and one of no module is ignored
 * without a line in the log (unknown_bootoption() in init/main.c).
 *
 * And what it takes to find it: where the kernel keeps the image (struct kimage in
 * include/linux/kexec.h), of which only the memory of its segments counts. What another image has
 * left elsewhere in the reservation stays there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/memory-map.h"

#define KEXEC_MARK_WORD   "kdumpd.mark="
#define KEXEC_MARK_BYTES  16u
#define KEXEC_MARK_DIGITS (2 * KEXEC_MARK_BYTES) /* hexadecimal, small letters */
#define KEXEC_MARK_MAX    (KEXEC_MARK_DIGITS + 1)

/* What comes to a command line with it, a blank included, in bytes. */
#define KEXEC_MARK_ADDS (sizeof(KEXEC_MARK_WORD) - 1 + KEXEC_MARK_DIGITS + 1)

void kexec_mark_format(const uint8_t bytes[static KEXEC_MARK_BYTES],
                       char ret[static KEXEC_MARK_MAX]);

/* Whether it is one as kexec_mark_format() writes it; NULL is none. */
bool kexec_mark_is(const char *text) _pure_;

/* The first mark in size bytes at data. Returns false, with *ret untouched, if there is none. */
bool kexec_mark_find(const void *data, size_t size, char ret[static KEXEC_MARK_MAX]);

/* --- where it is */

/* The address of a symbol in the size bytes of a /proc/kallsyms. Returns 0; -ENOENT if it is not
 * there; -EACCES if its address is not shown. */
int kallsyms_find(const char *text, size_t size, const char *name, uint64_t *ret) _must_check_;

/* Where in a struct kimage its members nr_segments and segment are, in bytes. They are there on
 * Linux 6.1 to 7.2, with 64 bits. */
typedef struct KimageLayout {
        uint64_t n_segments, segments;
} KimageLayout;

#define KIMAGE_LAYOUT_USUAL                      \
        (KimageLayout) {                         \
                .n_segments = 56, .segments = 64 \
        }

#define KIMAGE_SEGMENTS_MOST 16u /* KEXEC_SEGMENT_MAX */
#define KIMAGE_SEGMENT_BYTES 32u /* struct kexec_segment, with 64 bits */
/* Layouts beyond are none, and so many bytes of the struct are enough. */
#define KIMAGE_LONGEST 4096u

/* The content of a segment where it lies, physical. */
typedef struct LiveSegment {
        uint64_t address, size;
} LiveSegment;

typedef struct LiveSegments {
        LiveSegment items[KIMAGE_SEGMENTS_MOST];
        size_t n;
} LiveSegments;

/* Reads the segments out of the first size bytes of a struct kimage. memory says what is reserved
 * for images: each has to lie in one piece of that. Returns 0, or -EBADMSG if that is not so. */
int kimage_parse(const void *data, size_t size, const KimageLayout *layout, const MemoryMap *memory,
                 LiveSegments *ret) _must_check_;

/* --- what was found */

typedef enum MarkKind {
        MARK_UNKNOWN, /* it cannot be known; why says the rest */
        MARK_NOTHING, /* no image was there, which may be so for a moment */
        MARK_NONE,    /* an image without a mark */
        MARK_FOUND,
        _MARK_KIND_MAX,
} MarkKind;

#define MARK_WHY_MAX 200

typedef struct MarkAnswer {
        MarkKind kind;
        char mark[KEXEC_MARK_MAX]; /* FOUND */
        char why[MARK_WHY_MAX];    /* UNKNOWN: a clause for people */
} MarkAnswer;

/* One line of text, and back. What is no such line is MARK_UNKNOWN. */
#define MARK_ANSWER_MAX (MARK_WHY_MAX + 16)
void mark_answer_format(const MarkAnswer *answer, char ret[static MARK_ANSWER_MAX]);
void mark_answer_parse(char *text, MarkAnswer *ret);
