/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guard's state as the values of the D-Bus properties (core/status.h), and as the line that
 * systemctl status shows. */
#pragma once

#include "core/status.h"
#include "daemon/aftermath.h"
#include "daemon/guard.h"

/* Fills in a status from the guard as it is and from what is known of crashes (NULL: nothing);
 * what the configuration's files are like is left to whoever reads them. It is valid until the next
 * step, and may not be copied: it points into itself. */
void status_fill(Status *status, const Guard *g, const Aftermath *aftermath);

/* Writes the line for sd_notify()'s STATUS=: "armed: 6.12.107, 256 MiB reserved, kernel updates
 * it; 3 events, 0 reloads". Returns buf. */
const char *status_line(const Status *status, char buf[static STATUS_TEXT_MAX]);
