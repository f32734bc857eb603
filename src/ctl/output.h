/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl prints for people. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/crash-test.h"
#include "core/dump-level.h"
#include "core/settings.h"
#include "ctl/client.h"
#include "setup/checks.h"
#include "sys/needs.h"

/* The two lines that scripts written for other kdump services look for; the first of the output. */
#define LINE_OPERATIONAL "Kdump is operational"
/* What follows it if the image is known to be stale and cannot be loaded again. */
#define LINE_STALE           ", but the image is stale and cannot be reloaded"
#define LINE_NOT_OPERATIONAL "Kdump is not operational"

/* Whether to write colours to the open file fd: SYSTEMD_COLORS= decides if it is set, then
 * NO_COLOR=, then whether fd is a terminal that is not dumb. */
bool want_colour(int fd);

/* The one of the two lines above that holds. */
void print_verdict(FILE *f, bool operational, bool colour);

/* The status in a few lines; now_usec is microseconds since the epoch, for "12 s ago". */
void print_status(FILE *f, const Status *status, uint64_t now_usec, bool colour);

/* What the status goes on with if files have changed since the image was loaded. */
void print_changed_files(FILE *f, const Status *status, bool colour);

/* Only its first lines, where there is no kdumpd that could have told more. */
void print_status_head(FILE *f, const Status *status, uint64_t now_usec, bool colour);

/* The decisions as a table, or a line that says that there are none. Times are local. */
void print_decisions(FILE *f, const DaemonDecisions *decisions, bool colour);

/* The configuration as a file that would give it. origins[i] is the file that set the i-th key,
 * NULL for none; n_origins is how many keys it covers. */
void print_settings(FILE *f, const Settings *settings, const char *const *origins,
                    size_t n_origins);

/* "Reserved 256MB memory for crash kernel", as other kdump services print it. */
void print_reservation(FILE *f, uint64_t bytes);

/* Lines below those of kdump-load --dry-run: whether the reservation suffices, what dumps will hold
 * (level: the configured one), and how the last crash test went (NULL: none). */
void print_fit(FILE *f, const Needs *needs, bool colour);
void print_dump_contents(FILE *f, const LevelCheck *check, uint64_t level, uint64_t unknown_level,
                         const MemoryUse *use, bool is_root, bool colour);
void print_crash_test(FILE *f, const CrashTest *test, bool same_image);

/* What only a crash test tries, and the last one did not. */
void print_target_untried(FILE *f);

/* Whether makedumpfile takes the options of CoreCollector=, and if not, what it says; refusal is
 * NULL if it does. */
void print_collector(FILE *f, const char *core_collector, const char *refusal, bool colour);

/* An option of it with which there would be no dump. */
void print_collector_use(FILE *f, const char *option, bool colour);
void print_crash_test_unseen(FILE *f);

/* The first line is what to put on the command line of the kernel. */
void print_estimate(FILE *f, const Needs *needs);

/* A row of "kdumpctl setup". */
void print_check(FILE *f, const Check *check, bool colour);
