/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Releases of kernels, as uname tells them. Apart from kernel-image, which takes libelf along. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

/* Whether a release as uname tells it is older than major.minor: "6.1.0-28-amd64" is 6.1. What
 * cannot be understood is taken for new. */
bool kernel_release_before(const char *release, uint32_t than_major, uint32_t than_minor) _pure_;
