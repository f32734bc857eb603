/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's log, watched for what it says about crash images and hotplug. */
#pragma once

#include <stddef.h>

#include "base/macro.h"

/* Records are at most this long (kernel/printk/printk.c, PRINTK_MESSAGE_MAX). */
#define KMSG_RECORD_MAX 2048

#define KMSG_TEXT_MAX 256

/* One call reads no more records than this: whoever writes them faster than they are read must not
 * keep the event loop from all the rest. */
#define KMSG_AT_ONCE 256

/* Opens /dev/kmsg below root_fd at its end: what was logged before is not seen. Returns a
 * non-blocking descriptor for kmsg_receive() and poll, or negative errno. */
int kmsg_open(int root_fd) _must_check_;

/* Reads records until one begins with "crash hp:". Returns 1 with its text; 0 if there is no more
 * to read now, or after KMSG_AT_ONCE others (poll tells which); -EPIPE if records were overwritten
 * before they could be read (go on reading), or another negative errno. */
int kmsg_receive(int fd, char ret_text[static KMSG_TEXT_MAX]) _must_check_;

/* Whether one record of size bytes, as read from /dev/kmsg (Documentation/ABI/testing/dev-kmsg),
 * comes from the kernel itself and begins with "crash hp:" (kernel/crash_core.c). Returns 1 with
 * its text, cut to fit; 0 if not, or if it is no record at all. */
int kmsg_parse(const char *record, size_t size, char ret_text[static KMSG_TEXT_MAX]);
