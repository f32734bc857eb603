/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware watchdogs: whoever armed them, they reset a machine that stops feeding them
 * (Documentation/watchdog/watchdog-api.rst in the kernel tree). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

#define WATCHDOGS_MOST 8u

typedef struct Watchdogs {
        struct {
                char name[32]; /* below /dev */
                int fd;
        } dog[WATCHDOGS_MOST];
        size_t n;
} Watchdogs;

/* Opens those that are there and not open yet, which arms them, and feeds all. To be called every
 * second or so. Never fails: there may be none. */
void watchdogs_feed(Watchdogs *w, int root_fd);

/* Closes them, so that they are disarmed if their hardware lets them. */
void watchdogs_disarm(Watchdogs *w);
