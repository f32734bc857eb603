/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-load as a child process: started, its report read, its end awaited, killed if need be. One
 * at a time. */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/manager.h"

typedef struct Helper Helper;

/* Told when the child has ended; takes the contents of the report. */
typedef void (*HelperEnded)(void *userdata, HelperKind kind, LoadReport *report);

/* program is the path of kdump-load, root the --root= it gets, or NULL; both must stay valid.
 * SIGCHLD must be blocked. Returns 0 or -ENOMEM. */
int helper_new(sd_event *event, const char *program, const char *root, HelperEnded ended,
               void *userdata, Helper **ret) _must_check_;
Helper *helper_free(Helper *h);
DEFINE_CLEANUP(Helper *, helper_free);

/* Starts the child. Returns 0; -EBUSY if one is running, or another negative errno. */
int helper_start(Helper *h, HelperKind kind) _must_check_;

/* Kills the child, if there is one. Its end is still told. */
void helper_kill(Helper *h);
