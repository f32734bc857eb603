/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as the dynamic loader's cache; the name that is looked up comes first. */
#include "fuzz.h"

#include <string.h>

#include "mkinitramfs/ld-cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const uint8_t *end = memchr(data, '\0', size);
        const char *path;
        size_t i = 0, rest;

        if (!end)
                return 0;
        rest = size - (size_t)(end + 1 - data);
        while (ld_cache_next(end + 1, rest, (const char *)data, &i, &path) == 0)
                FUZZ_CHECK((const uint8_t *)path > end && (const uint8_t *)path < data + size &&
                           memchr(path, '\0', (size_t)(data + size - (const uint8_t *)path)));
        FUZZ_CHECK(i <= rest);
        return 0;
}
