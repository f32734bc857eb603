/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kernel-release.h"

#include <string.h>

#include "base/string-util.h"

bool kernel_release_before(const char *release, uint32_t than_major, uint32_t than_minor) {
        const char *dot = strchr(release, '.');
        char major_text[8], minor_text[8];
        uint32_t major, minor;

        if (!dot)
                return false;
        strscpy(major_text, MIN(sizeof(major_text), (size_t)(dot - release) + 1), release);
        strscpy(minor_text, MIN(sizeof(minor_text), strspn(dot + 1, "0123456789") + 1), dot + 1);
        if (parse_u32(major_text, 10, &major) < 0 || parse_u32(minor_text, 10, &minor) < 0)
                return false;
        return major < than_major || (major == than_major && minor < than_minor);
}
