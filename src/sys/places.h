/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where distributions keep kernels and kdump initrds, in one table each, and what such a place
 * tells of a file: the release of its kernel, and what an initrd does. */
#pragma once

#include <stdbool.h>

#include "core/failure.h"
#include "core/report.h"

/* The places, in order, for the manual's sake: calls with i = 0, 1, ... until they return NULL.
 * In a place %r stands for the kernel release and %t for an entry token (of
 * /etc/kernel/entry-token, then the machine ID). *ret_architectures is NULL for all. */
const char *places_kernel(size_t i, const char **ret_architectures);

/* Directories of unified kernel images, in the same way. */
const char *places_unified(size_t i);

/* *ret_words: see places_initrd_words(). */
const char *places_initrd(size_t i, const char **ret_words);

/* The words for the command line of an initrd at this path, which its maker's own tool passes to it
 * and without which it does not capture: "" if there are none. */
const char *places_initrd_words(const char *path) _pure_;

/* What an initrd at this path below root_fd does. Links are followed where the path itself tells
 * nothing. */
InitrdKind places_initrd_kind(int root_fd, const char *path);

/* Whether an initrd at this path, whoever chose it, would save a dump as far as can be known: false
 * with a clause in reterr if the unit that does so with initrds in this place is not installed in
 * the system below root_fd, or is turned off there. */
bool places_initrd_captures(int root_fd, const char *path, Error *reterr);

/* Whether an initrd at this path is one that kdump-mkinitramfs keeps. */
bool places_initrd_is_own(const char *path) _pure_;

/* Whether an initrd at this path is one of those (dracut's, ours) that bring the devices and mounts
 * of their own; an ordinary one turned to this use (initramfs-tools') needs root= and the like.
 * Judged by the places above. */
bool places_initrd_knows_root(const char *path) _pure_;

#define PLACES_RELEASE_MAX 128u

/* The kernel release that a path of a kernel or initrd carries by one of the names above, in any
 * directory, or none: returns false if it tells nothing. */
bool places_release(const char *path, char ret[static PLACES_RELEASE_MAX]);

/* Whether two releases can be of the same kernel. A name may say less than the whole ("6.1") or
 * carry something behind it ("6.1.0-25-amd64.old"); what differs otherwise does not match. */
bool places_releases_match(const char *a, const char *b) _pure_;
