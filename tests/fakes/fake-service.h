/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd does with a socket unit that has Accept=yes: a process for each connection. */
#pragma once

#include <sys/types.h>

#include "sys/job-server.h"

/* Listens at path, and serves each connection in a process of its own. Returns the process that
 * accepts them, whose group they are in; the jobs are not. */
pid_t fake_service_start(const char *path, const JobServer *server);

/* Kills all of them. */
void fake_service_stop(pid_t pid);
