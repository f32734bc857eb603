/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of kdumpctl. Each prints its answer on stdout and what went wrong on stderr, and
 * returns the exit status. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXIT_USAGE           2 /* as LSB has it for arguments that make no sense */
#define EXIT_NOT_OPERATIONAL 3 /* as LSB has it for "not running" */

#define DECISIONS_DEFAULT 20

/* The options, as the command line gave them. */
typedef struct Options {
        bool json;
        bool crash, yes;      /* of test */
        bool write;           /* of import and reserve */
        const char *textfile; /* of metrics; NULL if there is none */
        bool remove;          /* of reserve */
        bool dry_run;         /* of setup, as the next one */
        bool panic_on_oops;
        bool no_pager;        /* of no effect */
        const char *count;    /* of events; NULL if there is none */
        uint32_t decisions;   /* what that says; UINT32_MAX: all */
        const char *root;     /* "" or the directory that files are taken below */
        const char *argument; /* behind the verb; NULL if there is none */
} Options;

int verb_status(const Options *options);
int verb_metrics(const Options *options);
int verb_events(const Options *options);
int verb_load(const Options *options);
int verb_unload(const Options *options);
int verb_reload(const Options *options);
int verb_rebuild(const Options *options);
int verb_showmem(const Options *options);
int verb_show_config(const Options *options);

int verb_start(const Options *options);
int verb_stop(const Options *options);
int verb_restart(const Options *options);

int verb_list(const Options *options);
int verb_info(const Options *options);
int verb_log(const Options *options);
int verb_recover(const Options *options);

int verb_setup(const Options *options);

int verb_test(const Options *options);
int verb_estimate(const Options *options);
int verb_reserve(const Options *options);

/* Has the capture initramfs built, by kdumpd or, where nobody answers, by ourselves; on_output gets
 * what that program prints (see Command). Returns the exit status, after saying what failed. */
int rebuild_initramfs(void (*on_output)(void *userdata, int fd, const char *data, size_t size));

int verb_import(const Options *options);

/* kdumpctl test --crash: returns only if there was no panic. */
int crash_on_purpose(const Options *options);
