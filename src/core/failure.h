/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why something failed: in words for people, and of a load as a domain outcome, too, since errno
 * alone cannot say what to do about it. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/string-util.h"

/* Bytes of a text; a list of all the places where something was looked for fits. */
#define ERROR_TEXT_MAX 4096u

/* Why something failed, the same from whichever program says it: lower case, no full stop, "what
 * failed: why: what to do". It is filled in by who finds the fault, and passed on as it is; who
 * knows more about it than that puts a clause around it. */
typedef struct Error {
        char text[ERROR_TEXT_MAX];
} Error;

/* Writes the text, which may have that of the same error among its arguments. What is too long is
 * cut, and what is no text for a line becomes "?". Returns result, a negative errno or a Failure,
 * for the caller to return. */
int error_set(Error *reterr, int result, const char *format, ...) _printf_(3, 4);
int error_setv(Error *reterr, int result, const char *format, va_list ap) _printf_(3, 0);

/* The same for lack of memory: returns -ENOMEM. */
int error_set_memory(Error *reterr);

typedef enum Failure {
        FAILURE_NONE,
        /* The machine cannot take a crash kernel image as it is; trying again is no use before
         * somebody changes that. */
        FAILURE_NO_KEXEC,       /* the kernel has no kexec */
        FAILURE_NO_RESERVATION, /* crashkernel= is missing or gave nothing */
        FAILURE_DISABLED,       /* kernel.kexec_load_disabled=1 */
        FAILURE_LIMIT,          /* kernel.kexec_load_limit_panic is spent */
        FAILURE_LOCKDOWN,       /* lockdown, and the kernel does not accept the image */
        FAILURE_XEN,            /* dom0 of Xen, whose hypervisor owns kexec */
        FAILURE_CAPTURE_KERNEL, /* this is the kernel that writes the dump */
        FAILURE_NOT_PERMITTED,  /* EPERM for another reason: no CAP_SYS_BOOT, a security module */
        /* Something is wrong with what is to be loaded. */
        FAILURE_CONFIGURATION, /* a setting that cannot be followed */
        FAILURE_NO_KERNEL,
        FAILURE_NO_INITRD,
        FAILURE_BAD_KERNEL,   /* not a kernel image that can be loaded */
        FAILURE_MISMATCH,     /* kernel and initrd of different releases */
        FAILURE_COMMAND_LINE, /* too long, or not to be read */
        FAILURE_TOO_SMALL,    /* the reservation does not hold the image */
        FAILURE_SIGNATURE,    /* the kernel rejected the image's signature */
        /* The attempt itself went wrong. */
        FAILURE_BUSY,     /* the kernel's kexec lock stayed taken */
        FAILURE_SYSTEM,   /* any other error of a system call */
        FAILURE_TIMEOUT,  /* kdump-load did not end in time and was killed */
        FAILURE_CRASHED,  /* kdump-load ended by a signal, or without a readable report */
        FAILURE_VANISHED, /* the kernel took the image, and then says that none is loaded */
        _FAILURE_MAX,
} Failure;

/* Names as they stand in reports and, after "org.kdumpd1.Error.", on D-Bus: "NoReservation". */
DECLARE_NAME_TABLE(failure, Failure);

/* True if the machine is `unavailable` rather than `failed` after it: nothing that kdumpd could do
 * by trying again would help. */
bool failure_is_unavailable(Failure failure) _const_;
