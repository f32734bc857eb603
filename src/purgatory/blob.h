/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The purgatories as the build has made them: one flat piece each, to be copied anywhere. */
#pragma once

#include <stddef.h>
#include <stdint.h>

extern const uint8_t purgatory_x86_64[];
extern const size_t purgatory_x86_64_size;
