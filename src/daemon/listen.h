/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel tells by itself, uevents and its log, as inputs of the manager. */
#pragma once

#include <systemd/sd-event.h>

#include "core/settings.h"
#include "daemon/manager.h"

typedef struct Listener Listener;

/* Listens to uevents from this call on, with the socket that systemd has passed if there is one,
 * and to the kernel's log as kmsg_open() has it, without which it goes on with a warning. The
 * manager must outlive the listener. Returns 0; negative errno if uevents cannot be had, which it
 * says. */
int listener_new(sd_event *event, Manager *manager, int root_fd, UeventSource source,
                 Listener **ret) _must_check_;
Listener *listener_free(Listener *l);
DEFINE_CLEANUP(Listener *, listener_free);

/* Takes the uevents from another source from now on; on failure from the one before. Returns 0 or
 * negative errno. */
int listener_set_source(Listener *l, UeventSource source) _must_check_;

/* Reads what the kernel logged since the record of its log with the number since (0: not known).
 * Returns whether that has lines that are about the image; *ret_is_whole says whether it is all
 * that there was. */
bool listener_catch_up(Listener *l, uint64_t since, bool *ret_is_whole);

/* The number of the last line of the kernel's log that was read; 0: not known. */
uint64_t listener_log_seqnum(const Listener *l);
