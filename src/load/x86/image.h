/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Crash kernel images for x86_64. */
#pragma once

#include "load/crash-image.h"

extern const ImageArchitecture x86_image_architecture;
