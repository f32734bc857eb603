/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of a dump and the files in it, each durable before the next. */
#pragma once

#include "capture/capture.h"
#include "sys/dump-retain.h"

/* Less free space than this is none. */
#define FULL_BYTES (UINT64_C(1) << 20)

/* Makes the directory of dumps and the directory of this one below the mounted target, whose links
 * never lead out of it, and sets base_fd, dir_fd, name and path. Returns 0 or negative errno. */
int store_open(Capture *c) _must_check_;
void store_close(Capture *c);

/* Writes a new file of size bytes, and makes it and its name durable. Returns 0 or negative errno,
 * after which the file is gone. */
int store_file(Capture *c, const char *name, const char *data, size_t size) _must_check_;

/* The same for kdump.json, from c->info, atomically. */
int store_info(Capture *c) _must_check_;

/* Makes a file that is there durable, and renames it, durably. Returns 0 or negative errno. */
int store_commit(Capture *c, const char *from, const char *to) _must_check_;

/* Removes a file; it may be absent. */
void store_remove(Capture *c, const char *name);

/* The old dumps beside this one, and what the plan says of them. */
Retention store_retention(Capture *c);

/* Removes old dumps, as MinFree= lets it, for something small that did not fit into what is free.
 * Returns whether there is more room. */
bool store_make_room(Capture *c) _must_check_;

/* Removes the description and the directory, in which there is nothing else. */
void store_give_up(Capture *c);
