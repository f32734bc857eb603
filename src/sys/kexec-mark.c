/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mark of the image that is loaded. */
#include "sys/kexec-mark.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/btf.h"
#include "sys/iomem.h"
#include "sys/kcore.h"
#include "sys/log.h"

#define SYMBOL           "kexec_crash_image"
#define KALLSYMS_PATH    "/proc/kallsyms"
#define KALLSYMS_LONGEST (64u * 1024u * 1024u)

/* The command line is in a segment of some KiB, beside the boot parameters. Kernels and initrds are
 * larger. */
#define SEGMENT_LONGEST (1024u * 1024u)

/* While somebody loads, or the kernel updates the image, there is none for a moment. */
#define TRIES      5u
#define TRIES_MSEC 20

/* Where the kernel has the image. */
typedef struct Place {
        uint64_t pointer; /* of kexec_crash_image, virtual */
        KimageLayout layout;
} Place;

_printf_(2, 3) static void unknown(MarkAnswer *ret, const char *format, ...) {
        va_list ap;

        *ret = (MarkAnswer){ .kind = MARK_UNKNOWN };
        va_start(ap, format);
        (void)vsnprintf(ret->why, sizeof(ret->why), format, ap);
        va_end(ap);
}

/* --- the place */

static bool find_pointer(int root_fd, uint64_t *ret, MarkAnswer *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_proc_stdin("/kallsyms", KALLSYMS_LONGEST, &text, &size);
        if (r == -ENODATA)
                r = read_file_below(root_fd, KALLSYMS_PATH, KALLSYMS_LONGEST, &text, &size);
        if (r < 0) {
                unknown(reterr, KALLSYMS_PATH " cannot be read: %s", strerrordesc_np(-r));
                return false;
        }
        r = kallsyms_find(text, size, SYMBOL, ret);
        if (r == -ENOENT)
                unknown(reterr, KALLSYMS_PATH " does not have " SYMBOL " (CONFIG_KALLSYMS_ALL)");
        else if (r < 0)
                unknown(reterr, KALLSYMS_PATH " shows no addresses (kernel.kptr_restrict)");
        return r >= 0;
}

static KimageLayout find_layout(int root_fd) {
        _cleanup_free_ char *data = NULL;
        KimageLayout layout;
        size_t size;

        if (read_file_below(root_fd, BTF_KERNEL_PATH, BTF_LONGEST, &data, &size) < 0 ||
            btf_find_member(data, size, "kimage", "nr_segments", &layout.n_segments) < 0 ||
            btf_find_member(data, size, "kimage", "segment", &layout.segments) < 0)
                return KIMAGE_LAYOUT_USUAL;
        return layout;
}

static bool read_note(int root_fd, Place *ret) {
        char text[3 * 20], *rest = text;
        uint64_t values[3];

        if (read_line_below(root_fd, KEXEC_MARK_NOTE_PATH, text, sizeof(text)) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                const char *word = strsep(&rest, " ");

                if (!word || parse_u64(word, 16, &values[i]) < 0)
                        return false;
        }
        *ret = (Place){ .pointer = values[0],
                        .layout = { .n_segments = values[1], .segments = values[2] } };
        return !rest;
}

static bool find_place(int root_fd, Place *ret, MarkAnswer *reterr) {
        char text[3 * 20];
        Place place;
        int r;

        if (read_note(root_fd, ret))
                return true;
        if (!find_pointer(root_fd, &place.pointer, reterr))
                return false;
        place.layout = find_layout(root_fd);
        strscpyf(text, sizeof(text), "%" PRIx64 " %" PRIx64 " %" PRIx64 "\n", place.pointer,
                 place.layout.n_segments, place.layout.segments);
        r = write_file_below(root_fd, KEXEC_MARK_NOTE_PATH, text, strlen(text));
        if (r < 0)
                log_debug("Cannot write " KEXEC_MARK_NOTE_PATH ", going on: %s",
                          strerrordesc_np(-r));
        *ret = place;
        return true;
}

/* --- the image */

/* As much of the struct as there has to be. */
typedef struct Image {
        uint64_t address; /* 0: there is none */
        size_t size;
        uint8_t data[KIMAGE_LONGEST];
} Image;

