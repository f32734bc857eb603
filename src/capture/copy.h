/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/vmcore as it is. */
#pragma once

#include "capture/capture.h"

/* A copy is no dump if more than one part in so many could not be read. */
#define UNREADABLE_SHARE 100u

/* Reads all of /proc/vmcore and hands it to take() in its order, with zeros for the pages that
 * cannot be read: they are counted in info.unreadable_bytes, and info.message tells. Returns 0; 1
 * if that is more than UNREADABLE_SHARE allows; or negative errno, also what take() returns. */
int copy_memory(Capture *c, int (*take)(void *userdata, const char *data, size_t size),
                void *userdata) _must_check_;

/* The same into the new file name of the dump's directory. Pages of zeros become holes. On failure
 * the file may be there. */
int copy_to_file(Capture *c, const char *name) _must_check_;

/* Whether such a file fits into most bytes, and how many it takes. Where the memory is larger than
 * room it is read for that, up to where it does not fit; what would be no dump does not fit into
 * more than room. */
bool copy_fits(Capture *c, uint64_t room, uint64_t most, uint64_t *ret);
