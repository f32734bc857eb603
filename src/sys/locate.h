/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where distributions keep the kernel and its kdump initrd: the search for both, in one table
 * each, and what their names say about the kernel release. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"
#include "core/report.h"

/* Finds the image of the kernel release for an architecture (uname's machine) below root_fd: in the
 * places of distributions, then where BOOT_IMAGE= of the running kernel's command line says, then
 * among unified kernel images. In the last two it can have any name, and has to say its release
 * itself. Returns 0 with its path, absolute and below root_fd; 1 with it if a place before that may
 * not be looked at by this user, so that root may find another one: which directory or file that
 * is, is in *ret_tried; -EACCES with the same if nothing was found; -ENOENT with all that was
 * tried, separated by ", ", in *ret_tried; -ENOMEM. Which regular file the path leads to is not
 * looked at yet. */
int locate_kernel(int root_fd, const char *release, const char *architecture, char **ret,
                  char **ret_tried) _must_check_;

/* The same for the kdump initrd that belongs to the kernel release. An ordinary initrd is never
 * taken: it would boot the system a second time, inside the reservation. Nor is one that
 * locate_initrd_captures() refuses; in *ret_tried stands why. */
int locate_initrd(int root_fd, const char *release, char **ret, char **ret_tried) _must_check_;

/* The places, in order, for the manual's sake: calls with i = 0, 1, ... until they return NULL.
 * In a place %r stands for the kernel release and %t for an entry token (of
 * /etc/kernel/entry-token, then the machine ID). *ret_architectures is NULL for all. */
const char *locate_kernel_place(size_t i, const char **ret_architectures);

/* Directories of unified kernel images, in the same way. */
const char *locate_unified_directory(size_t i);

/* *ret_words: see locate_initrd_words(). */
const char *locate_initrd_place(size_t i, const char **ret_words);

/* The words for the command line of an initrd at this path, which its maker's own tool passes to it
 * and without which it does not capture: "" if there are none. */
const char *locate_initrd_words(const char *path) _pure_;

/* What an initrd at this path below root_fd does. Links are followed where the path itself tells
 * nothing. */
InitrdKind locate_initrd_kind(int root_fd, const char *path);

/* Whether an initrd at this path, whoever chose it, would save a dump as far as can be known: false
 * with a clause in reterr if the unit that does so with initrds in this place is not installed in
 * the system below root_fd, or is turned off there. */
bool locate_initrd_captures(int root_fd, const char *path, Error *reterr);

/* Whether an initrd at this path is one that kdump-mkinitramfs keeps. */
bool locate_initrd_is_own(const char *path) _pure_;

/* Whether an initrd at this path is one of those (dracut's, ours) that bring the devices and mounts
 * of their own; an ordinary one turned to this use (initramfs-tools') needs root= and the like.
 * Judged by the places above. */
bool locate_initrd_knows_root(const char *path) _pure_;

#define LOCATE_RELEASE_MAX 128u

/* The kernel release that a path of a kernel or initrd carries by one of the names above, in any
 * directory, or none: returns false if it tells nothing. */
bool locate_release_of_path(const char *path, char ret[static LOCATE_RELEASE_MAX]);

/* Whether two releases can be of the same kernel. A name may say less than the whole ("6.1") or
 * carry something behind it ("6.1.0-25-amd64.old"); what differs otherwise does not match. */
bool locate_releases_match(const char *a, const char *b) _pure_;
