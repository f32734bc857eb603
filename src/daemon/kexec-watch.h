/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notes that the kernel makes of kexec calls, as kdump-watch hands them over: asked for without
 * waiting, and then read from memory. Nothing here takes a privilege, and nothing wakes up that no
 * call has woken. */
#pragma once

#include <stdint.h>

#include <systemd/sd-event.h>

#include "base/time-util.h"
#include "daemon/manager.h"

/* What has not answered by then is asked again, and again at growing distances. */
#define KEXEC_WATCH_SOON_USEC   (30 * USEC_PER_SEC)
#define KEXEC_WATCH_RARELY_USEC (1 * USEC_PER_HOUR)

typedef struct KexecWatch KexecWatch;

/* Tells manager whether calls are noted, and each note. The socket is below the
 * directory root ("" for "/"). Returns 0 or -ENOMEM. */
int kexec_watch_new(sd_event *event, Manager *manager, const char *root,
                    KexecWatch **ret) _must_check_;
KexecWatch *kexec_watch_free(KexecWatch *w);
DEFINE_CLEANUP(KexecWatch *, kexec_watch_free);

/* To be called after INPUT_START, as the record that it has brought says which calls are known, and
 * now and then: asks if that is due, and reads what has come. now_usec is CLOCK_MONOTONIC. */
void kexec_watch_look(KexecWatch *w, uint64_t now_usec);

/* Tells the notes that are there now, as before the end of a job is told. */
void kexec_watch_read(KexecWatch *w);

/* How many notes there are; 0 if none are made. */
uint64_t kexec_watch_count(const KexecWatch *w);