/* Returns 0 or negative errno. */
static int read_image(const KcoreMemory *kcore, const Place *place, Image *ret) {
        uint64_t end = MAX(place->layout.n_segments + sizeof(uint64_t),
                           place->layout.segments + KIMAGE_SEGMENTS_MOST * KIMAGE_SEGMENT_BYTES);
        int r;

        *ret = (Image){ .size = (size_t)MIN(end, (uint64_t)KIMAGE_LONGEST) };
        r = kcore_memory_read(kcore, place->pointer, false, &ret->address, sizeof(ret->address));
        return r < 0 || ret->address == 0
                       ? r
                       : kcore_memory_read(kcore, ret->address, false, ret->data, ret->size);
}

/* Returns 1 with a mark, 0 if there is none, or negative errno. */
static int search(const KcoreMemory *kcore, const LiveSegments *segments, MarkAnswer *ret) {
        _cleanup_free_ void *data = malloc(SEGMENT_LONGEST);

        if (!data)
                return -ENOMEM;
        for (size_t i = 0; i < segments->n; i++) {
                const LiveSegment *segment = &segments->items[i];
                int r;

                if (segment->size > SEGMENT_LONGEST)
                        continue;
                r = kcore_memory_read(kcore, segment->address, true, data, (size_t)segment->size);
                if (r < 0)
                        return r;
                if (kexec_mark_find(data, (size_t)segment->size, ret->mark))
                        return 1;
        }
        return 0;
}

/* Looks once. Returns 0; -EAGAIN if somebody is at work, -EBADMSG if there is no image where it has
 * to be, or what reading said. */
static int look(const KcoreMemory *kcore, const Place *place, const MemoryMap *memory,
                MarkAnswer *ret) {
        MarkAnswer answer = { .kind = MARK_NOTHING };
        LiveSegments segments;
        Image before, after;
        int r;

        r = read_image(kcore, place, &before);
        if (r < 0)
                return r;
        if (before.address == 0) {
                *ret = answer;
                return -EAGAIN;
        }
        r = kimage_parse(before.data, before.size, &place->layout, memory, &segments);
        if (r >= 0)
                r = search(kcore, &segments, &answer);
        if (r < 0)
                return r;
        answer.kind = r > 0 ? MARK_FOUND : MARK_NONE;
        /* An image can come to lie where another one was. */
        r = read_image(kcore, place, &after);
        if (r < 0)
                return r;
        if (after.address != before.address || memcmp(after.data, before.data, before.size) != 0)
                return -EAGAIN;
        *ret = answer;
        return 0;
}

static void look_again(const KcoreMemory *kcore, const Place *place, const MemoryMap *memory,
                       MarkAnswer *ret) {
        int r = 0;

        *ret = (MarkAnswer){ .kind = MARK_NOTHING };
        for (unsigned i = 0; i < TRIES; i++) {
                if (i > 0)
                        (void)nanosleep(&(struct timespec){ .tv_nsec = TRIES_MSEC * 1000000 },
                                        NULL);
                r = look(kcore, place, memory, ret);
                if (r >= 0)
                        return;
        }
        if (r == -EBADMSG)
                unknown(ret, "what the kernel has at " SYMBOL " is no image that is known here");
        else if (r != -EAGAIN)
                unknown(ret, "the image cannot be read in /proc/kcore: %s", strerrordesc_np(-r));
}

void kexec_mark_read(int root_fd, MarkAnswer *ret) {
        _cleanup_(kcore_memory_close) KcoreMemory kcore = KCORE_MEMORY_INIT;
        Iomem iomem = { 0 };
        Place place;
        int r;

        r = kcore_memory_open(root_fd, &kcore);
        if (r == -EPERM || r == -EACCES)
                unknown(ret, "/proc/kcore may not be read (lockdown=confidentiality does that)");
        else if (r == -ENOENT)
                unknown(ret, "there is no /proc/kcore (CONFIG_PROC_KCORE)");
        else if (r < 0)
                unknown(ret, "/proc/kcore cannot be read: %s", strerrordesc_np(-r));
        if (r < 0 || !find_place(root_fd, &place, ret))
                return;
        r = iomem_read(root_fd, &iomem);
        if (r < 0)
                unknown(ret, "/proc/iomem does not show what is reserved: %s", strerrordesc_np(-r));
        else
                look_again(&kcore, &place, &iomem.memory, ret);
        memory_map_done(&iomem.memory);
}
