/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture plan as JSON: how it travels in the capture initramfs. */
#pragma once

#include "core/capture-plan.h"

/* Where it lies in the initramfs. */
#define CAPTURE_PLAN_PATH         "/etc/kdumpd/capture.json"
#define CAPTURE_PLAN_JSON_LONGEST (4u * 1024u * 1024u) /* bytes */

/* Formats a plan, newline included; the same plan gives the same bytes. Returns 0 with a fresh
 * string, or -ENOMEM. */
int capture_plan_to_json(const CapturePlan *plan, char **ret) _must_check_;

/* Reads such an object of size bytes. Keys it does not know are ignored; what is missing has the
 * default of its setting, or is empty. Returns 0; -EBADMSG (no JSON object, wrong types, unknown
 * names, beyond a limit), -ENOMEM. *ret is untouched on failure. */
int capture_plan_from_json(const char *text, size_t size, CapturePlan *ret) _must_check_;
