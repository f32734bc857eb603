/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running the core collector. */
#pragma once

#include "capture/capture.h"
#include "core/dump-level.h"

/* A program that says nothing and writes nothing for so long does not work any more. */
#define COLLECTOR_SILENCE_USEC (UINT64_C(240) * 1000000)

/* What the collector is to be called with: the words of the configuration, and how to know an
 * unknown kernel. Used by dump_write() and for raw targets. */
typedef struct Collector {
        Capture *capture;
        char **words;     /* of the configuration */
        uint64_t level;   /* the level of -d, UINT64_MAX if there is none */
        LevelCheck check; /* what is known of the level beforehand */
        uint64_t first;   /* the level to begin with, UINT64_MAX to leave it */
        uint64_t lower;   /* and for a kernel that it does not know, by what it says */
        uint64_t size;    /* of the file at the last look, bytes */
        const char *file; /* that grows, in the directory; NULL: none */
        bool is_full;     /* it says that there is no space left */
        bool is_plain;    /* the last run was that of collector_run_plain() */
} Collector;

/* Returns 0, or negative errno with the reason told. */
int collector_init(Collector *k, Capture *c) _must_check_;
void collector_done(Collector *k);

/* Runs it with more words behind; if nothing was known beforehand, and it says that it does not
 * know the kernel, once more with the lower level; on_data and userdata as in Child; again is
 * called in between (may be NULL). Returns 0 if it exited with 0, else negative errno with the
 * reason told. */
int collector_run(Collector *k, const char *const *more, size_t n_more,
                  int (*on_data)(void *userdata, const char *data, size_t size),
                  int (*again)(void *userdata), void *userdata) _must_check_;

/* Whether it is makedumpfile, which collector_run_plain() and collector_size() need. */
bool collector_is_makedumpfile(const Collector *k) _pure_;

/* Runs makedumpfile once more after it has failed, with as little to understand of the kernel as
 * can be: nothing is left out, and none of the configured options is there. Parameters as above.
 * Returns 0 if it worked, and info.message tells; or negative errno. */
int collector_run_plain(Collector *k, const char *const *more, size_t n_more,
                        int (*on_data)(void *userdata, const char *data, size_t size),
                        void *userdata) _must_check_;

/* How large the file would be that the last run has tried to write, bytes, by a run that writes
 * none. Returns 0; or negative errno if that cannot be found out, which is said, and nobody is
 * blamed. */
int collector_size(Collector *k, const char *from, const char *to, uint64_t *ret) _must_check_;
