/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dynamic loader's cache. */
#include "mkinitramfs/ld-cache.h"

#include <errno.h>
#include <stdint.h>

#include "base/string-util.h"

/* All numbers are in the byte order of the machine. */
static const char old_magic[] = "ld.so-1.7.0"; /* with its NUL */
static const char new_magic[] = "glibc-ld.so.cache1.1";

#define OLD_HEADER  16u /* magic, number of entries */
#define OLD_ENTRY   12u /* flags, name, path */
#define NEW_HEADER  48u /* magic, number of entries at 20, size of the strings, flags, unused */
#define NEW_ENTRY   24u /* flags, name, path, version of the system, hardware capabilities */
#define NEW_ALIGN   8u
#define NAME_AT     4u
#define PATH_AT     8u
#define HARDWARE_AT 16u

static uint32_t number(const char *p) {
        uint32_t n;

        memcpy(&n, p, sizeof(n));
        return n;
}

/* Finds the new part behind an old one. */
static int skip_old(const char **data, size_t *size) {
        uint64_t skip;

        if (*size < OLD_HEADER || memcmp(*data, old_magic, sizeof(old_magic)) != 0)
                return 0;
        skip = OLD_HEADER + (uint64_t)number(*data + sizeof(old_magic)) * OLD_ENTRY;
        skip = (skip + NEW_ALIGN - 1) / NEW_ALIGN * NEW_ALIGN;
        if (skip > *size)
                return -EBADMSG;
        *data += skip;
        *size -= (size_t)skip;
        return 0;
}

static const char *string_at(const char *data, size_t size, uint32_t at) {
        return at < size && memchr(data + at, '\0', size - at) ? data + at : NULL;
}

int ld_cache_next(const void *cache, size_t size, const char *name, size_t *index,
                  const char **ret) {
        const char *data = cache;
        uint32_t n;

        if (skip_old(&data, &size) < 0 || size < NEW_HEADER ||
            memcmp(data, new_magic, strlen(new_magic)) != 0)
                return -EBADMSG;
        n = number(data + strlen(new_magic));
        if (n > (size - NEW_HEADER) / NEW_ENTRY)
                return -EBADMSG;
        while (*index < n) {
                const char *entry = data + NEW_HEADER + (*index)++ * NEW_ENTRY;
                const char *key = string_at(data, size, number(entry + NAME_AT));
                const char *path = string_at(data, size, number(entry + PATH_AT));

                if (!key || !path)
                        return -EBADMSG;
                /* Their two words are zero for what runs everywhere. */
                if (number(entry + HARDWARE_AT) != 0 || number(entry + HARDWARE_AT + 4) != 0 ||
                    !streq(key, name))
                        continue;
                *ret = path;
                return 0;
        }
        return -ENOENT;
}
