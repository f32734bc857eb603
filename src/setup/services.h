/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kdump services of distributions, which kdumpd takes the place of: there is one crash kernel
 * image, so there can be one owner. Reads only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Their units: calls with i = 0, 1, ... until it returns NULL. */
const char *services_other(size_t i);

/* Whether a unit is to be started at boot below root_fd: something wants or requires it, and it is
 * not masked. */
bool services_is_enabled(int root_fd, const char *unit);
