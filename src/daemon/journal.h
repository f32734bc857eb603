/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions and crashes as journal entries, with fields and message IDs that conf/kdumpd.catalog
 * explains. */
#pragma once

#include "core/crash-test.h"
#include "daemon/decision.h"
#include "daemon/guard.h"
#include "daemon/last-boot.h"
#include "sys/dump-store.h"

/* Logs one line for a decision. What comes of nothing (looking again and finding all well) is for
 * debugging only; so are most of the repetitions of a failure that lasts. */
void journal_decision(const Decision *d);

/* Logs one line that a capture by the image that was loaded takes more than is reserved. */
void journal_too_little(const LoadReport *report);

/* Logs one line for a build of the capture initramfs: why it failed, or what it has built. */
void journal_build(bool failed, const char *text);

/* Logs one line for a dump that was not told of yet. */
void journal_dump(const Dump *dump);

/* And for the end of a crash test. */
void journal_crash_test(const CrashTest *test);

/* And for a boot that had no orderly end; in_all says that all places were looked at, and pstore
 * where the firmware kept something of it, or NULL. */
void journal_unclean_end(const LastBoot *boot, bool in_all, const char *pstore);

/* Logs that a job is killed, and that this did not end it. */
void journal_job_killed(Job job);
void journal_job_stuck(Job job);

/* Logs what is wrong in a configuration file; line is 0 if that is about the whole file. */
void journal_conffile_warning(const char *file, unsigned line, const char *text);
