/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as a command line with crashkernel=; the first byte is the machine's memory in GiB. */
#include "fuzz.h"

#include "base/string-util.h"
#include "core/crashkernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *line = size > 0 ? strndup((const char *)data + 1, size - 1) : NULL;
        Error error;

        if (!line)
                return 0;
        crashkernel_explain(line, (uint64_t)data[0] << 30, data[0] & 1, &error);
        FUZZ_CHECK(strstr(error.text, "crashkernel"));
        return 0;
}
