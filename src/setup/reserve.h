/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where this system keeps crashkernel=, and how another one gets there. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/failure.h"
#include "setup/boot-loader.h"

#define HELPER_OUTPUT_MAX 4096u
#define HELPER_SAID_MAX   2048u

/* What a program of the system has said. */
typedef struct HelperResult {
        int status;                     /* its exit status */
        char output[HELPER_OUTPUT_MAX]; /* on standard output, cut off */
        char said[HELPER_SAID_MAX];     /* the last lines on standard error */
} HelperResult;

/* Runs programs of the system: kdumpctl by ctl/command.h, and tests by what is made up. */
typedef struct Helper {
        /* Runs argv, ended by NULL, to its end; its first word is a path below the root. Returns 0,
         * or negative errno with reterr if there is no exit status. */
        int (*run)(void *userdata, const char *const *argv, HelperResult *ret, Error *reterr);
        void *userdata;
} Helper;

typedef struct ReservePlan {
        const BootLoader *loader;
        char *value;     /* for crashkernel=, "192M"; NULL: what we have written is to go */
        char *new_word;  /* "crashkernel=192M"; the same */
        char *old_words; /* crashkernel= of the running kernel; of several, all; "": none */
        char *own_word;  /* what is written by us at present; "": nothing */
        char *back_word; /* what holds without ours, as far as the files tell; "": nothing */
        char *place;     /* where the command line is kept, a clause: "/etc/default/grub.d/..." */
        bool is_done;    /* own_word is new_word already (or nothing is to go): nothing to write */
        bool is_writable;
        char *obstacle; /* why it is not writable, a sentence; NULL if it is, or by_hand only */
        char *commands; /* that do it, one on each line, where it is not writable; else NULL */
} ReservePlan;

void reserve_plan_done(ReservePlan *plan);

/* Whether value can stand behind crashkernel= on this machine: as the kernel reads it, and no more
 * than half of the memory, of which memory_bytes are left to the running system and reserved_bytes
 * are reserved (0 for both: not known). Returns 0; -EINVAL or -ERANGE. Pure. */
int reserve_check_value(const char *value, uint64_t memory_bytes, uint64_t reserved_bytes,
                        Error *reterr) _must_check_;

/* Finds out how to put crashkernel=value on the kernel command line of the system below root_fd; or
 * with NULL, to take away what reserve_write() has put there. Changes nothing. Returns 0 with what
 * reserve_plan_done() frees; -EOPNOTSUPP where there is none to change (a container, a capture
 * kernel), or another negative errno. */
int reserve_plan(int root_fd, const char *value, const Helper *helper, ReservePlan *ret,
                 Error *reterr) _must_check_;

typedef struct ReserveResult {
        char *word; /* what the next boot gets, as read back; "": nothing */
        char *note; /* what else there is to know, a sentence; NULL */
} ReserveResult;

void reserve_result_done(ReserveResult *result);

/* Carries a plan out that is_writable, and notes what was asked for (sys/asked-json.h). It takes as
 * long as the system's programs do, up to minutes, and should not be interrupted. Returns 0;
 * -EOPNOTSUPP if the plan is not writable, -ENOSPC, -EROFS, -EACCES, -EPROTO (a program failed, or
 * did not do what it should), or another negative errno; then all is as it was before. */
int reserve_write(int root_fd, const ReservePlan *plan, const Helper *helper, ReserveResult *ret,
                  Error *reterr) _must_check_;
