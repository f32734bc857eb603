/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of other kdump services, and those that kdumpctl writes of them. */
#pragma once

#include "core/failure.h"
#include "setup/import.h"

/* Where the drop-in is written to. */
#define IMPORT_DROPIN_PATH KDUMPD_SYSCONFDIR "/kdumpd/kdumpd.conf.d/50-imported.conf"

/* What has every oops panic: an oops that does not panic gives no dump. */
#define OOPS_SYSCTL_PATH KDUMPD_SYSCONFDIR "/sysctl.d/60-kdumpd.conf"

/* Takes in the file of that name below root_fd, or with NULL all that are there of other kdump
 * services. Returns 0 with what import_done() frees; -ENOENT (there is none), -EINVAL (it is none),
 * or what reading them says. */
int import_read(int root_fd, const char *file, Import *ret, Error *reterr) _must_check_;

#define IMPORT_COPY_MAX 128

/* Writes the drop-in, atomically and with mode 0644. Another one that is there is kept as a copy,
 * whose name goes into copy, else "". Returns 1 if it was written, 0 if the same is there already,
 * or negative errno; the old one is as it was then. */
int import_write(int root_fd, const char *text, char copy[static IMPORT_COPY_MAX],
                 Error *reterr) _must_check_;

/* Whether an oops panics on the running kernel (/proc/sys/kernel/panic_on_oops). Returns 0 or 1, or
 * negative errno. */
int oops_panics(int root_fd) _must_check_;

/* Writes OOPS_SYSCTL_PATH, which counts from the next boot on, or when sysctl is told to read it.
 * Returns 1 if it was written, 0 if there is a file of that name already, which stays as it is, or
 * negative errno. */
int oops_sysctl_write(int root_fd, Error *reterr) _must_check_;
