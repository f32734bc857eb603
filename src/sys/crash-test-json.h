/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of a crash test, as JSON in a file that outlives the crash. */
#pragma once

#include "core/crash-test.h"
#include "core/paths.h"

#define CRASH_TEST_PATH STATE_DIRECTORY "/crash-test.json"

/* Reads it below root_fd. Returns 0 with what crash_test_done() frees; -ENOENT if there was never a
 * test, -EBADMSG, or another negative errno. */
int crash_test_read(int root_fd, CrashTest *ret) _must_check_;

/* The same for its bytes: 0, -EBADMSG or -ENOMEM. */
int crash_test_from_json(const char *text, size_t size, CrashTest *ret) _must_check_;
int crash_test_to_json(const CrashTest *test, char **ret) _must_check_;

/* Replaces it, and waits until it is on the disk. Returns 0 or negative errno. */
int crash_test_write(int root_fd, const CrashTest *test) _must_check_;
