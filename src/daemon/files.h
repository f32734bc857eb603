/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at files that are not the kernel's in a process of its own: a file system that hangs
 * holds up that process alone, and not the loop, which systemd's watchdog would end. The loop reads
 * such a file itself only right after this process could. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/time-util.h"

/* So long may it take, and then it is killed. */
#define FILES_PATIENCE_USEC (10 * USEC_PER_SEC)

/* So long is waited for an answer by who has one to give. */
#define FILES_GLANCE_MSEC 250u

#define FILES_FRESH_USEC (100 * USEC_PER_MSEC)

/* So long may pass without a look while nobody asks: each wakes kdumpd up. */
#define FILES_RARELY_USEC (5 * USEC_PER_MINUTE)

typedef struct FilesSeen {
        uint64_t configuration; /* conffile_identity() */
} FilesSeen;

typedef struct FilesSetup {
        const char *root;       /* "" for "/" */
        uint64_t patience_usec; /* FILES_PATIENCE_USEC */
        const char *another;    /* file that is read, too, for tests of one that hangs; or NULL */
        /* What there was to be seen; everything could be read to its end. NULL: that took too
         * long. */
        void (*seen)(void *userdata, const FilesSeen *seen);
        void *userdata;
} FilesSetup;

typedef struct Files Files;

/* What setup points to must stay valid. Returns 0 or -ENOMEM. */
int files_new(sd_event *event, const FilesSetup *setup, Files **ret) _must_check_;
Files *files_free(Files *files);

/* Looks, unless that is under way. One that was given up and cannot be killed is told of again. */
void files_look(Files *files);

/* The same, but only if is_due or the last look ended FILES_RARELY_USEC ago. */
void files_watch(Files *files, bool is_due);

/* Looks, and waits for what there is to be seen, for FILES_GLANCE_MSEC at most, and not twice
 * for the same. Anybody can bring it about, by a question on the bus: within FILES_FRESH_USEC of
 * the last look there is no other. */
void files_glance(Files *files);
