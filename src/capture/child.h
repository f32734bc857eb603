/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other processes: the core collector, scripts, what may hang or crash. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/capture.h"

typedef struct Child {
        Capture *capture;
        char *const *words; /* of the command, ended by NULL */
        /* Instead of a command: runs in a fork of this process, writes to data_fd, and returns the
         * exit status. */
        int (*function)(void *userdata, int data_fd);
        /* Its stdout goes here if this is set, and what it says is its stderr alone. Returns 0 or
         * negative errno, which ends it. */
        int (*on_data)(void *userdata, const char *data, size_t size);
        /* A line that it said. Returns true to stop it. May be NULL. */
        bool (*on_line)(void *userdata, const char *line);
        /* Asked every second: whether there was progress that it did not tell of. May be NULL. */
        bool (*has_progressed)(void *userdata);
        void *userdata;
        bool is_quiet;         /* its lines are not shown */
        uint64_t silence_usec; /* it is killed if it makes no progress for so long */
} Child;

/* Runs it to its end; its lines are shown on the console. Returns 0 with its exit status, or 256
 * and the number of the signal that killed it; -ECANCELED (on_line stopped it), -ETIME (killed for
 * silence), what on_data said, or why it could not be started. ret_status is set in all cases but
 * the last. */
int child_run(const Child *child, int64_t *ret_status) _must_check_;
