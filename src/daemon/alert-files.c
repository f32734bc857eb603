/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is left for kdumpd-alert.path. */
#include "daemon/alert-files.h"

#include <errno.h>
#include <stdio.h>

#include "base/file-util.h"
#include "sys/log.h"

Protection alert_read_told(int root_fd) {
        char name[16];
        int protection;

        if (read_line_below(root_fd, ALERT_TOLD_PATH, name, sizeof(name)) < 0)
                return PROTECTION_GOOD;
        protection = protection_from_string(name);
        return protection < 0 ? PROTECTION_GOOD : (Protection)protection;
}

void alert_forget(int root_fd) {
        int r = remove_below(root_fd, ALERT_TOLD_PATH);

        if (r < 0 && r != -ENOENT)
                log_warning("Cannot remove %s: %s", ALERT_TOLD_PATH, strerrordesc_np(-r));
}

static int remember(int root_fd, Protection protection) {
        const char *name = protection_to_string(protection);

        if (protection == PROTECTION_GOOD) {
                alert_forget(root_fd);
                return 0;
        }
        return write_file_below(root_fd, ALERT_TOLD_PATH, name, strlen(name));
}

void alert_tell(int root_fd, Protection protection, const Status *status) {
        const char *reason =
                protection == PROTECTION_STALE ? status->stale_reason : status->state_reason;
        char text[STATUS_TEXT_MAX + 64];
        int r;

        if (protection == PROTECTION_GOOD)
                log_notice("A panic would give a complete dump again");
        else
                log_warning("A panic would give no complete dump, and that for AlertAfter=: %s",
                            reason);
        /* First, so that a kdumpd that ends in between has it told once too often, and not once
         * too seldom. */
        strscpyf(text, sizeof(text), "%s\n%s\n%s\n", protection_to_string(protection),
                 status->state, reason);
        r = write_file_below(root_fd, ALERT_PATH, text, strlen(text));
        if (r >= 0)
                r = remember(root_fd, protection);
        if (r < 0)
                log_warning("Cannot write %s, so the programs in alert.d do not run: %s",
                            ALERT_PATH, strerrordesc_np(-r));
}
