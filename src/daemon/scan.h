/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for dumps in a process of its own, kdumpd-scan@.service or a child: a file system that
 * hangs, as one of a server that is gone, holds up that process alone; and dumps are nothing that
 * kdumpd may read. It tells what it finds line by line, in JSON. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "base/time-util.h"
#include "daemon/aftermath.h"

/* The options by which kdumpd is that process: once, for an urgent look, or as a service. */
#define SCAN_OPTION        "--look-for-dumps"
#define SCAN_URGENT_OPTION "--urgent"
#define SCAN_SERVE_OPTION  "--serve-scan"

/* Where that process makes a directory for systemd to start something: for each new dump one with
 * the name of an instance of kdumpd-crash@.service, and one for dumps on devices. */
#define SCAN_CRASH_DIRECTORY   "/run/kdumpd-new"
#define SCAN_RECOVER_DIRECTORY "/run/kdumpd-recover"

/* So long may it take, and then it is killed. */
#define SCAN_PATIENCE_USEC (60 * USEC_PER_SEC)

/* Looks come that often while a place cannot be read, and so rarely at last; what was there before
 * kdumpd ran, and that is what a crash leaves, is seen by the first. */
#define SCAN_SOON_USEC   (20 * USEC_PER_SEC)
#define SCAN_RARELY_USEC (10 * USEC_PER_MINUTE)

typedef struct Scan Scan;

typedef struct ScanSetup {
        const char *service;    /* the socket of who looks, or NULL: */
        const char *program;    /* kdumpd */
        const char *root;       /* the --root= that it gets, or NULL */
        uint64_t patience_usec; /* SCAN_PATIENCE_USEC */
        /* The newest dump, or without a time none. */
        void (*newest)(void *userdata, const LastCrash *newest);
        /* The last crash test, as it stands now; *test may be taken over, and emptied. */
        void (*tested)(void *userdata, CrashTest *test);
        /* The reservation that was asked for, or without a value none; it may be taken over,
         * too. */
        void (*asked)(void *userdata, Asked *asked);
        void *userdata;
} ScanSetup;

/* What setup points to must stay valid. Returns 0 or -ENOMEM. */
int scan_new(sd_event *event, const ScanSetup *setup, Scan **ret) _must_check_;
Scan *scan_free(Scan *scan);
DEFINE_CLEANUP(Scan *, scan_free);

/* Looks if the last look was long enough ago, or in any case if it is_urgent, as something may be
 * another now: then devices are looked at, too. Not while one is under way. now_usec is
 * CLOCK_MONOTONIC. */
void scan_look(Scan *scan, uint64_t now_usec, bool is_urgent);

/* What the other process does: looks below the directory root ("" for "/"), and prints; or serves
 * the connection that systemd has passed. Return the exit status. */
int scan_main(const char *root, bool is_urgent) _must_check_;
int scan_serve(void) _must_check_;
