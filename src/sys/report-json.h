/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A load report as JSON: what kdump-load --json prints, and the record of the loaded image in /run.
 * The daemon's and the loader's only user of json-c. */
#pragma once

#include "core/paths.h"
#include "core/report.h"

#define REPORT_JSON_LONGEST (64u * 1024u)

/* Formats a report as one JSON object on one line, newline included. Returns 0 with a fresh
 * string, or -ENOMEM. */
int report_to_json(const LoadReport *report, char **ret) _must_check_;

/* Reads such an object of size bytes. Keys it does not know are ignored, missing ones leave
 * zero. Returns 0; -EBADMSG (no JSON object, wrong types, strings over
 * LOAD_REPORT_LONGEST_STRING), -ENOMEM. */
int report_from_json(const char *text, size_t size, LoadReport *ret) _must_check_;

/* Where kdump-load keeps what is loaded: the boot ID and the report of the load. */
#define IMAGE_RECORD_PATH LOAD_DIRECTORY "/image.json"

/* Both as above; the record is one JSON object with the report inside. */
int image_record_to_json(const ImageRecord *record, char **ret) _must_check_;
int image_record_from_json(const char *text, size_t size, ImageRecord *ret) _must_check_;

/* Reads the record that kdump-load has left, of whatever boot, below root_fd. Returns 0 or negative
 * errno. */
int image_record_read(int root_fd, ImageRecord *ret) _must_check_;

/* Replaces a record at that path. Returns 0 or negative errno. */
int image_record_write(int root_fd, const char *path, const ImageRecord *record) _must_check_;
