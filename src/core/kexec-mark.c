/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mark of a crash kernel image. */
#include "core/kexec-mark.h"

#include <errno.h>

#include "base/string-util.h"
#include "core/little-endian.h"

static bool is_digit(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* How many of the first n bytes are digits. */
static size_t count_digits(const char *text, size_t n) {
        size_t i = 0;

        while (i < n && is_digit(text[i]))
                i++;
        return i;
}

void kexec_mark_format(const uint8_t bytes[static KEXEC_MARK_BYTES],
                       char ret[static KEXEC_MARK_MAX]) {
        for (size_t i = 0; i < KEXEC_MARK_BYTES; i++)
                strscpyf(ret + 2 * i, 3, "%02x", bytes[i]);
}

bool kexec_mark_is(const char *text) {
        return strlen(strempty(text)) == KEXEC_MARK_DIGITS &&
               count_digits(text, KEXEC_MARK_DIGITS) == KEXEC_MARK_DIGITS;
}

bool kexec_mark_find(const void *data, size_t size, char ret[static KEXEC_MARK_MAX]) {
        const char *p = data, *end = p + size;

        while ((p = memmem(p, (size_t)(end - p), KEXEC_MARK_WORD, strlen(KEXEC_MARK_WORD)))) {
                p += strlen(KEXEC_MARK_WORD);
                /* One digit more, and it is another word. */
                if (count_digits(p, MIN((size_t)(end - p), (size_t)KEXEC_MARK_MAX)) !=
                    KEXEC_MARK_DIGITS)
                        continue;
                memcpy(ret, p, KEXEC_MARK_DIGITS);
                ret[KEXEC_MARK_DIGITS] = '\0';
                return true;
        }
        return false;
}

/* --- where it is */

int kallsyms_find(const char *text, size_t size, const char *name, uint64_t *ret) {
        const char *end = text + size;
        size_t length = strlen(name);

        /* "ffffffff9b2a4c10 B kexec_crash_image", and behind a module's a tab and its name. */
        for (const char *line = text; line < end;) {
                const char *newline = memchr(line, '\n', (size_t)(end - line)) ?: end;
                size_t digits = count_digits(line, (size_t)(newline - line));
                char number[17];

                if ((size_t)(newline - line) == digits + 3 + length && digits < sizeof(number) &&
                    line[digits] == ' ' && line[digits + 2] == ' ' &&
                    memcmp(newline - length, name, length) == 0) {
                        memcpy(number, line, digits);
                        number[digits] = '\0';
                        if (parse_u64(number, 16, ret) < 0)
                                return -ENOENT;
                        return *ret == 0 ? -EACCES : 0;
                }
                line = newline < end ? newline + 1 : end;
        }
        return -ENOENT;
}

static bool is_reserved(const MemoryMap *memory, uint64_t start, uint64_t size) {
        for (size_t i = 0; i < memory->n; i++)
                if (memory->ranges[i].type == MEMORY_CRASH && memory->ranges[i].start <= start &&
                    start < memory->ranges[i].end && size <= memory->ranges[i].end - start)
                        return true;
        return false;
}

int kimage_parse(const void *data, size_t size, const KimageLayout *layout, const MemoryMap *memory,
                 LiveSegments *ret) {
        const Bytes bytes = { .data = data, .size = size };
        LiveSegments segments = { 0 };
        uint64_t n;

        if (!bytes_at(&bytes, layout->n_segments, sizeof(uint64_t)))
                return -EBADMSG;
        n = number_at(&bytes, layout->n_segments, sizeof(uint64_t));
        if (n == 0 || n > KIMAGE_SEGMENTS_MOST ||
            !bytes_at(&bytes, layout->segments, (size_t)n * KIMAGE_SEGMENT_BYTES))
                return -EBADMSG;
        for (uint64_t i = 0; i < n; i++) {
                uint64_t at = layout->segments + i * KIMAGE_SEGMENT_BYTES;
                /* Behind the pointer to where it came from. */
                uint64_t content = number_at(&bytes, at + 8, sizeof(uint64_t));
                uint64_t address = number_at(&bytes, at + 16, sizeof(uint64_t));
                uint64_t room = number_at(&bytes, at + 24, sizeof(uint64_t));

                if (content > room || !is_reserved(memory, address, room))
                        return -EBADMSG;
                segments.items[segments.n++] = (LiveSegment){ .address = address, .size = content };
        }
        *ret = segments;
        return 0;
}

/* --- what was found */

static const char *const words[_MARK_KIND_MAX] = {
        [MARK_UNKNOWN] = "unknown",
        [MARK_NOTHING] = "nothing",
        [MARK_NONE] = "none",
        [MARK_FOUND] = "found",
};

void mark_answer_format(const MarkAnswer *answer, char ret[static MARK_ANSWER_MAX]) {
        strscpyf(ret, MARK_ANSWER_MAX, "%s %s\n", words[answer->kind],
                 answer->kind == MARK_FOUND ? answer->mark : answer->why);
}

void mark_answer_parse(char *text, MarkAnswer *ret) {
        char *line = strstrip(text), *word;
        MarkKind kind = MARK_UNKNOWN;

        /* First, as nothing may be left of what is cut off where no character ends. */
        utf8_mend(line);
        word = strsep(&line, " ");
        for (MarkKind i = 0; i < _MARK_KIND_MAX; i++)
                if (streq(word, words[i]))
                        kind = i;
        if (kind == MARK_FOUND && !kexec_mark_is(line))
                kind = MARK_UNKNOWN;
        *ret = (MarkAnswer){ .kind = kind };
        if (kind == MARK_FOUND)
                strscpy(ret->mark, sizeof(ret->mark), line);
        else if (kind == MARK_UNKNOWN)
                strscpy(ret->why, sizeof(ret->why),
                        isempty(line) || !streq(word, words[kind]) ? "it was not told why" : line);
}
