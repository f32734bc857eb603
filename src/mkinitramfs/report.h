/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-mkinitramfs says. */
#pragma once

#include <stdio.h>

#include "mkinitramfs/output.h"

/* Prints what would be packed and why, and the plan. Returns 0 or -EIO. */
int report_contents(FILE *f, const Builder *b) _must_check_;

/* Prints how it went: result is what the making returned. The error goes to standard error, too.
 * Returns result, or -EIO. */
int report_result(FILE *f, const Builder *b, int result, const Image *image,
                  bool json) _must_check_;
