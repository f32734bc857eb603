/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdump-mkinitramfs --json prints. */
#pragma once

#include <stddef.h>

#include "base/macro.h"
#include "core/build-report.h"

#define BUILD_REPORT_LONGEST 65536u /* bytes */

/* Formats a report, newline included. Returns 0 with a fresh string, or -ENOMEM. */
int build_report_to_json(const BuildReport *report, char **ret) _must_check_;

/* Reads such a report. Returns 0 with what build_report_done() frees; -EBADMSG (no such object),
 * -ENOMEM. */
int build_report_from_json(const char *text, size_t size, BuildReport *ret) _must_check_;

#define BUILD_NOTE_LONGEST (16u * 1024u * 1024u) /* bytes */

/* The size of an initramfs that kdump-mkinitramfs keeps at path, when it is unpacked, out of the
 * note beside it. Returns 0; -EBADMSG, or what opening and reading say. */
int build_note_unpacked_bytes(int root_fd, const char *path, uint64_t *ret) _must_check_;
