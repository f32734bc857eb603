/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of the loaded image in /run, by which a restarted daemon knows its own image again. */
#pragma once

#include "core/report.h"
#include "sys/report-json.h"

#define RECORD_PATH DAEMON_DIRECTORY "/image.json"

/* Reads the record below root_fd, and what the loader has left of a load whose end nobody has
 * seen. Returns 1; 0 if there is none of this boot; negative errno, which is logged. */
int record_read(int root_fd, ImageRecord *ret) _must_check_;

/* Replaces it, with the boot ID filled in. Returns 0; or negative errno, which is logged, and then
 * no record is left: none leads to a reload, an old one to a wrong answer. */
int record_write(int root_fd, const ImageRecord *record);

/* Removes it. Returns 0, also if there is none, or negative errno, which is logged. */
int record_remove(int root_fd);
