/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a crash as JSON: kdump.json beside each dump. */
#pragma once

#include "core/dump-info.h"

#define DUMP_JSON_LONGEST (8u * 1024u * 1024u) /* bytes */

/* Formats it, newline included, all but the directory. Returns 0 with a fresh string, or
 * -ENOMEM. */
int dump_info_to_json(const DumpInfo *info, char **ret) _must_check_;

/* Reads such an object of size bytes. Keys it does not know are ignored, missing ones leave zero.
 * What is text is mended (utf8_mend()). Returns 0; -EBADMSG (no JSON object, wrong types, beyond
 * a limit), -ENOMEM. *ret is untouched on failure. */
int dump_info_from_json(const char *text, size_t size, DumpInfo *ret) _must_check_;
