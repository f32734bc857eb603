/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kdumpctl reserve --write" has asked for, as JSON in a file that outlives the reboot. */
#pragma once

#include "core/asked.h"
#include "core/paths.h"

#define ASKED_PATH STATE_DIRECTORY "/reserve.json"

/* Reads it below root_fd. Returns 0 with what asked_done() frees; -ENOENT if nothing was asked for,
 * -EBADMSG, or another negative errno. */
int asked_read(int root_fd, Asked *ret) _must_check_;

/* The same for its bytes: 0, -EBADMSG or -ENOMEM. */
int asked_from_json(const char *text, size_t size, Asked *ret) _must_check_;
int asked_to_json(const Asked *asked, char **ret) _must_check_;

/* Replaces it, and waits until it is on the disk. Returns 0 or negative errno. */
int asked_write(int root_fd, const Asked *asked) _must_check_;

/* Reads what the machine below root_fd is in this boot. Returns 0 with what asked_machine_done()
 * frees, or negative errno. */
int asked_machine_read(int root_fd, AskedMachine *ret) _must_check_;
