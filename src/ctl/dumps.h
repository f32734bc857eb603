/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dumps that the configuration leads to, and which of them somebody means. */
#pragma once

#include <sys/types.h>

#include "sys/dump-store.h"
#include "sys/dump-target.h"
#include "sys/raw-store.h"

/* Where dumps were looked for. */
typedef struct FoundTarget {
        int fd;       /* of the directory or device, -EBADF if it could not be opened */
        char *path;   /* NULL if it is nowhere now */
        bool is_raw;  /* a device that a dump was written over */
        dev_t device; /* of the directory, or which device it is; 0 if nothing is there */
        ino_t inode;  /* of the directory, or of what stands for the device if that is a file */
        RawDump raw;  /* of such a one */
        char *clause; /* why nothing was read; NULL if it was */
        int error;    /* 0, or the negative errno behind that */
} FoundTarget;

typedef struct FoundDump {
        Dump dump;
        const FoundTarget *target;
        int error; /* 0, or why it could not be described: -EACCES to all but root */
} FoundDump;

typedef struct Dumps {
        FoundTarget targets[2 * _DUMP_TARGET_MAX];
        size_t n_targets;
        FoundDump *items; /* oldest first */
        size_t n;
        bool more; /* than are looked at */
} Dumps;

/* Reads all of them below the directory root ("" for "/"), by the configuration there. Returns 0
 * with what dumps_done() frees, or negative errno if there is no memory or no such root. What is
 * wrong with a target is in it. */
int dumps_read(const char *root, const Settings *settings, Dumps *ret) _must_check_;
void dumps_done(Dumps *dumps);

/* Opens the log of a dump. Returns a descriptor; -ENOENT if there is none, -EFBIG for one that
 * cannot be, or another negative errno. */
int dumps_open_log(const FoundDump *found) _must_check_;

/* The one that name means: the newest if it is NULL; the whole name of a directory, or the
 * beginning of exactly one; a number of up to four digits, 1 being the newest. Returns its index;
 * -ENOENT, or -ENOTUNIQ. */
int dumps_find(const Dumps *dumps, const char *name) _must_check_;
