/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which old dumps may go to make room for new ones. */
#include "core/rotation.h"

#include <stdlib.h>

#include "base/string-util.h"

static int compare(const void *a, const void *b) {
        const OldDump *x = a, *y = b;
        size_t n = strlen(x->name), m = strlen(y->name);

        if (x->time_usec != y->time_usec)
                return x->time_usec < y->time_usec ? -1 : 1;
        /* "-10" comes after "-9". */
        if (n != m)
                return n < m ? -1 : 1;
        return strcmp(x->name, y->name);
}

void rotation_sort(OldDump *dumps, size_t n) {
        if (n > 0)
                qsort(dumps, n, sizeof(OldDump), compare);
}

#define MIN_FREE_MOST (UINT64_C(4) << 30)

uint64_t rotation_min_free(uint64_t file_system_bytes) {
        return MIN(file_system_bytes / 10, MIN_FREE_MOST);
}

/* A file system needs some for the file's extents; and of what it calls free ext4 keeps a fiftieth
 * of itself, at most 16 MiB (ext4_calculate_resv_clusters() in fs/ext4/super.c). */
#define KEPT_SHARE  50u
#define KEPT_MOST   (UINT64_C(16) << 20)
#define NEEDS_SHARE 64u
#define NEEDS_LEAST (UINT64_C(1) << 20)

uint64_t rotation_needed(uint64_t file_system_bytes, uint64_t file_bytes) {
        uint64_t kept = MIN(file_system_bytes / KEPT_SHARE, KEPT_MOST);

        return add_saturated(file_bytes, kept + NEEDS_LEAST + file_bytes / NEEDS_SHARE);
}

static size_t count(const OldDump *dumps, size_t n, bool complete) {
        size_t found = 0;

        for (size_t i = 0; i < n; i++)
                found += dumps[i].is_complete == complete && !dumps[i].is_gone;
        return found;
}

/* The oldest beyond the number to keep of one kind. */
static size_t beyond(const OldDump *dumps, size_t n, bool complete, uint64_t keep, size_t *ret) {
        size_t there = count(dumps, n, complete), removed = 0;

        for (size_t i = 0; i < n && there - removed > keep; i++)
                if (dumps[i].is_complete == complete && !dumps[i].is_gone)
                        ret[removed++] = i;
        return removed;
}

size_t rotation_beyond(const OldDump *dumps, size_t n, uint64_t keep, size_t *ret) {
        return keep == 0 ? 0 : beyond(dumps, n, true, keep, ret);
}

size_t rotation_traces(const OldDump *dumps, size_t n, uint64_t keep, size_t *ret) {
        return beyond(dumps, n, false, keep, ret);
}

uint64_t rotation_most(const OldDump *dumps, size_t n) {
        uint64_t bytes = 0, newest = 0;

        for (size_t i = 0; i < n; i++) {
                if (dumps[i].is_gone)
                        continue;
                if (!dumps[i].is_complete) {
                        bytes = add_saturated(bytes, dumps[i].bytes);
                        continue;
                }
                bytes = add_saturated(bytes, newest);
                newest = dumps[i].bytes;
        }
        return bytes;
}

size_t rotation_next(const OldDump *dumps, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!dumps[i].is_complete && !dumps[i].is_gone && dumps[i].bytes > 0)
                        return i;
        if (count(dumps, n, true) < 2)
                return n;
        for (size_t i = 0; i < n; i++)
                if (dumps[i].is_complete && !dumps[i].is_gone)
                        return i;
        return n;
}

size_t rotation_newest(const OldDump *dumps, size_t n) {
        for (size_t i = n; i > 0; i--)
                if (dumps[i - 1].is_complete && !dumps[i - 1].is_gone)
                        return i - 1;
        return n;
}
