/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that kdumpctl runs and waits for. None of them keeps it waiting in silence. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "core/failure.h"

typedef struct Command {
        const char *const
                *argv;    /* ended by NULL; a program without a slash is looked for in PATH */
        int directory_fd; /* it runs in there; -EBADF: where kdumpctl does */
        /* Its standard input: fills size bytes at buf. Returns how many, 0 at the end, or negative
         * errno, which ends the child. NULL: it has that of kdumpctl. */
        ssize_t (*feed)(void *userdata, char *buf, size_t size);
        /* Something that it wrote to fd, STDOUT_FILENO or STDERR_FILENO. */
        void (*on_output)(void *userdata, int fd, const char *data, size_t size);
        void *userdata;
        uint64_t silence_usec; /* it is ended if it neither writes nor reads for so long */
        uint64_t most;         /* it is ended if it writes more bytes than that */
} Command;

/* Runs it to its end. Returns 0 with its exit status; -ETIME (it was silent), -EFBIG (it wrote too
 * much), -ECHILD (a signal ended it), what feed() said, or why it cannot be run. */
int command_run(const Command *command, int *ret_status, Error *reterr) _must_check_;

/* The most words that command_enter() puts in front. */
#define COMMAND_ENTER_MOST 2u

/* Fills in the first words of argv so that program, a path below root, runs there: with
 * chroot(1) if root runs this, and else as the file that it is. root is "" for that of the
 * machine. *ret_below is for the caller to free. Returns how many words there are, or 0 for lack
 * of memory. */
size_t command_enter(const char *root, const char *program, const char **argv, char **ret_below);

/* Bytes that a program writes that is passed on; far more than any that is sane. */
#define COMMAND_PASSED_MOST (UINT64_C(16) << 20)

/* For on_output: writes it to the same descriptor of kdumpctl, or to standard error. */
void command_pass_on(void *userdata, int fd, const char *data, size_t size);
void command_pass_to_stderr(void *userdata, int fd, const char *data, size_t size);

/* The time span in an environment variable, where there is one from 1 s on; else usec. */
uint64_t command_patience_usec(const char *variable, uint64_t usec);

/* For on_output: keeps the beginning of what it wrote, to whichever descriptor, in a CommandText
 * that is all zeros before. */
#define COMMAND_TEXT_MAX 256u
typedef struct CommandText {
        char text[COMMAND_TEXT_MAX]; /* ends with a NUL */
        size_t n;
} CommandText;
void command_keep_text(void *userdata, int fd, const char *data, size_t size);

/* Runs a program that has nothing to say but why it failed. Returns 0 if it exited with 0; -EIO if
 * not, with the first line that it wrote in reterr; or as command_run(). */
int command_run_quietly(const char *const *argv, uint64_t silence_usec, Error *reterr) _must_check_;
