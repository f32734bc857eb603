/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local time of a system, which need not be the one that runs. */
#pragma once

#include "core/dump-info.h"

/* The time that the clock of the system below root_fd meant, by its /etc/localtime; by that of this
 * process if it has none that can be read. Of an hour that there is twice, it is either; one that
 * there is not is taken for the next. Sets the environment's TZ for a moment, so nobody else may be
 * at it. Returns 0 with microseconds since the epoch; -ERANGE, -ENOMEM. */
int local_time_usec(int root_fd, const CivilTime *time, uint64_t *ret) _must_check_;
