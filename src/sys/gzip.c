/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Data compressed with gzip. */
#include "sys/gzip.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

#include "base/string-util.h"

#define WINDOW_GZIP (MAX_WBITS + 16) /* with gzip's header, which then has neither time nor name */
#define ROOM_FIRST  (256u * 1024u)

int gzip_pack(const void *data, size_t size, void **ret, size_t *ret_size) {
        _cleanup_free_ void *packed = NULL;
        z_stream z = { .next_in = (z_const Bytef *)data, .avail_in = (uInt)size };
        unsigned long room;

        if (size > UINT_MAX)
                return -EFBIG;
        if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, MAX_MEM_LEVEL,
                         Z_DEFAULT_STRATEGY) != Z_OK)
                return -ENOMEM;
        room = deflateBound(&z, (uLong)size);
        packed = room > UINT_MAX ? NULL : malloc(room);
        z.next_out = packed;
        z.avail_out = (uInt)room;
        /* With that much room it is one step. */
        if (!packed || deflate(&z, Z_FINISH) != Z_STREAM_END) {
                (void)deflateEnd(&z);
                return room > UINT_MAX ? -EFBIG : -ENOMEM;
        }
        *ret_size = z.total_out;
        *ret = TAKE_PTR(packed);
        (void)deflateEnd(&z);
        return 0;
}

static int grow(char **data, size_t *room, size_t limit) {
        size_t more = *room == 0 ? MIN(limit + 1, (size_t)ROOM_FIRST) : MIN(limit + 1, 2 * *room);
        char *grown = realloc(*data, more);

        if (!grown)
                return -ENOMEM;
        *data = grown;
        *room = more;
        return 0;
}

static int inflate_all(z_stream *z, size_t limit, char **data) {
        size_t room = 0;

        for (;;) {
                int r;

                if (z->total_out > limit)
                        return -EFBIG;
                if (z->total_out == room) {
                        r = grow(data, &room, limit);
                        if (r < 0)
                                return r;
                }
                z->next_out = (Bytef *)*data + z->total_out;
                z->avail_out = (uInt)MIN(room - z->total_out, (size_t)UINT_MAX);
                r = inflate(z, Z_NO_FLUSH);
                if (r == Z_MEM_ERROR)
                        return -ENOMEM;
                if (r == Z_STREAM_END)
                        return z->total_out > limit ? -EFBIG : 0;
                /* No progress: the end is missing. */
                if (r != Z_OK)
                        return -EBADMSG;
        }
}

int gzip_unpack(const void *data, size_t size, size_t limit, void **ret, size_t *ret_size) {
        _cleanup_free_ char *plain = NULL;
        z_stream z = { .next_in = (z_const Bytef *)data, .avail_in = (uInt)size };
        int r;

        if (size > UINT_MAX || limit >= SIZE_MAX / 2)
                return -EFBIG;
        if (inflateInit2(&z, WINDOW_GZIP) != Z_OK)
                return -ENOMEM;
        r = inflate_all(&z, limit, &plain);
        if (r >= 0) {
                *ret_size = z.total_out;
                *ret = TAKE_PTR(plain);
        }
        (void)inflateEnd(&z);
        return r;
}
