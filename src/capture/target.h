/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of a capture: waiting for a target, mounting it. */
#pragma once

#include "capture/capture.h"

extern const CaptureOps capture_ops;      /* of the real machine */
extern const CaptureOps capture_tree_ops; /* of a made-up one, whose target is mounted already */
