/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File systems that kernels, initrds and dumps lie on, and that may come late: told when one of
 * them is mounted. Nothing here touches a file on them, as that could hang. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "core/settings.h"

typedef struct MountWatch MountWatch;

typedef struct MountWatchSetup {
        int root_fd; /* /proc/self/mountinfo and /etc/fstab are below it; to stay open */
        /* To be polled for what is mounted, or unmounted: mountinfo, opened anew. Taken over.
         * Negative: there is none, and nobody but mount_watch_look() looks. */
        int fd;
        /* Told if something was mounted at or above one of the paths that matter: of what is loaded
         * (else only of dumps). A burst of mounts is told once. */
        void (*mounted)(void *userdata, bool of_what_is_loaded);
        /* Told when mount_watch_wait() has waited long enough; before mounted(), which then says
         * nothing of what is loaded. */
        void (*awaited)(void *userdata);
        void *userdata;
} MountWatchSetup;

/* An fd that cannot be polled (epoll_ctl(2) says EPERM) is as good as none. Returns 0 or negative
 * errno. */
int mount_watch_new(sd_event *event, const MountWatchSetup *setup, MountWatch **ret) _must_check_;
MountWatch *mount_watch_free(MountWatch *w);
DEFINE_CLEANUP(MountWatch *, mount_watch_free);

/* Takes the paths that these settings name, and remembers where they are now. Returns 0 or
 * -ENOMEM. */
int mount_watch_set(MountWatch *w, const Settings *settings) _must_check_;

/* Looks now. */
void mount_watch_look(MountWatch *w);

/* Whether fstab has something mounted at boot that kernels or initrds may be on, and that is not
 * there yet: then *ret is a fresh copy of its mount point, or NULL for lack of memory. */
bool mount_watch_is_missing(MountWatch *w, char **ret);

/* Waits until nothing is missing, for so long at most, and then tells awaited(), once. Returns
 * false, and tells nothing, if nothing is missing now or there is no memory. */
bool mount_watch_wait(MountWatch *w, uint64_t patience_usec);
