/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notes that the kernel makes of kexec calls, as kdump-watch hands them over: asked for without
 * waiting, and then read from memory. Nothing here takes a privilege, and nothing wakes up that no
 * call has woken. Where no notes are made, kdumpd-notes@.service is asked for the mark of the image
 * that is loaded. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/time-util.h"
#include "daemon/manager.h"

/* What has not answered by then is asked again, and again at growing distances. */
#define KEXEC_WATCH_SOON_USEC   (30 * USEC_PER_SEC)
#define KEXEC_WATCH_RARELY_USEC (1 * USEC_PER_HOUR)

/* A mark is read again after that, and after this if somebody asks. */
#define KEXEC_MARK_RARELY_USEC (5 * USEC_PER_MINUTE)
#define KEXEC_MARK_SOON_USEC   (5 * USEC_PER_SEC)

/* Some reads of memory; the first looks for a symbol in a text of 10 MiB, too. */
#define KEXEC_MARK_PATIENCE_USEC (20 * USEC_PER_SEC)

typedef struct KexecWatch KexecWatch;

typedef struct KexecWatchSetup {
        Manager *manager;
        const char *root; /* the directory that kdump-watch's socket is below; "" for "/" */
        /* Who reads marks: the socket of the service, or NULL: */
        const char *mark_service;
        const char *mark_program; /* kdump-mkinitramfs */
        uint64_t mark_patience_usec;
} KexecWatchSetup;

/* Tells the manager whether calls are noted, each note, and marks. What setup points to must stay
 * valid. Returns 0 or -ENOMEM. */
int kexec_watch_new(sd_event *event, const KexecWatchSetup *setup, KexecWatch **ret) _must_check_;
KexecWatch *kexec_watch_free(KexecWatch *w);
DEFINE_CLEANUP(KexecWatch *, kexec_watch_free);

/* To be called after INPUT_START, as the record that it has brought says which calls are known, and
 * now and then: asks if that is due, and reads what has come. now_usec is CLOCK_MONOTONIC. */
void kexec_watch_look(KexecWatch *w, uint64_t now_usec);

/* Tells the notes that are there now, as before the end of a job is told. */
void kexec_watch_read(KexecWatch *w);

/* Has the mark read if it is wanted, and was not for a while. is_asked: somebody wants to know what
 * is loaded. */
void kexec_watch_mark(KexecWatch *w, uint64_t now_usec, bool is_asked);

/* How many notes there are; 0 if none are made. */
uint64_t kexec_watch_count(const KexecWatch *w);
