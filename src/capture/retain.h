/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old dumps: removes what Keep= and MinFree= say, and never anything else. */
#pragma once

#include "capture/capture.h"

#define OLD_DUMPS_MOST 65536u

/* Removes the oldest complete dumps of this host until min_free_bytes of the plan are free, but
 * never the newest of them, nor the present one. */
void retain_make_room(Capture *c);

/* Removes the oldest complete dumps of this host beyond the plan's number. */
void retain_newest(Capture *c);
