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

static size_t count_complete(const OldDump *dumps, size_t n) {
        size_t complete = 0;

        for (size_t i = 0; i < n; i++)
                complete += dumps[i].is_complete;
        return complete;
}

size_t rotation_beyond(const OldDump *dumps, size_t n, uint64_t keep, size_t *ret) {
        size_t complete = count_complete(dumps, n), removed = 0;

        if (keep == 0)
                return 0;
        for (size_t i = 0; i < n && complete - removed > keep; i++)
                if (dumps[i].is_complete)
                        ret[removed++] = i;
        return removed;
}

uint64_t rotation_most(const OldDump *dumps, size_t n) {
        uint64_t bytes = 0, newest = 0;

        for (size_t i = 0; i < n; i++)
                if (dumps[i].is_complete) {
                        bytes = add_saturated(bytes, newest);
                        newest = dumps[i].bytes;
                }
        return bytes;
}

size_t rotation_next(const OldDump *dumps, size_t n) {
        if (count_complete(dumps, n) < 2)
                return n;
        for (size_t i = 0; i < n; i++)
                if (dumps[i].is_complete)
                        return i;
        return n;
}
