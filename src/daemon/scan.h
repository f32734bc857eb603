/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for dumps in a process of its own: a file system that hangs, as one of a server that is
 * gone, holds up that process alone. It tells what it finds line by line, in JSON. */
#pragma once

#include <systemd/sd-event.h>

#include "base/time-util.h"
#include "daemon/aftermath.h"

/* The option by which kdumpd is that process. */
#define SCAN_OPTION "--look-for-dumps"

/* So long may it take, and then it is killed. */
#define SCAN_PATIENCE_USEC (60 * USEC_PER_SEC)

/* Looks come that often while a place cannot be read, and so rarely at last; what was there before
 * kdumpd ran, and that is what a crash leaves, is seen by the first. */
#define SCAN_SOON_USEC   (20 * USEC_PER_SEC)
#define SCAN_RARELY_USEC (10 * USEC_PER_MINUTE)

typedef struct Scan Scan;

typedef struct ScanSetup {
        const char *program;    /* kdumpd */
        const char *root;       /* the --root= that it gets, or NULL */
        uint64_t patience_usec; /* SCAN_PATIENCE_USEC */
        /* There is a dump in a directory that was not told of; the log was. */
        void (*found)(void *userdata, const char *directory);
        /* The newest dump, or without a time none. */
        void (*newest)(void *userdata, const LastCrash *newest);
        /* The note of the crash test has changed. */
        void (*judged)(void *userdata);
        void *userdata;
} ScanSetup;

/* What setup points to must stay valid. Returns 0 or -ENOMEM. */
int scan_new(sd_event *event, const ScanSetup *setup, Scan **ret) _must_check_;
Scan *scan_free(Scan *scan);

/* Looks if the last look was long enough ago, or in any case if it is_urgent; not while one is
 * under way. now_usec is CLOCK_MONOTONIC. */
void scan_look(Scan *scan, uint64_t now_usec, bool is_urgent);

/* What the child does: looks below the directory root ("" for "/"), and prints. Returns the exit
 * status. */
int scan_main(const char *root) _must_check_;
