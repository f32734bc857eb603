/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a program or shared library whose needs are looked up. */
#include "fuzz.h"

#include <string.h>

#include "mkinitramfs/elf-needed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ElfNeeded e;

        if (elf_needed_read(data, size, &e) < 0)
                return 0;
        FUZZ_CHECK(e.n_needed <= ELF_NEEDED_MOST);
        for (size_t i = 0; i < e.n_needed; i++)
                FUZZ_CHECK(e.needed[i][0] != '\0' && strlen(e.needed[i]) <= ELF_STRING_LONGEST);
        FUZZ_CHECK(!e.run_path || strlen(e.run_path) <= ELF_STRING_LONGEST);
        elf_needed_done(&e);
        return 0;
}
