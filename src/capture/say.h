/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture says, and to whom. */
#pragma once

#include "capture/capture.h"

/* Whom the kernel kills first when memory runs out, of -1000 to 1000: rather the collector, without
 * which there can be a copy, than the capture. */
void capture_oom_score(const char *score);

/* Says a line on the console, "kdump-capture: ..." */
void capture_say(const char *format, ...) _printf_(1, 2);

/* To be called whenever something was achieved: who is silent for too long is taken for dead. */
void capture_progress(Capture *c);

/* Adds to info.message, once for each target: the first reason is the one that counts. */
void capture_blame(Capture *c, const char *format, ...) _printf_(2, 3);

/* Adds to info.message, behind a reason that is there already. */
void capture_add(Capture *c, const char *format, ...) _printf_(2, 3);

/* A path with the root in front, for other programs. Returns a fresh string or NULL. */
char *capture_path(const Capture *c, const char *path);
