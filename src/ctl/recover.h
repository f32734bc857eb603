/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dump that was written over a device, taken into files. */
#pragma once

#include "core/settings.h"

/* A dump may take days. One step of it, however much has to be written out for it, does not take as
 * long as this: then something hangs. */
#define RECOVER_PATIENCE_SEC (6u * 60 * 60)

typedef enum RecoverNote {
        RECOVER_WHOLE,
        RECOVER_FLAT, /* makedumpfile could not be had: the dump is as it sends it, vmcore.flat */
        RECOVER_PARTIAL, /* a copy that lacks memory, vmcore.incomplete */
        RECOVER_NO_DUMP, /* the capture left no dump, but the rest is there */
} RecoverNote;

/* Takes log, description and dump of the device path into a fresh directory below Path=, as
 * kdump-capture names and fills it; all of it is durable before it gets that name, and only then
 * does the device say that it was recovered. Older dumps there go by Keep= and MinFree=, which
 * say() tells of in sentences without a full stop; it may be NULL. Where no step forward is made
 * for patience_sec (0: no limit), SIGALRM comes, for the caller to end the process. Returns 0 with
 * the path of the directory; -ENODATA (no dump on the device), -EALREADY (recovered before), -EBUSY
 * (somebody else is at it), -EAGAIN (Path= is not mounted yet), or another negative errno, each
 * with a clause. After -EROFS *ret is set, too: all is there, but the device could not be told. */
int recover_dump(int root_fd, const Settings *settings, const char *device,
                 void (*say)(const char *text), unsigned patience_sec, char **ret,
                 RecoverNote *ret_note, Error *reterr) _must_check_;
