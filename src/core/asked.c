/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of a reservation that was asked for. */
#include "core/asked.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/string-util.h"

#define MIB UINT64_C(1048576)

/* Whether the line has the word that was asked for, and whether nothing behind it overrules it. */
static bool has_word(const char *words, const char *value, bool *ret_is_last) {
        size_t n = strlen(value);
        bool found = false;

        for (const char *p = words; (p = strstr(p, CRASHKERNEL_WORD));) {
                p += strlen(CRASHKERNEL_WORD);
                *ret_is_last = strncmp(p, value, n) == 0 && (p[n] == '\0' || p[n] == ' ');
                found |= *ret_is_last;
        }
        return found;
}

static const char *why_absent(const Asked *asked, const AskedMachine *machine) {
        if (machine->secure_boot && startswith(asked->loader, "systemd-stub"))
                return "under Secure Boot an add-on counts only if its signature is one that the "
                       "firmware knows";
        return "another entry of the boot menu was started, or something has written the boot "
               "loader's configuration anew";
}

bool asked_explain(const Asked *asked, const AskedMachine *machine, uint64_t reserved_bytes,
                   char ret[static ASKED_TEXT_MAX]) {
        _cleanup_free_ char *words = crashkernel_words(strempty(machine->command_line));
        char reserved[40] = "0", value[CRASHKERNEL_VALUE_MAX];
        bool is_last = false;
        uint64_t wanted;
        Error error;

        ret[0] = '\0';
        if (!words || asked->value[0] == '\0' || machine->boot_id[0] == '\0' ||
            streq(asked->boot_id, machine->boot_id))
                return false;
        wanted = crashkernel_bytes(words, machine->memory_bytes, machine->knows_cma);
        if (reserved_bytes > 0)
                strscpyf(reserved, sizeof(reserved), "%" PRIu64 " MiB", reserved_bytes / MIB);
        if (!has_word(words, asked->value, &is_last))
                strscpyf(ret, ASKED_TEXT_MAX,
                         "asked for %s, reserved %s: the kernel was started without "
                         "crashkernel=%s: %s: run \"kdumpctl reserve\"",
                         asked->value, reserved, asked->value, why_absent(asked, machine));
        else if (!is_last) {
                (void)crashkernel_judge(words, machine->memory_bytes, machine->knows_cma, value);
                strscpyf(ret, ASKED_TEXT_MAX,
                         "asked for %s, reserved %s: behind it on the kernel command line is "
                         "crashkernel=%s, which counts: take that away in the boot loader's "
                         "configuration",
                         asked->value, reserved, value);
        } else if (reserved_bytes == 0) {
                crashkernel_explain(words, machine->memory_bytes, machine->knows_cma, &error);
                strscpyf(ret, ASKED_TEXT_MAX, "asked for %s, reserved 0: %s", asked->value,
                         error.text);
        } else if (reserved_bytes < wanted && !strchr(asked->value, ':'))
                strscpyf(ret, ASKED_TEXT_MAX,
                         "asked for %s, reserved %s: the rest was given back: write it again with "
                         "\"kdumpctl reserve --write\" if it is too little",
                         asked->value, reserved);
        return ret[0] != '\0';
}
