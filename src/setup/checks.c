/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "setup/checks.h"

#include <stdarg.h>

#include "core/failure.h"

static const char *const check_state_table[_CHECK_STATE_MAX] = {
        [CHECK_OK] = "ok",
        [CHECK_CHANGED] = "changed",
        [CHECK_LEFT] = "left",
        [CHECK_FAILED] = "failed",
};
DEFINE_NAME_TABLE(check_state, CheckState, _CHECK_STATE_MAX);

void checks_add(Checks *checks, CheckState state, const char *name, const char *format, ...) {
        Check *check;
        Error text;
        va_list ap;

        if (checks->n >= CHECKS_MAX)
                return;
        check = &checks->items[checks->n++];
        check->name = name;
        check->state = state;
        va_start(ap, format);
        /* That makes a line of it, whatever is in the arguments. */
        (void)error_setv(&text, 0, format, ap);
        va_end(ap);
        strscpy(check->text, sizeof(check->text), text.text);
}

bool checks_have(const Checks *checks, CheckState state) {
        for (size_t i = 0; i < checks->n; i++)
                if (checks->items[i].state == state)
                        return true;
        return false;
}
