/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's log, watched for what it says about crash kernel images and hotplug. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* Records are at most this long (kernel/printk/printk.c, PRINTK_MESSAGE_MAX). */
#define KMSG_RECORD_MAX 2048

#define KMSG_TEXT_MAX 256

/* One call reads no more records than this: whoever writes them faster than they are read must not
 * keep the event loop from all the rest. */
#define KMSG_AT_ONCE 256

/* Takes standard input if it is /dev/kmsg, else opens that below root_fd; at its end: what was
 * logged before is not seen. With kernel.dmesg_restrict=1, the kernel wants CAP_SYSLOG of who opens
 * it, not of who reads (kernel/printk/printk.c, devkmsg_open()). Returns a non-blocking descriptor
 * for kmsg_receive() and poll, or negative errno. */
int kmsg_open(int root_fd) _must_check_;

/* Reads records until one says that an update of the image failed. Returns 1 with its text; 0 if
 * there is no more to read now, or after KMSG_AT_ONCE others (poll tells which); -EPIPE if records
 * were overwritten before they could be read (go on reading), or another negative errno. Sets
 * *seqnum to the number of the last record that it read, if any. */
int kmsg_receive(int fd, uint64_t *seqnum, char ret_text[static KMSG_TEXT_MAX]) _must_check_;

/* No kernel keeps as many records as this: half of its largest buffer, of empty ones. */
#define KMSG_CATCH_UP_MAX (1u << 20)

/* Reads what the kernel still has of its log, from the oldest record to the newest, on a descriptor
 * of kmsg_open(). Sets *ret_is_whole to whether that is all that came after the record since (0:
 * not known, and so not), and *seqnum to the number of the newest. Returns 1 if one that came after
 * since says that an update of the image failed, with the text of the last such; 0 if not, or
 * negative errno. */
int kmsg_catch_up(int fd, uint64_t since, uint64_t *seqnum, bool *ret_is_whole,
                  char ret_text[static KMSG_TEXT_MAX]) _must_check_;

/* The number of a record of size bytes; 0 if it is none. */
uint64_t kmsg_seqnum(const char *record, size_t size) _pure_;

/* Whether one record of size bytes, as read from /dev/kmsg (Documentation/ABI/testing/dev-kmsg),
 * comes from the kernel itself and is, from its beginning to its end, one of the sentences with
 * which it says that it could not update the image. Returns 1 with its text; 0 if not, or if it is
 * no record at all. */
int kmsg_parse(const char *record, size_t size, char ret_text[static KMSG_TEXT_MAX]);
