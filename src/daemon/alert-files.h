/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is left for kdumpd-alert.path, by which systemd runs the programs in alert.d: kdumpd itself
 * starts nothing. */
#pragma once

#include "core/paths.h"
#include "daemon/alert.h"

/* What is to be told: three lines, the protection, the state and why. kdumpd-alert.service takes it
 * away. */
#define ALERT_PATH DAEMON_DIRECTORY "/alert"

/* What was told last, for the next kdumpd; missing if all was well. */
#define ALERT_TOLD_PATH DAEMON_DIRECTORY "/alert-told"

/* What was told last, by this kdumpd or the one before. */
Protection alert_read_told(int root_fd);

/* Has it told. What cannot be written is logged. */
void alert_tell(int root_fd, Protection protection, const Status *status);

/* Forgets that anything was told, as AlertAfter= is off. */
void alert_forget(int root_fd);
