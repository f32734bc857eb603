/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and opening the kernel and the kdump initrd that the configuration means. Whoever wants
 * them asks here, so that all programs find the same, and say the same if there is nothing. */
#pragma once

#include <limits.h>

#include "base/file-util.h"
#include "core/kernel-image.h"
#include "core/settings.h"
#include "sys/places.h"

typedef struct LocateRequest {
        int root_fd;
        const Settings *settings;
        const char *architecture; /* uname's machine */
        const char *release;      /* uname's release */
        /* Fail where root may find another file than this user: what is found is not only used, it
         * is told as what root would use. */
        bool must_be_sure;
} LocateRequest;

typedef struct LocatedFile {
        FileIdentity identity; /* path is NULL: there is none, or none was found */
        int fd;
        uint64_t size;           /* of what fd has */
        bool is_inner;           /* fd has the kernel in that file, in another form */
        bool is_denied;          /* it cannot be read by this user, but identity is known */
        char *closed;            /* what this user may not look at, in front of it; may be NULL */
        char resolved[PATH_MAX]; /* where the path led to below the root, "" if that is unknown */
        char release[PLACES_RELEASE_MAX]; /* of the kernel, "" if it does not tell */
} LocatedFile;

#define LOCATED_FILE_INIT    \
        (LocatedFile) {      \
                .fd = -EBADF \
        }

static inline void located_file_done(LocatedFile *file) {
        closep(&file->fd);
        free(file->identity.path);
        free(file->closed);
        *file = LOCATED_FILE_INIT;
}

/* Opens the file of Kernel=, for "auto" that which locate_kernel() finds. *file, one that was
 * initialized, is filled in as far as it gets, and whatever is returned, located_file_done() frees
 * it. Returns FAILURE_NONE; or a failure, with what was tried in reterr. */
Failure locate_open_kernel(const LocateRequest *request, LocatedFile *file, Error *reterr);

/* Takes the kernel out of what it may be packed in, replacing the descriptor, and looks at its
 * header. Finds out its release: by its header, else by its name. Returns as the one above. */
Failure locate_read_kernel(const LocateRequest *request, LocatedFile *kernel, KernelImage *ret,
                           Error *reterr);

/* Opens the file of Initrd= for a kernel of this release; with "none" there is no path, and no
 * descriptor. Returns as the ones above. */
Failure locate_open_initrd(const LocateRequest *request, const char *release, LocatedFile *file,
                           Error *reterr);

/* The release of the kernel of Kernel=, which is not taken out of anything for it. Returns as the
 * ones above; a kernel that does not tell is a failure here. */
Failure locate_kernel_release(const LocateRequest *request, char ret[static PLACES_RELEASE_MAX],
                              Error *reterr);

/* The release that a file's names carry; what a link leads to is surer than what it is called.
 * Returns false if they tell nothing. */
bool located_file_named(const LocatedFile *file, char ret[static PLACES_RELEASE_MAX]);

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
 * places_initrd_captures() refuses; in *ret_tried stands why. */
int locate_initrd(int root_fd, const char *release, char **ret, char **ret_tried) _must_check_;
